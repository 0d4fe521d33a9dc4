"""From a server name to a homeserver, over TLS with a certificate of the test's own."""

from __future__ import annotations

import datetime
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.matrix.faults import FaultyHomeserver
from voip.matrix.discovery import discover
from voip.matrix.errors import DiscoveryError, TransientError
from voip.matrix.http import Json


class NamedServer:
    """`https://localhost:port`, which publishes `well_known`, or has none."""

    def __init__(self, certificate: Path) -> None:
        self.well_known: Json | str | None = None
        self.versions: Json | None = {"versions": ["v1.11"]}
        app = web.Application()
        app.router.add_get("/.well-known/matrix/client", self._publish)
        app.router.add_get("/_matrix/client/versions", self._tell)
        self._server = TestServer(app, host="localhost", scheme="https")
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._tls.load_cert_chain(certificate)
        trusting = ssl.create_default_context(cafile=certificate)
        self.client = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting))

    @property
    def name(self) -> str:
        return f"localhost:{self._server.port}"

    async def _publish(self, _: web.Request) -> web.Response:
        if self.well_known is None:
            raise web.HTTPNotFound
        if isinstance(self.well_known, str):
            return web.Response(text=self.well_known)
        return web.json_response(self.well_known)

    async def _tell(self, _: web.Request) -> web.Response:
        if self.versions is None:
            raise web.HTTPNotFound
        return web.json_response(self.versions)

    async def __aenter__(self) -> NamedServer:
        await self._server.start_server(ssl=self._tls)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()
        await self._server.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, form, plain)
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
async def named(certificate: Path) -> AsyncIterator[NamedServer]:
    async with NamedServer(certificate) as server:
        yield server


async def test_a_url_is_taken_as_it_is(client: aiohttp.ClientSession) -> None:
    assert await discover("http://127.0.0.1:8008/", client) == "http://127.0.0.1:8008"


async def test_a_name_leads_to_what_it_publishes(
    named: NamedServer, faulty: FaultyHomeserver
) -> None:
    faulty.on("/versions", {"versions": ["v1.11"]})
    named.well_known = {"m.homeserver": {"base_url": faulty.url + "/"}}
    assert await discover(named.name, named.client) == faulty.url


async def test_a_name_that_publishes_nothing_is_the_homeserver_itself(named: NamedServer) -> None:
    assert await discover(named.name, named.client) == f"https://{named.name}"


@pytest.mark.parametrize(
    "published", [{}, {"m.homeserver": {}}, {"m.homeserver": {"base_url": "ftp://x"}}]
)
async def test_a_file_that_names_no_homeserver(named: NamedServer, published: Json) -> None:
    named.well_known = published
    with pytest.raises(DiscoveryError, match="correct that file"):
        await discover(named.name, named.client)


@pytest.mark.parametrize("versions", [None, {}, {"versions": "all"}])
async def test_what_it_leads_to_must_be_a_homeserver(
    named: NamedServer, versions: Json | None
) -> None:
    named.versions = versions
    with pytest.raises(DiscoveryError, match="no Matrix homeserver"):
        await discover(named.name, named.client)


async def test_a_certificate_that_is_not_trusted_is_no_answer(
    named: NamedServer, client: aiohttp.ClientSession
) -> None:
    with pytest.raises(TransientError, match="Certificate"):
        await discover(named.name, client)
