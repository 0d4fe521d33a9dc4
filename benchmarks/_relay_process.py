"""What `turn_relay` measures, in a process of its own: our relay, or the least that forwards.

`python -m benchmarks._relay_process ours|bare|strict ADDRESS` prints its port, and ends when its
input does.
"""

from __future__ import annotations

import asyncio
import struct
import sys
from ipaddress import ip_network

import uvloop

from turn.relay.limits import Limits
from turn.relay.options import RelayOptions
from turn.relay.serve import Relay
from turn.secrets.model import FixedSecrets

SECRET = "benchmark"  # noqa: S105 - of a relay that lives for seconds
ADDRESS = sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1"
_HEADER = struct.Struct("!HH")


class _Peers(asyncio.DatagramProtocol):
    """The relayed side of the bare forwarder."""

    def __init__(self, front: _Front) -> None:
        self._front = front

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        front = self._front
        channel = front.peers.get(addr)
        if channel is not None and front.client is not None:
            front.transport.sendto(_HEADER.pack(channel, len(data)) + data, front.client)


class _Front(asyncio.DatagramProtocol):
    """The client's side: one client, whose first message says which peer its channel stands for."""

    transport: asyncio.DatagramTransport
    relay: asyncio.DatagramTransport

    def __init__(self) -> None:
        self.client: tuple[str, int] | None = None
        self.channels: dict[int, tuple[str, int]] = {}
        self.peers: dict[tuple[str, int], int] = {}

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data[0] == 0:  # set-up: 0, 0, the peer's port
            self.client, peer = addr, (ADDRESS, int.from_bytes(data[2:4], "big"))
            self.channels[0x4000] = peer
            self.peers[peer] = 0x4000
            port: int = self.relay.get_extra_info("sockname")[1]
            self.transport.sendto(port.to_bytes(2, "big"), addr)
            return
        number, length = _HEADER.unpack_from(data)
        peer_of = self.channels.get(number)
        if peer_of is not None and length <= len(data) - 4:
            self.relay.sendto(data[4 : 4 + length], peer_of)


async def _bare() -> None:
    loop = asyncio.get_running_loop()
    front = _Front()
    transport, _ = await loop.create_datagram_endpoint(lambda: front, local_addr=(ADDRESS, 0))
    relay, _ = await loop.create_datagram_endpoint(lambda: _Peers(front), local_addr=(ADDRESS, 0))
    front.relay = relay
    print(transport.get_extra_info("sockname")[1], flush=True)
    await _input_ends()
    transport.close()
    relay.close()


async def _ours() -> None:
    limits = Limits(
        per_id=10_000,
        total=10_000,
        # Both limits are counted, and reached by neither.
        allocation_bandwidth=1e9,
        total_bandwidth=1e10,
        answers_per_source=1e6,
        answers_burst=1e6,
    )
    options = RelayOptions(
        listen=((ADDRESS, 0),),
        realm="benchmark",
        allowed=(ip_network(ADDRESS),),
        limits=limits,
    )
    async with Relay(options, FixedSecrets(SECRET)) as relay:
        print(relay.port, flush=True)
        await _input_ends()


async def _strict() -> None:
    """Ours with the limits that it has by itself, to be flooded."""
    options = RelayOptions(
        listen=((ADDRESS, 0),), realm="benchmark", allowed=(ip_network(ADDRESS),)
    )
    async with Relay(options, FixedSecrets(SECRET)) as relay:
        print(relay.port, flush=True)
        await _input_ends()


async def _input_ends() -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(sys.stdin, ended.set)
    await ended.wait()
    loop.remove_reader(sys.stdin)


if __name__ == "__main__":
    uvloop.run({"ours": _ours, "bare": _bare, "strict": _strict}[sys.argv[1]]())
