"""A certificate that is renewed while the relay runs."""

from __future__ import annotations

import asyncio
import logging
import shutil
import ssl
from pathlib import Path

import pytest

from tests.turn.relay.conftest import HERE, StartRelay
from tests.turn.relay.endpoints import trusting
from tests.turn.relay.test_serve import until
from turn.relay.certificates import BadCertificate, CertificateFiles, renewing
from voip.service.demo.certificate import certificate_for


def pem(folder: Path) -> bytes:
    folder.mkdir()
    certificate_for(HERE, folder)
    return (folder / "certificate.pem").read_bytes()


async def served(port: int) -> bytes | None:
    """The certificate that a client is shown."""
    _, writer = await asyncio.open_connection(HERE, port, ssl=trusting())
    shown: bytes | None = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    await writer.wait_closed()
    return shown


async def test_new_connections_get_the_renewed_one(
    start_relay: StartRelay, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    first, second = pem(tmp_path / "first"), pem(tmp_path / "second")
    path = tmp_path / "live.pem"
    path.write_bytes(first)
    files = CertificateFiles(path, path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    files.load(context)
    relay = await start_relay(tls=context)
    port = relay.tls_addresses[0][1]
    async with renewing(context, files, every=0.01):
        before = await served(port)
        await asyncio.to_thread(path.write_bytes, second[:100])
        await until(lambda: "stays as it is" in caplog.text)
        assert await served(port) == before
        await asyncio.to_thread(path.write_bytes, second)
        await until(lambda: "renewed certificate" in caplog.text)
        assert await served(port) != before
        path.unlink()
        await asyncio.sleep(0.05)
        await served(port)


def test_files_that_are_no_certificate(tmp_path: Path) -> None:
    pem(tmp_path / "one")
    shutil.copy(tmp_path / "one" / "certificate.pem", tmp_path / "chain")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with pytest.raises(BadCertificate, match="no certificate"):
        CertificateFiles(tmp_path / "chain", tmp_path / "missing").load(context)
