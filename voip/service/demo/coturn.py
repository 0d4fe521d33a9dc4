"""A TURN relay on this machine: Debian's coturn, with a configuration of our own alone."""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from voip.service.demo.errors import MissingProgramError
from voip.service.demo.processes import ChildProcess, free_port

COMMAND = "turnserver"
READY_WITHIN = 15.0
ANSWER_WITHIN = 0.2
STUN_BINDING_REQUEST = b"\x00\x01\x00\x00\x21\x12\xa4\x42"  # RFC 8489 section 5
STUN_BINDING_SUCCESS = b"\x01\x01"
TEST_NET = ("192.0.2.1", 9)  # RFC 5737: nobody; connecting a UDP socket sends nothing


def installed() -> bool:
    return shutil.which(COMMAND) is not None


def own_address() -> str:
    """The IPv4 address this machine is reached at, or loopback where it has no other.

    Media runs over it even within one machine: aioice gathers no loopback candidates.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(TEST_NET)
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


@dataclass(frozen=True)
class RelayOptions:
    data_dir: Path
    address: str
    """Listens and relays here."""
    port: int
    secret: str
    """Shared with whoever issues credentials (``static-auth-secret``)."""
    whole_lan: bool = False
    """May relay to the neighbours (the address's /24); else to ``address`` alone."""

    @classmethod
    def fresh(
        cls,
        data_dir: Path,
        address: str | None = None,
        port: int | None = None,
        *,
        whole_lan: bool = False,
    ) -> Self:
        """With a secret of its own; on this machine's own address and a free port if not told."""
        address = address or own_address()
        port = port or free_port(address, socket.SOCK_DGRAM)
        return cls(data_dir, address, port, secrets.token_urlsafe(32), whole_lan)


class RelayProcess:
    """A relay that accepts credentials made by :func:`turn.credentials.mint`. Blocking."""

    def __init__(self, options: RelayOptions) -> None:
        self.options = options
        folder = options.data_dir.resolve()
        self._config = folder / "turnserver.conf"
        command = [COMMAND, "-c", str(self._config)]
        self.process = ChildProcess("coturn", command, folder / "turnserver.log")

    @property
    def secret(self) -> str:
        return self.options.secret

    @property
    def uris(self) -> tuple[str, ...]:
        base = f"turn:{self.options.address}:{self.options.port}"
        return (f"{base}?transport=udp", f"{base}?transport=tcp")

    def start(self) -> None:
        """Block until it answers a STUN request, well under a second.

        :raises DemoError: not installed, or it did not start.
        """
        self.prepare()
        self.launch()
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def prepare(self) -> None:
        if not installed():
            raise MissingProgramError(
                f"The command {COMMAND} is missing: on Debian, apt-get install coturn."
            )
        self.options.data_dir.mkdir(parents=True, exist_ok=True)
        self._config.touch(mode=0o600)  # the secret is not for the process list
        self._config.write_text(config(self.options))

    def launch(self) -> None:
        """Start the process from the calling thread (see :class:`ChildProcess`); no waiting."""
        self.process.start()

    def wait_until_ready(self) -> None:
        where = f"{self.options.address}:{self.options.port}"
        self.process.wait_until(self._answers, READY_WITHIN, f"It should listen on {where}.")

    def stop(self) -> None:
        self.process.stop()

    def _answers(self) -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.settimeout(ANSWER_WITHIN)
            try:
                probe.connect((self.options.address, self.options.port))
                probe.send(STUN_BINDING_REQUEST + secrets.token_bytes(12))
                return probe.recv(64).startswith(STUN_BINDING_SUCCESS)
            except OSError:
                return False


class Relay:
    """The same for coroutines: ``async with Relay(RelayProcess(options)) as relay``."""

    def __init__(self, process: RelayProcess) -> None:
        self.blocking = process

    async def __aenter__(self) -> RelayProcess:
        await asyncio.to_thread(self.blocking.prepare)
        self.blocking.launch()  # in the loop's thread, which outlives it
        try:
            await asyncio.to_thread(self.blocking.wait_until_ready)
        except BaseException:
            await asyncio.to_thread(self.blocking.stop)
            raise
        return self.blocking

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.blocking.stop)


def config(options: RelayOptions) -> str:
    """The text of ``turnserver.conf``: nothing is read from or written outside the data folder."""
    folder = options.data_dir.resolve()
    return "\n".join(
        [
            f"listening-ip={options.address}",
            f"relay-ip={options.address}",
            f"listening-port={options.port}",
            "realm=voip",
            "use-auth-secret",
            f"static-auth-secret={options.secret}",
            "fingerprint",
            "no-tls",
            "no-dtls",
            "no-cli",
            "no-tcp-relay",
            "no-multicast-peers",
            *_peer_rules(options),
            f"userdb={folder / 'turndb'}",
            f"pidfile={folder / 'turnserver.pid'}",
            "log-file=stdout",
            "",
        ]
    )


def _peer_rules(options: RelayOptions) -> list[str]:
    """Deny everybody, then allow ourselves: an allowed range outranks a denied one in coturn.

    Ranges are written with a dash, since coturn ignores a CIDR silently.
    """
    net = ipaddress.ip_network(f"{options.address}/{24 if options.whole_lan else 32}", strict=False)
    return [
        "denied-peer-ip=0.0.0.0-255.255.255.255",
        "denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        f"allowed-peer-ip={net[0]}-{net[-1]}",
    ]
