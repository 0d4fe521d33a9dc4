"""A coturn with the configuration of a test, on loopback."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from voip.service.demo.processes import ChildProcess

READY_WITHIN = 15.0
BINDING_REQUEST = b"\x00\x01\x00\x00\x21\x12\xa4\x42"  # RFC 8489 section 5


def require_coturn() -> None:
    if shutil.which("turnserver") is None:
        pytest.skip("the command turnserver is missing: on Debian, apt-get install coturn")


@contextlib.contextmanager
def running_coturn(config: Path, server: tuple[str, int]) -> Iterator[ChildProcess]:
    """It has answered once when this begins; its log is `.log` of what is given."""
    require_coturn()
    command = ["turnserver", "-c", str(config)]
    process = ChildProcess("coturn", command, config.with_name("turnserver.log"))
    process.start()
    try:
        process.wait_until(lambda: _answers(server), READY_WITHIN, "See its log.")
        yield process
    finally:
        process.stop()


def _answers(server: tuple[str, int]) -> bool:
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.2)
        try:
            probe.connect(server)
            probe.send(BINDING_REQUEST + secrets.token_bytes(12))
            return probe.recv(64).startswith(b"\x01\x01")
        except OSError:
            return False
