"""`check --homeserver` against a real Synapse, and against answers that no Synapse gives."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from typer.testing import CliRunner

from tests.conftest import MakeUser
from tests.turn.client.certificates import Authority
from tests.turn.client.relays import HARDENED, Coturn, coturn
from turn.cli import app
from turn.client.tls import client_context
from turn.doctor.account import DEVICE_NAME, WELL_KNOWN, LoginFailed, logged_in
from turn.doctor.causes import Cause
from turn.doctor.homeserver import PATH, Homeserver, ask
from turn.doctor.model import Report, Verdict
from turn.doctor.offer import Offer
from voip.service.demo.processes import free_port
from voip.service.demo.synapse import LIMITS_LIFTED, SynapseProcess
from voip.service.demo.synapse_config import SynapseOptions

SENT = ("Authorization", "Content-Type")


def token_of(synapse: SynapseProcess, make_user: MakeUser) -> str:
    user = make_user()
    body = {"type": "m.login.password", "user": user.localpart, "password": user.password}
    return str(synapse.request("POST", "/_matrix/client/v3/login", body)["access_token"])


def run(*arguments: str, token: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["check", *arguments], env={"MATRIX_ACCESS_TOKEN": token})
    assert token not in done.output
    return done.exit_code, done.output


def test_it_has_no_relay_configured(synapse: SynapseProcess, make_user: MakeUser) -> None:
    token = token_of(synapse, make_user)
    status, output = run("--homeserver", synapse.url, "--json", token=token)
    found = json.loads(output)
    assert status == 1
    assert found["homeserver"]["cause"] == Cause.NO_TURN_CONFIGURED.value
    assert found["relays"] == []


def test_it_does_not_know_the_token(synapse: SynapseProcess) -> None:
    status, output = run("--homeserver", synapse.url, "--json", token="nobody's")
    assert status == 1
    assert json.loads(output)["homeserver"]["cause"] == Cause.HOMESERVER_REFUSED.value


@pytest.mark.parametrize("right", [True, False])
def test_a_user_logs_in_for_the_question_and_out_again(
    synapse: SynapseProcess, make_user: MakeUser, right: bool
) -> None:
    user = make_user()
    arguments = ["check", "--user", user.user_id, "--homeserver", synapse.url, "--json"]
    given = user.password if right else "a wrong one"
    done = CliRunner().invoke(app, arguments, input=f"{given}\n")
    assert given not in done.output
    found = json.loads(done.stdout.splitlines()[-1])["homeserver"]
    assert found["cause"] == (Cause.NO_TURN_CONFIGURED if right else Cause.HOMESERVER_REFUSED).value
    admin = synapse.register(f"admin{user.localpart}{right}".lower(), "of an admin", admin=True)
    devices = f"/_synapse/admin/v2/users/{quote(user.user_id)}/devices"
    there = synapse.request("GET", devices, token=admin)["devices"]
    assert DEVICE_NAME not in [each["display_name"] for each in there]


async def test_the_homeserver_is_found_by_the_name_in_the_user_id(
    tmp_path: Path, synapse: SynapseProcess, make_user: MakeUser
) -> None:
    """A well-known file on one port names a proxy on another; both speak TLS."""
    authority, user = Authority(tmp_path), make_user()
    certificate, key = authority.issue(["127.0.0.1"], 90)
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    served.load_cert_chain(certificate, key)

    async def forward(request: web.Request) -> web.Response:
        headers = {name: request.headers[name] for name in SENT if name in request.headers}
        data = await request.read()
        async with (
            ClientSession() as session,
            session.request(
                request.method, synapse.url + request.path, data=data, headers=headers
            ) as answer,
        ):
            return web.json_response(await answer.json(), status=answer.status)

    async def well_known(_request: web.Request) -> web.Response:
        return web.json_response({"m.homeserver": {"base_url": str(proxy.make_url("/"))}})

    front, back = web.Application(), web.Application()
    front.router.add_get(WELL_KNOWN, well_known)
    back.router.add_route("*", "/{path:.*}", forward)
    tls = client_context(authority.file)
    site, proxy = TestServer(front, scheme="https"), TestServer(back, scheme="https")
    await proxy.start_server(ssl=served)
    await site.start_server(ssl=served)
    try:
        # Synapse knows no user of a server of that name; that it says so shows it was asked.
        name = f"@{user.localpart}:127.0.0.1:{site.port}"
        with pytest.raises(LoginFailed, match="M_"):
            async with logged_in(name, user.password, None, 10, tls):
                pass
        name = user.localpart
        async with logged_in(name, user.password, str(proxy.make_url("")), 10, tls) as found:
            report = Report("homeserver")
            assert await ask(found, report, tls=tls) is None
    finally:
        await site.close()
        await proxy.close()
    assert report.failure is not None
    assert report.failure.cause is Cause.NO_TURN_CONFIGURED


async def test_a_server_that_is_not_there_is_no_wrong_password() -> None:
    with pytest.raises(LoginFailed) as caught:
        async with logged_in(f"@ann:127.0.0.1:{free_port()}", "x", None, 5):
            pass
    assert caught.value.cause is Cause.HOMESERVER_UNREACHABLE


@pytest.mark.parametrize("user", ["ann", "@ann", "@:example.org", "@ann:", "@ann:a/b", "ann:a"])
def test_what_is_no_user_id(user: str) -> None:
    done = CliRunner().invoke(app, ["check", "--user", user], input="x")
    assert done.exit_code == 2
    assert "@ann:example.org" in done.output


def test_it_is_not_there() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    status, output = run("--homeserver", url, "--json", token="any")
    assert status == 1
    assert json.loads(output)["homeserver"]["cause"] == Cause.HOMESERVER_UNREACHABLE.value


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coturn]:
    with coturn(tmp_path_factory.mktemp("relay"), *HARDENED) as relay:
        yield relay


@pytest.fixture(scope="module")
def provider(
    tmp_path_factory: pytest.TempPathFactory, relay: Coturn
) -> Iterator[tuple[SynapseProcess, str]]:
    """A Synapse that gives a good relay, and a URI that is none; and a token of a user there."""
    options = SynapseOptions(
        tmp_path_factory.mktemp("provider"),
        free_port(),
        turn_uris=(relay.udp, relay.tcp, "http://turn.example"),
        turn_shared_secret=relay.secret,
        turn_user_lifetime_ms=900_000,
        extra_config=LIMITS_LIFTED,
    )
    process = SynapseProcess(options)
    process.start()
    try:
        yield process, process.register("ann", "a password of hers")
    finally:
        process.stop()


def test_what_a_real_homeserver_gives(provider: tuple[SynapseProcess, str]) -> None:
    synapse, token = provider
    status, output = run("--homeserver", synapse.url, "--json", token=token)
    found = json.loads(output)
    assert [each["ok"] for each in found["relays"]] == [True, True, False]
    assert found["relays"][2]["cause"] == Cause.URI_GRAMMAR.value
    assert status == 1
    warnings = {each["cause"] for each in found["homeserver"]["steps"] if each["cause"]}
    assert warnings == {"ttl-short", "no-tls-uri", "no-ipv6"}


def test_the_table_says_what_to_do(provider: tuple[SynapseProcess, str], relay: Coturn) -> None:
    synapse, token = provider
    status, output = run("--homeserver", synapse.url, relay.udp, token=token)
    assert status == 0
    assert "turn_user_lifetime" in output
    assert "Everything that was tried works." in output


def test_its_secret_is_not_the_relays(tmp_path: Path, provider: tuple[SynapseProcess, str]) -> None:
    synapse, token = provider
    with coturn(tmp_path, *HARDENED) as other:
        status, output = run("--homeserver", synapse.url, other.udp, "--json", token=token)
    assert status == 1
    assert json.loads(output)["relays"][0]["cause"] == Cause.CREDENTIAL_REFUSED.value


@asynccontextmanager
async def answering(status: int, text: str, date: str | None = None) -> AsyncIterator[Homeserver]:
    async def answer(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer token"
        headers = {} if date is None else {"Date": date}
        return web.Response(status=status, text=text, headers=headers)

    application = web.Application()
    application.router.add_get(PATH, answer)
    async with TestServer(application) as server:
        yield Homeserver(str(server.make_url("/")), "token")


@pytest.mark.parametrize(
    ("status", "text", "cause"),
    [
        (200, "{}", Cause.NO_TURN_CONFIGURED),
        (404, '{"errcode": "M_NOT_FOUND"}', Cause.NO_TURN_CONFIGURED),
        (404, "<html>", Cause.HOMESERVER_ANSWER),
        (302, "", Cause.HOMESERVER_ANSWER),
        (502, "<html>", Cause.HOMESERVER_ANSWER),
        (200, "[" * 50_000, Cause.HOMESERVER_ANSWER),
        (200, "{" + " " * 1_000_000 + "}", Cause.HOMESERVER_ANSWER),
        (200, '{"uris": "turn:a", "username": "u", "password": "p"}', Cause.HOMESERVER_ANSWER),
        (200, '{"uris": [1], "username": "u", "password": "p"}', Cause.HOMESERVER_ANSWER),
        (200, '{"uris": [], "username": "u", "password": "p"}', Cause.NO_TURN_CONFIGURED),
        (200, '{"uris": ["turn:a"], "username": "", "password": ""}', Cause.NO_TURN_CONFIGURED),
        (403, '{"errcode": "M_FORBIDDEN"}', Cause.HOMESERVER_REFUSED),
    ],
)
async def test_answers_that_give_nothing(status: int, text: str, cause: Cause) -> None:
    report = Report("homeserver")
    async with answering(status, text) as homeserver:
        assert await ask(homeserver, report) is None
    assert report.failure is not None
    assert report.failure.cause is cause


async def test_its_clock_is_wrong_and_its_ttl_a_lie() -> None:
    expiry = int(time.time()) + 600
    text = json.dumps(
        {"uris": ["turns:a:443"], "username": f"{expiry}:x", "password": "p", "ttl": 86400}
    )
    report = Report("homeserver")
    async with answering(200, text, "Sat, 01 Jan 2022 00:00:00 GMT") as homeserver:
        offer = await ask(homeserver, report)
    assert isinstance(offer, Offer)
    assert report.ok
    causes = {each.cause for each in report.findings if each.verdict is Verdict.WARNING}
    assert causes == {Cause.CLOCK_SKEW, Cause.TTL_BEYOND}
