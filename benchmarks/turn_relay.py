"""The embedded relay: packets on a channel, beside the least that forwards them and coturn.

All of them forward 160 bytes (20 ms of a voice) from a client to a peer and back, one direction at
a time, lossless: at most a window of packets is on its way, so that the rate is the relay's. The
sender is another process. Loopback delivers within the sender's system call, which is why CPU time
of a relay holds the receiver's work too.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks._probe import favour
from benchmarks._relay_client import ADDRESS, CHANNEL, LostPackets, TurnClient, pump, udp_socket
from benchmarks._relay_process import SECRET
from benchmarks.harness import Row, SpoiledRound, alternate, progress
from turn.relay.serve import raise_descriptors
from turn.stun.message import build
from turn.stun.names import Attribute, Kind, Method
from turn.stun.values import Address, first_byte
from voip.service.demo import coturn

PAYLOAD = bytes(160)
PACKETS = 60_000
WARM_UP = 2_000
ALLOCATIONS = 5_000
FLOOD = 10_000
"""Unauthenticated Allocates a second."""
GOAL = 1 / 0.6
"""At least 60 % of the bare forwarder's rate, so at most this many times its time for a packet."""

DIRECTIONS = ("to the peer", "to the client")


@dataclass(frozen=True)
class Relayed:
    """A way through one of the relays."""

    pid: int
    pumps: dict[str, Callable[[int], float]]
    """By direction: sends so many packets, and gives the seconds that it took."""


def run() -> list[Row]:
    favour()
    rows: list[Row] = []
    with _ours() as ours:
        with _bare() as bare:
            rows += _compared(ours, bare, "bare uvloop forwarder", GOAL)
        if coturn.installed():
            with _coturn() as theirs:
                rows += _compared(ours, theirs, "coturn", None)
    rows += many()
    rows.append(_flooded())
    return rows


def _compared(ours: Relayed, peer: Relayed, name: str, goal: float | None) -> Iterator[Row]:
    """The time that a packet takes, which the sender bounds too, and the relay's part of it."""
    for direction in DIRECTIONS:
        for what, measure in (("a packet", _passed), ("CPU for a packet", _worked)):
            label = f"{what} {direction}"
            medians = alternate(
                f"{label}, {name}",
                partial(measure, ours, direction),
                partial(measure, peer, direction),
            )
            yield Row.against(
                label, medians.ours, medians.peer, peer_name=name, unit="µs", goal=goal
            )


def _passed(relayed: Relayed, direction: str) -> float:
    """Microseconds for a packet."""
    try:
        relayed.pumps[direction](WARM_UP)
        return relayed.pumps[direction](PACKETS) / PACKETS * 1e6
    except LostPackets as lost:
        raise SpoiledRound(f"lost {lost}") from None


def _worked(relayed: Relayed, direction: str) -> float:
    """Microseconds of CPU for a packet."""
    before = _cpu(relayed.pid)
    _passed(relayed, direction)
    return (_cpu(relayed.pid) - before) / (WARM_UP + PACKETS) * 1e6


@contextlib.contextmanager
def _process(kind: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    command = [sys.executable, "-m", "benchmarks._relay_process", kind, ADDRESS]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process, int(process.stdout.readline())
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(30)


@contextlib.contextmanager
def _ours() -> Iterator[Relayed]:
    with _process("ours") as (process, port), _through((ADDRESS, port), SECRET) as pumps:
        yield Relayed(process.pid, pumps)


@contextlib.contextmanager
def _coturn() -> Iterator[Relayed]:
    with tempfile.TemporaryDirectory() as folder:
        options = coturn.RelayOptions.fresh(Path(folder), ADDRESS)
        process = coturn.RelayProcess(options)
        process.start()
        try:
            with _through((ADDRESS, options.port), process.secret) as pumps:
                yield Relayed(process.process.pid or 0, pumps)
        finally:
            process.stop()


@contextlib.contextmanager
def _through(server: Address, secret: str) -> Iterator[dict[str, Callable[[int], float]]]:
    with TurnClient(server, secret) as client, udp_socket() as peer:
        relayed = client.allocate()
        client.bind(peer.getsockname())
        peer.connect(relayed)
        yield _ways(client.socket, peer)


@contextlib.contextmanager
def _bare() -> Iterator[Relayed]:
    with _process("bare") as (process, port), udp_socket() as client, udp_socket() as peer:
        client.connect((ADDRESS, port))
        client.send(b"\0\0" + peer.getsockname()[1].to_bytes(2, "big"))
        peer.connect((ADDRESS, int.from_bytes(client.recv(2), "big")))
        yield Relayed(process.pid, _ways(client, peer))


def _ways(client: socket.socket, peer: socket.socket) -> dict[str, Callable[[int], float]]:
    channel_data = CHANNEL.to_bytes(2, "big") + len(PAYLOAD).to_bytes(2, "big") + PAYLOAD
    return {
        "to the peer": lambda count: pump(client, peer, channel_data, count),
        "to the client": lambda count: pump(peer, client, PAYLOAD, count),
    }


def many() -> list[Row]:
    """5,000 allocations at once, each of them with a channel that works."""
    raise_descriptors(ALLOCATIONS)
    with _process("ours") as (process, port), contextlib.ExitStack() as stack, udp_socket() as peer:
        server = (ADDRESS, port)
        with TurnClient(server, SECRET) as first:  # what is needed once is there after it
            first.allocate()
            first.bind(peer.getsockname())
        before = _memory(process.pid)
        began = time.perf_counter()
        clients = []
        for number in range(ALLOCATIONS):
            if number % 500 == 0:
                progress(f"{number} of {ALLOCATIONS} allocations")
            client = stack.enter_context(TurnClient(server, SECRET, f"id{number % 100}"))
            client.allocate()
            client.bind(peer.getsockname())
            clients.append(client)
        taken = time.perf_counter() - began
        each = (_memory(process.pid) - before) / ALLOCATIONS
        data = CHANNEL.to_bytes(2, "big") + b"\0\4ping"
        for client in clients:
            client.socket.send(data)
            peer.settimeout(5.0)
            assert peer.recv(16) == b"ping"
        made = taken / ALLOCATIONS * 1e3
        return [
            Row.within("memory of an allocation, of 5,000 at once", each, unit="KiB", goal=16),
            Row.within("an allocation made and bound, of 5,000", made, unit="ms", goal=5),
        ]


def _flooded() -> Row:
    """A call's packets, while strangers ask for allocations 10,000 times a second."""
    with _process("strict") as (process, port):
        server = (ADDRESS, port)
        with _through(server, SECRET) as ways, udp_socket() as stranger:
            stranger.connect(server)
            request = build(
                Method.ALLOCATE,
                Kind.REQUEST,
                bytes(12),
                [(Attribute.REQUESTED_TRANSPORT, first_byte(17))],
            )
            cpu = _cpu(process.pid)
            began, sent, voice = time.perf_counter(), 0, 0
            while (passed := time.perf_counter() - began) < 3.0:
                while sent < passed * FLOOD:
                    stranger.send(request)
                    sent += 1
                if voice < passed * 50:
                    ways["to the peer"](1)  # raises LostPackets
                    voice += 1
                time.sleep(0.0005)
            share = (_cpu(process.pid) - cpu) / (time.perf_counter() - began)
    return Row.within(
        "CPU under 10,000 unauthenticated Allocates/s, a call lossless beside them",
        share * 100,
        unit="% of a core",
        goal=80,
    )


def _memory(pid: int) -> float:
    """KiB that are resident."""
    fields = Path(f"/proc/{pid}/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 1024


def _cpu(pid: int) -> float:
    """Seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
