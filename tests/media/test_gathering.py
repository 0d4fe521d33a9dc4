"""STUN and TURN servers that answer, answer late, or never."""

from __future__ import annotations

import asyncio
import shutil
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import cast

import pytest
from aioice import Connection

from tests.media.calls import KEY, engine, own_address, sample
from tests.media.clients import bare_client
from voip.media import private
from voip.media.errors import CallClosed
from voip.media.events import (
    Connected,
    Failed,
    FirstAudio,
    LocalCandidates,
    MediaClosed,
    MediaFailure,
)
from voip.media.gathering import Gathering
from voip.media.icelist import Resolver
from voip.media.sdp import is_complete
from voip.media.settings import MediaSettings
from voip.signalling.ice import IceServer

GENEROUS = 2.0
"""How much longer than half a second a loaded machine may take; aiortc waits ten times that."""


@contextmanager
def silent_udp() -> Iterator[int]:
    """A port that takes every datagram and answers none."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as silent:
        silent.bind(("127.0.0.1", 0))
        yield silent.getsockname()[1]


@contextmanager
def silent_tcp() -> Iterator[int]:
    """A port that accepts and says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        yield silent.getsockname()[1]


def turn(url: str) -> IceServer:
    return IceServer((url,), "user", "secret")


def dead_servers(udp: int, tcp: int) -> dict[str, list[IceServer]]:
    return {
        "stun": [IceServer((f"stun:127.0.0.1:{udp}",))],
        "turn": [turn(f"turn:127.0.0.1:{udp}")],
        "turn over tcp": [turn(f"turn:127.0.0.1:{tcp}?transport=tcp")],
        "turn over tls": [turn(f"turns:127.0.0.1:{tcp}")],
        "both": [IceServer((f"stun:127.0.0.1:{udp}",)), turn(f"turn:127.0.0.1:{udp}")],
    }


@pytest.mark.parametrize("kind", ["stun", "turn", "turn over tcp", "turn over tls", "both"])
async def test_a_dead_server_delays_a_description_by_half_a_second_at_most(kind: str) -> None:
    with silent_udp() as udp, silent_tcp() as tcp:
        servers = dead_servers(udp, tcp)[kind]
        async with engine() as (one, heard), bare_client() as client:
            began = time.monotonic()
            answer = await one.create_answer(KEY, await client.offer(), ice_servers=servers)
            assert 0.3 < time.monotonic() - began < 0.5 * GENEROUS
            assert not is_complete(answer)
            assert "a=candidate" in answer
            await client.answered(answer)
            await heard.wait(FirstAudio)
            began = time.monotonic()
            await one.close(KEY)
            assert time.monotonic() - began < 0.5


async def test_a_name_that_no_server_knows_delays_nothing_much() -> None:
    servers = [turn("turn:does-not-exist.invalid"), IceServer(("stun:nor-this.invalid",))]
    async with engine() as (one, _):
        began = time.monotonic()
        await one.create_answer(KEY, sample("chromium-audio"), ice_servers=servers)
        assert time.monotonic() - began < 0.5 * GENEROUS


async def test_relays_only_with_a_dead_relay_fails_once_that_is_sure() -> None:
    settings = MediaSettings(relay_only=True, gather_timeout=0.1, late_gather_timeout=0.2)
    with silent_udp() as port:
        async with engine(settings) as (one, heard):
            offer = await one.create_offer(
                KEY, video=False, ice_servers=[turn(f"turn:127.0.0.1:{port}")]
            )
            assert "a=candidate" not in offer
            assert own_address() not in offer
            assert (await heard.wait(Failed)).failure is MediaFailure.ICE_FAILED
            assert one.live == 0
    (end,) = heard.of(LocalCandidates)
    assert end.candidates[-1].is_end


async def test_closing_while_gathering_leaves_nothing() -> None:
    before = asyncio.all_tasks()
    with silent_udp() as port:
        async with engine() as (one, heard):
            servers = [turn(f"turn:127.0.0.1:{port}")]
            offering = asyncio.create_task(one.create_offer(KEY, video=False, ice_servers=servers))
            await asyncio.sleep(0.1)
            await one.close(KEY)
            with pytest.raises(CallClosed):
                await offering
    assert [type(event) for event in heard.events] == [MediaClosed]
    if left := asyncio.all_tasks() - before:
        _, pending = await asyncio.wait(left, timeout=2)
        assert not pending


# --- with a real relay ---------------------------------------------------------------------


@asynccontextmanager
async def coturn(folder: Path) -> AsyncIterator[tuple[int, asyncio.subprocess.Process]]:
    """A TURN server of this test's own: the port that it listens on, and its process."""
    program = shutil.which("turnserver")
    assert program, "coturn is missing: on Debian, apt-get install coturn"
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        probe.bind((own_address(), 0))
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        program,
        "-n",
        *("--listening-port", str(port), "--listening-ip", own_address()),
        *("--relay-ip", own_address(), "--realm", "example.org", "--lt-cred-mech"),
        *("--user", "user:secret", "--no-tls", "--no-dtls", "--no-cli", "--no-tcp-relay"),
        *("--log-file", "stdout", "--pidfile", str(folder / "pid"), "--userdb", "/dev/null"),
        *("--min-port", "49152", "--max-port", "49999"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await _until_listening(port)
        yield port, process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _until_listening(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection(own_address(), port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                await writer.wait_closed()
                return


class SlowForwarder(asyncio.DatagramProtocol):
    """Between one client and a server, and every datagram takes its time."""

    def __init__(self, server: tuple[str, int], delay: float) -> None:
        self._server, self._delay = server, delay
        self._client: tuple[str, int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        if address != self._server:
            self._client = address
        target = self._client if address == self._server else self._server
        if target is not None:
            asyncio.get_running_loop().call_later(self._delay, self._send, data, target)

    def _send(self, data: bytes, target: tuple[str, int]) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(data, target)


async def test_a_call_over_relays_only(tmp_path: Path) -> None:
    settings = MediaSettings(relay_only=True)
    async with (
        coturn(tmp_path) as (port, _),
        engine(settings) as (caller, hears),
        engine(settings) as (callee, _),
    ):
        servers = [turn(f"turn:{own_address()}:{port}")]
        offer = await caller.create_offer(KEY, video=False, ice_servers=servers)
        assert is_complete(offer)
        answer = await callee.create_answer(KEY, offer, ice_servers=servers)
        for text in (offer, answer):
            candidates = [line for line in text.split("\r\n") if line.startswith("a=candidate")]
            assert candidates
            assert all(" typ relay " in line for line in candidates)
        await caller.apply_answer(KEY, answer)
        await hears.wait(FirstAudio)


async def test_a_relay_that_answers_late_is_trickled_and_carries_the_call(tmp_path: Path) -> None:
    settings = MediaSettings(relay_only=True, gather_timeout=0.1)
    loop = asyncio.get_running_loop()
    async with coturn(tmp_path) as (port, _):
        # Two round trips to an allocation (RFC 8656 §7): 0.2 s with this one, after 0.1 s.
        forwarder, _ = await loop.create_datagram_endpoint(
            lambda: SlowForwarder((own_address(), port), 0.05), local_addr=(own_address(), 0)
        )
        slow = forwarder.get_extra_info("sockname")[1]
        async with engine(settings) as (caller, hears), engine() as (callee, _):
            servers = [turn(f"turn:{own_address()}:{slow}")]
            offer = await caller.create_offer(KEY, video=False, ice_servers=servers)
            assert "a=candidate" not in offer
            answer = await callee.create_answer(KEY, offer, ice_servers=[])
            await caller.apply_answer(KEY, answer)
            late = await hears.wait(LocalCandidates)
            assert " typ relay " in late.candidates[0].candidate
            for event in hears.of(LocalCandidates):
                await callee.add_candidates(KEY, event.candidates)
            await hears.wait(Connected)
            await hears.wait(FirstAudio)
            assert hears.of(LocalCandidates)[-1].candidates[-1].is_end
        forwarder.close()


async def test_a_relay_that_died_during_the_call_does_not_hold_up_its_end(tmp_path: Path) -> None:
    settings = MediaSettings(close_timeout=0.3)
    before = asyncio.all_tasks()
    async with coturn(tmp_path) as (port, process), engine(settings) as (one, _):
        servers = [turn(f"turn:{own_address()}:{port}")]
        offer = await one.create_offer(KEY, video=False, ice_servers=servers)
        assert " typ relay " in offer
        process.kill()
        await process.wait()
        began = time.monotonic()
        await asyncio.gather(one.close(KEY), one.close(KEY))
        # aioice would ask for the end of the allocation for half a minute.
        assert time.monotonic() - began < 3
        assert one.live == 0
    if left := asyncio.all_tasks() - before:
        _, pending = await asyncio.wait(left, timeout=2)
        assert not pending


async def test_who_is_cancelled_while_sockets_open_leaves_none_open() -> None:
    async with engine() as (one, _):
        before = _open_sockets()
        for steps in range(12):
            offering = asyncio.create_task(one.create_offer(KEY, video=False, ice_servers=[]))
            for _ in range(steps):
                await asyncio.sleep(0)
            offering.cancel()
            await asyncio.gather(offering, return_exceptions=True)
            await one.close(KEY)
        for _ in range(3):  # transports close their sockets in the loop's next rounds
            await asyncio.sleep(0)
        assert _open_sockets() == before


def _open_sockets() -> int:
    descriptors = Path("/proc/self/fd").iterdir()
    return sum(str(each.readlink()).startswith("socket:") for each in descriptors if _there(each))


def _there(descriptor: Path) -> bool:
    try:
        descriptor.readlink()
    except OSError:  # the one that lists the folder
        return False
    return True


async def test_a_call_that_was_given_up_before_it_gathered_opens_no_sockets() -> None:
    connection = Connection(ice_controlling=True)
    resolver = Resolver()
    gathering = Gathering(connection, resolver, MediaSettings(), lambda candidate: None)
    await gathering.close()
    await gathering.gather()
    assert not private.protocols_of(connection)
    assert not connection.local_candidates
    resolver.close()
    await connection.close()
