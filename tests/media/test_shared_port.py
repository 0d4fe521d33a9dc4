"""One port for all calls: real calls through it, strangers at it, addresses that change."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from aioice import stun

from tests.media.calls import KEY, Heard, call, engine, own_address, until
from tests.media.clients import BareClient
from voip.media import private, shared_port
from voip.media.description import parse
from voip.media.engine import MediaEngine
from voip.media.errors import PortInUse
from voip.media.events import Connected, FirstAudio, LocalCandidates, RecordingEnded
from voip.media.path import Path as MediaPath
from voip.media.settings import MediaSettings
from voip.media.shared_port import SharedPort
from voip.media.sounds import Tone
from voip.signalling.events import Change
from voip.signalling.ids import CallKey

ONE_PORT = MediaSettings(port=0)


def path_of(one: MediaEngine, key: CallKey = KEY) -> MediaPath:
    network = one._calls[key].peer._network
    assert network is not None
    return network.path


def port_of(engine: MediaEngine) -> SharedPort:
    assert engine._port is not None
    return engine._port


@asynccontextmanager
async def answering(count: int) -> AsyncIterator[tuple[MediaEngine, list[BareClient]]]:
    """An engine with one port, which answers so many clients with sockets of their own."""
    clients = [BareClient() for _ in range(count)]
    async with engine(ONE_PORT) as (one, hears):
        for number, client in enumerate(clients):
            key = CallKey(KEY.room_id, str(number))
            answer = await one.create_answer(key, await client.offer(), ice_servers=())
            await client.answered(answer)
        await until(lambda: len(hears.of(FirstAudio)) == count)
        yield one, clients
        for client in clients:
            client.track.stop()
            await client.pc.close()


async def test_many_calls_share_one_socket_a_family() -> None:
    async with answering(5) as (one, _):
        port = port_of(one)
        for number in range(5):
            path = path_of(one, CallKey(KEY.room_id, str(number)))
            assert {candidate.port for candidate in path.local_candidates} == {port.port}
            stats = await one.stats(CallKey(KEY.room_id, str(number)))
            assert stats.packets_received > 0
        assert len(port.families) == len(set(port.families)) <= 2
        assert port.strangers == 0


async def test_a_call_that_ends_leaves_nothing_behind_and_the_others_go_on() -> None:
    async with answering(3) as (one, _):
        routes = port_of(one)._routes
        await one.close(CallKey(KEY.room_id, "1"))
        owners = {id(line.owner) for table in routes.by_address.values() for line in table.values()}
        assert len(owners) == 2
        names = {name for name, _ in routes._by_name}
        assert len(names) == 2
        before = (await one.stats(CallKey(KEY.room_id, "2"))).packets_received
        await asyncio.sleep(0.3)
        assert (await one.stats(CallKey(KEY.room_id, "2"))).packets_received > before
        for number in (0, 2):
            await one.close(CallKey(KEY.room_id, str(number)))
        assert not any(routes.by_address.values())
        assert not routes._by_name
        assert not routes._asked


async def test_what_comes_through_it_is_recorded(tmp_path: Path) -> None:
    async with call(settings=ONE_PORT) as (caller, _, callee, hears):
        await callee.start_recording(KEY, tmp_path)
        await caller.play(KEY, Tone(seconds=1.0))
        await callee.stop_recording(KEY)
        (ended,) = hears.of(RecordingEnded)
        assert 0.8 < ended.recording.seconds < 2
        assert ended.recording.size > 3000
        stats = await callee.stats(KEY)
        assert stats.packets_refused == 0


async def test_calls_between_two_that_have_one_port_each() -> None:
    """Nothing in DTLS says whose it is: the first call has the port, the others find their way."""
    async with engine(ONE_PORT) as (one, hears), engine(ONE_PORT) as (other, other_hears):
        for number in range(3):
            key = CallKey(KEY.room_id, str(number))
            offer = await one.create_offer(key, video=False, ice_servers=())
            answer = await other.create_answer(key, offer, ice_servers=())
            await one.apply_answer(key, answer)
            forward = asyncio.create_task(_trickle(hears, other, key))
            backward = asyncio.create_task(_trickle(other_hears, one, key))
            for heard in (hears, other_hears):
                await until(partial(_has_heard, heard, key))
            forward.cancel()
            backward.cancel()
        assert len(hears.of(Connected)) == len(other_hears.of(Connected)) == 3


def _has_heard(hears: Heard, key: CallKey) -> bool:
    return any(event.key == key for event in hears.of(FirstAudio))


async def _trickle(hears: Heard, to: MediaEngine, key: CallKey) -> None:
    done = 0
    while True:
        found = [event for event in hears.of(LocalCandidates) if event.key == key]
        for event in found[done:]:
            await to.add_candidates(key, event.candidates)
        done = len(found)
        await asyncio.sleep(0.02)


async def test_an_ice_restart_keeps_the_port_and_the_call() -> None:
    async with call(settings=ONE_PORT) as (one, hears, other, _):
        await hears.wait(FirstAudio)
        before = path_of(one).connection
        offer = await one.create_reoffer(KEY, Change(restart_ice=True))
        answer = await other.create_reanswer(KEY, offer)
        await one.apply_answer(KEY, answer)
        await until(lambda: path_of(one)._current is not before)
        received = (await one.stats(KEY)).packets_received
        await asyncio.sleep(1.5)
        assert (await one.stats(KEY)).packets_received > received
        ports = {candidate.port for candidate in path_of(one).connection.local_candidates}
        assert ports == {port_of(one).port}


async def test_the_public_address_is_told_in_place_of_our_own() -> None:
    settings = MediaSettings(port=0, public_addresses=("203.0.113.7",))
    async with engine(settings) as (one, _):
        offer = await one.create_offer(KEY, video=False, ice_servers=())
        candidates = parse(offer).sections[0].values("candidate")
        hosts = {line.split()[4] for line in candidates if "." in line.split()[4]}
        assert hosts == {"203.0.113.7"}
        assert own_address() not in offer


async def test_a_peer_whose_address_changes_is_heard_again() -> None:
    """As behind a NAT that forgot it: the same credentials from another port."""
    async with answering(1) as (one, clients):
        key = CallKey(KEY.room_id, "0")
        connection = private.connection_of(
            clients[0].pc.getTransceivers()[0].receiver.transport.transport
        )
        (pair,) = connection._nominated.values()
        protocol = pair.protocol
        loop = asyncio.get_running_loop()
        moved, _ = await loop.create_datagram_endpoint(
            lambda: _Passing(protocol), local_addr=(protocol.local_candidate.host, 0)
        )
        former, protocol.transport = protocol.transport, moved
        before = (await one.stats(key)).packets_received
        await asyncio.sleep(0.3)
        assert (await one.stats(key)).packets_received <= before + 1, "nobody vouched for it yet"
        request = connection.build_request(pair, nominate=True)
        await protocol.request(
            request, pair.remote_addr, integrity_key=(connection.remote_password or "").encode()
        )
        before = (await one.stats(key)).packets_received
        await asyncio.sleep(0.5)
        assert (await one.stats(key)).packets_received > before + 10
        protocol.transport = former
        moved.close()


class _Passing(asyncio.DatagramProtocol):
    """What comes to the new socket is as if it came to the old one."""

    def __init__(self, protocol: asyncio.DatagramProtocol) -> None:
        self._protocol = protocol

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        self._protocol.datagram_received(data, addr)


async def test_strangers_are_counted_and_change_nothing() -> None:
    async with answering(1) as (one, _):
        port = port_of(one)
        key = CallKey(KEY.room_id, "0")
        (connection,) = path_of(one, key).connections
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            to = (own_address(), port.port)
            forged = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
            forged.attributes["USERNAME"] = f"{connection.local_username}:x"
            forged.attributes["PRIORITY"] = 1
            forged.add_message_integrity(b"not the password")
            unknown = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
            unknown.attributes["USERNAME"] = "nobody:x"
            for data in (bytes(unknown), b"", b"\x80" * 50, b"\x16\xfe\xfd", os.urandom(1400)):
                for _ in range(200):
                    stranger.sendto(data, to)
                await asyncio.sleep(0.02)
            stranger.sendto(bytes(forged), to)
            before = (await one.stats(key)).packets_received
            await asyncio.sleep(0.3)
            known = port._routes.by_address[socket.AF_INET]
            assert stranger.getsockname()[1] not in {address[1] for address in known}
        assert port.strangers >= 200
        stats = await one.stats(key)
        assert stats.packets_received > before
        assert stats.connected


async def test_a_port_that_is_taken_is_said_so() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("", 0))
        number = taken.getsockname()[1]
        one = MediaEngine(MediaSettings(port=number), lambda event: None)
        with pytest.raises(PortInUse, match=str(number)):
            await one.open()
        await one.aclose()


async def test_any_port_is_one_that_is_free_for_both_families(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bound, refused = shared_port._bound, 0

    def in_use_at_first(family: socket.AddressFamily, port: int) -> socket.socket:
        nonlocal refused
        if port and refused < 3:  # the second family's, after the first was given a port
            refused += 1
            raise OSError(errno.EADDRINUSE, "in use")
        return bound(family, port)

    monkeypatch.setattr(shared_port, "_bound", in_use_at_first)
    port = SharedPort(0)
    port.open()
    assert refused == 3
    assert len(port.families) == 2
    port.close()


async def test_an_engine_that_ended_gives_the_port_back() -> None:
    async with engine(ONE_PORT) as (one, _):
        number = port_of(one).port
    async with engine(MediaSettings(port=number)) as (again, _):
        assert port_of(again).port == number


@pytest.mark.parametrize(
    "wrong",
    [
        {"port": 70000},
        {"port": -1},
        {"public_addresses": ("203.0.113.7",)},
        {"port": 0, "public_addresses": ("bot.example.org",)},
    ],
)
def test_settings_that_cannot_be(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"port|address"):
        MediaSettings(**wrong)  # type: ignore[arg-type]  # what is tried here
