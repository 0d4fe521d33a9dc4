"""Which of a call's STUN and TURN servers are used, and where they are.

aiortc 1.16 uses one STUN and one TURN server, and fails on a URI that it cannot read. UDP is
asked for first: media over TCP stalls at each lost packet.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from aiortc import RTCIceServer
from aiortc.rtcicetransport import parse_stun_turn_uri

from voip.signalling.ice import IceServer

_FOUND_FOR = 60.0
_MAX_KNOWN = 64
_ORDER = {("turn", "udp"): 0, ("turn", "tcp"): 1, ("turns", "tcp"): 2}


def choose(servers: Sequence[IceServer], *, relay_only: bool) -> list[RTCIceServer]:
    """The first STUN server and the best usable TURN server, in the shape that aiortc takes.

    Never None, for which aiortc would ask a public STUN server of a third party.
    """
    chosen = []
    if not relay_only:
        stun = next((url for url, _, scheme in _readable(servers) if scheme == ("stun", "")), None)
        if stun is not None:
            chosen.append(RTCIceServer(urls=[stun]))
    turns = [
        (_ORDER[scheme], url, server)
        for url, server, scheme in _readable(servers)
        # A homeserver that is not set up right gives empty strings.
        if scheme in _ORDER and server.username and server.credential
    ]
    if turns:
        _, url, server = min(turns, key=lambda turn: turn[0])
        chosen.append(
            RTCIceServer(urls=[url], username=server.username, credential=server.credential)
        )
    return chosen


def _readable(servers: Sequence[IceServer]) -> Iterator[tuple[str, IceServer, tuple[str, str]]]:
    for server in servers:
        for url in server.urls:
            try:
                parsed = parse_stun_turn_uri(url)
            except ValueError:
                continue  # the next one may be readable
            yield url, server, (parsed["scheme"], parsed.get("transport") or "")


class Resolver:
    """DNS in threads of its own: a name server that does not answer must hold up neither the
    event loop nor the threads that write recordings."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="voip-dns")
        self._known: dict[tuple[str, socket.AddressFamily], tuple[float, str]] = {}

    async def resolve(self, host: str, family: socket.AddressFamily = socket.AF_UNSPEC) -> str:
        """An address of `host`. Raises OSError where there is none."""
        try:
            return str(ipaddress.ip_address(host))
        except ValueError:
            pass
        until, address = self._known.get((host, family), (0.0, ""))
        if time.monotonic() < until:
            return address
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _look_up, host, family)
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        self._known[host, family] = (time.monotonic() + _FOUND_FOR, found)
        return found

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, family: socket.AddressFamily) -> str:
    infos = socket.getaddrinfo(host, None, family=family, type=socket.SOCK_DGRAM)
    # IPv4 first: aioice asks STUN over IPv4 alone, and relays are reached the same way.
    infos.sort(key=lambda info: info[0] != socket.AF_INET)
    return str(infos[0][4][0])
