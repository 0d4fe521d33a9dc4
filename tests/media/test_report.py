"""What a call's media came to is told once, before it is gone, and never where anybody is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.media.calls import KEY, call, engine, own_address, sample
from tests.media.test_gathering import dead_servers, silent_tcp, silent_udp, turn
from voip.media.events import FirstAudio, MediaClosed
from voip.media.settings import MediaSettings
from voip.media.sounds import Tone
from voip.service.demo.coturn import RelayProcess


async def test_a_call_tells_its_packets_and_its_path() -> None:
    async with call() as (caller, hears, _, callee_hears):
        await callee_hears.wait(FirstAudio)
        await caller.play(KEY, Tone(seconds=0.4))
    for heard in (hears, callee_hears):
        (closed,) = heard.of(MediaClosed)
        stats = closed.stats
        assert stats.connected
        assert min(stats.packets_received, stats.packets_sent) > 0
        assert min(stats.bytes_received, stats.bytes_sent) > 0
        assert 0 <= stats.jitter < 0.2
        assert closed.pairs[0].chosen
        assert closed.pairs[0].state == "succeeded"
        assert closed.pairs[0].local.kind == "host"
        assert own_address() in {pair.local.address for pair in closed.pairs}
        assert own_address() not in repr(closed)
        assert closed.servers == ()
        assert closed.server_problems == ()


@pytest.mark.parametrize(
    ("kind", "servers", "problems"),
    [
        ("stun", ("stun",), ("stun: did not answer in time",)),
        ("turn", ("turn udp",), ("turn: did not answer in time",)),
        ("turn over tcp", ("turn tcp",), ("turn: did not answer in time",)),
    ],
)
async def test_servers_that_give_nothing_are_told(
    kind: str, servers: tuple[str, ...], problems: tuple[str, ...]
) -> None:
    settings = MediaSettings(gather_timeout=0.2, late_gather_timeout=0.01)
    with silent_udp() as udp, silent_tcp() as tcp:
        async with engine(settings) as (one, heard):
            offered = sample("chromium-audio")
            await one.create_answer(KEY, offered, ice_servers=dead_servers(udp, tcp)[kind])
            network = one._calls[KEY].peer._network
            assert network is not None
            for task in list(network.generation.gathering._tasks):
                await task
    (closed,) = heard.of(MediaClosed)
    assert closed.servers == servers
    assert closed.server_problems == problems


async def test_a_relay_that_refuses_is_told_with_its_code(coturn: RelayProcess) -> None:
    async with engine() as (one, heard):
        url = coturn.uris[0]
        await one.create_answer(KEY, sample("chromium-audio"), ice_servers=[turn(url)])
    (closed,) = heard.of(MediaClosed)
    assert closed.server_problems == ("turn: refused (401)",)


async def test_a_name_that_no_server_knows_is_told(tmp_path: Path) -> None:
    async with engine() as (one, heard):
        servers = [turn("turn:does-not-exist.invalid")]
        await one.create_answer(KEY, sample("chromium-audio"), ice_servers=servers)
    (closed,) = heard.of(MediaClosed)
    assert closed.server_problems == ("turn: its name could not be looked up",)
    assert "invalid" not in repr(closed)
