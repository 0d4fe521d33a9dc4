"""A coturn that a test configures, rightly or wrongly, line by line."""

from __future__ import annotations

import secrets
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from turn.client.messages import Login
from turn.credentials import mint
from voip.service.demo.coturn import COMMAND, own_address
from voip.service.demo.processes import ChildProcess, free_port

OWN = own_address()
HARDENED = ("denied-peer-ip=0.0.0.0-255.255.255.255", f"allowed-peer-ip={OWN}")


@dataclass(frozen=True)
class Coturn:
    """One that runs."""

    address: str
    port: int
    tls_port: int
    secret: str
    log: Path

    @property
    def udp(self) -> str:
        return f"turn:{self.host}:{self.port}?transport=udp"

    @property
    def tcp(self) -> str:
        return f"turn:{self.host}:{self.port}?transport=tcp"

    @property
    def tls(self) -> str:
        return f"turns:{self.host}:{self.tls_port}?transport=tcp"

    @property
    def host(self) -> str:
        return f"[{self.address}]" if ":" in self.address else self.address

    def login(self, now: float, ttl: int = 3600, relay_id: str = "test") -> Login:
        made = mint(self.secret, relay_id, ttl, now)
        return Login(made.username, made.password)


@contextmanager
def coturn(
    folder: Path,
    *lines: str,
    address: str = OWN,
    certificate: tuple[Path, Path] | None = None,
    authentication: Sequence[str] | None = None,
    prefix: Sequence[str] = (),
    ports: tuple[int, int] | None = None,
    ready: str = "udp",
    relay_ip: bool = True,
    dtls: bool = False,
    secret: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Coturn]:
    """Run coturn with nothing but the least, and ``lines``. ``prefix`` is a command to run it by,
    ``ready`` what it answers on, or a word of its log."""
    if shutil.which(COMMAND) is None:
        pytest.skip(f"the command {COMMAND} is missing: on Debian, apt-get install coturn")
    folder.mkdir(parents=True, exist_ok=True)
    port, tls_port = ports or (free_port(address, socket.SOCK_DGRAM), free_port(address))
    secret = secret or secrets.token_urlsafe(16)
    relay = Coturn(address, port, tls_port, secret, folder / "turnserver.log")
    tls = (
        ["no-tls"] if certificate is None else [f"cert={certificate[0]}", f"pkey={certificate[1]}"]
    )
    if authentication is None:
        authentication = ["use-auth-secret", f"static-auth-secret={relay.secret}"]
    text = [
        f"listening-ip={address}",
        *([f"relay-ip={address}"] if relay_ip else []),
        f"listening-port={port}",
        f"tls-listening-port={tls_port}",
        "realm=test.example",
        *authentication,
        *tls,
        *([] if dtls else ["no-dtls"]),
        "no-cli",
        f"userdb={folder / 'turndb'}",
        f"pidfile={folder / 'turnserver.pid'}",
        "log-file=stdout",
        *lines,
        "",
    ]
    config = folder / "turnserver.conf"
    config.write_text("\n".join(text))
    process = ChildProcess("coturn", [*prefix, COMMAND, "-c", str(config)], relay.log)
    process.start(environment)
    try:
        process.wait_until(lambda: _ready(relay, ready), 15, f"It should answer over {ready}.")
        yield relay
    finally:
        process.stop()


def _ready(relay: Coturn, how: str) -> bool:
    if how not in ("udp", "tcp"):
        return how in relay.log.read_text(errors="replace")
    kind = socket.SOCK_DGRAM if how == "udp" else socket.SOCK_STREAM
    family = socket.AF_INET6 if ":" in relay.address else socket.AF_INET
    with socket.socket(family, kind) as probe:
        probe.settimeout(0.2)
        try:
            probe.connect((relay.address, relay.port))
            probe.send(b"\x00\x01\x00\x00\x21\x12\xa4\x42" + secrets.token_bytes(12))
            return bool(probe.recv(64))
        except OSError:
            return False
