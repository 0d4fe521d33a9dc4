"""Where everything of a demo will be: decided before anything starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from voip.service.demo import processes
from voip.service.demo.accounts import PEOPLE
from voip.service.demo.coturn import own_address

LOOPBACK = "127.0.0.1"
FIRST_PORT = 8470


@dataclass(frozen=True)
class DemoOptions:
    """What the person who starts the demo may choose."""

    port: int | None = FIRST_PORT
    """The first of the consecutive ports that are used; None takes any free ones."""
    lan: bool = False
    """Serve the page with TLS on this machine's own address, for phones; else on loopback."""
    data_dir: Path = Path("demo-data")


@dataclass(frozen=True)
class Plan:
    """Addresses and ports."""

    homeserver_port: int
    page_ports: dict[str, int]
    """By the localpart of the person. A browser keeps one sign-in for an origin, so that two
    people in one browser need an origin each."""
    relay_port: int
    host: str
    """Where the pages are served."""
    media_address: str
    """Where media and the relay are: not loopback, for which aioice gathers no candidates."""
    tls: bool

    @classmethod
    def of(cls, options: DemoOptions) -> Self:
        """:raises PortBusyError: a port is in use."""
        media = own_address()
        host = media if options.lan else LOOPBACK
        if options.port is None:
            ports = [processes.free_port(address) for address in (LOOPBACK, host, host, media)]
        else:
            ports = [options.port + offset for offset in range(2 + len(PEOPLE))]
        homeserver, *pages, relay = ports
        plan = cls(
            homeserver, dict(zip(PEOPLE, pages, strict=True)), relay, host, media, options.lan
        )
        processes.require_free_port(LOOPBACK, homeserver)
        for port in pages:
            processes.require_free_port(host, port)
        processes.require_free_port(media, relay)
        return plan

    def page_url(self, localpart: str) -> str:
        scheme = "https" if self.tls else "http"
        return f"{scheme}://{self.host}:{self.page_ports[localpart]}"

    @property
    def homeserver_url(self) -> str:
        """For clients on this machine."""
        return f"http://{LOOPBACK}:{self.homeserver_port}"
