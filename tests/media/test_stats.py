"""What a call's media came to, between real peers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiortc import RTCDtlsTransport, RTCRtpSender, RTCStatsReport

from tests.media.calls import KEY, Heard, call, engine, until
from tests.media.clients import bare_client
from voip.media.engine import MediaEngine
from voip.media.events import Connected, FirstAudio, MediaClosed, MediaStats
from voip.media.settings import MediaSettings
from voip.media.sounds import Tone

PORTS = [MediaSettings(), MediaSettings(port=0)]


@pytest.mark.parametrize("settings", PORTS, ids=["sockets", "one port"])
async def test_both_sides_count_the_same(settings: MediaSettings) -> None:
    async with call(settings=settings) as (caller, hears, callee, callee_hears):
        await callee_hears.wait(FirstAudio)
        await hears.wait(FirstAudio)
        await caller.play(KEY, Tone(seconds=1.0))
        await until(lambda: _counted(caller) == _counted(callee, received=True))
        there, here = await caller.stats(KEY), await callee.stats(KEY)
        assert here.packets_received == there.packets_sent > 50
        assert here.bytes_received == there.bytes_sent > 1000
        assert here.packets_lost == 0
        assert here.mos is not None
        assert here.mos > 4
        assert here.pair is not None
        assert here.pair.chosen
        assert here.pair.local.kind in ("host", "prflx")
        assert here.pair.local.transport == "udp"
        (sample,) = here.series
        assert sample.received <= here.packets_received
        assert sample.bitrate_in > 0


def _counted(one: MediaEngine, *, received: bool = False) -> int:
    totals = one._calls[KEY].peer._meter.totals()
    return totals.received if received else totals.sent


async def test_what_the_other_side_reports() -> None:
    async with call() as (caller, _, _, callee_hears):
        await callee_hears.wait(FirstAudio)
        playing = asyncio.create_task(caller.play(KEY, Tone(seconds=20)))
        await until(lambda: caller._calls[KEY].peer._meter._reports.round_trip is not None)
        stats = await caller.stats(KEY)
        assert stats.lost_by_peer == 0
        assert stats.round_trip is not None
        assert 0 <= stats.round_trip < 1
        assert stats.mos_of_peer is not None
        assert stats.mos_of_peer > 4
        playing.cancel()


async def test_the_reports_that_we_send_are_true() -> None:
    """A bare aiortc peer sends through a network that drops every fifth packet; what it is told
    of that, by the packets that took the short way."""
    async with bare_client() as client, engine(PORTS[1]) as (one, hears):
        await client.answered(await one.create_answer(KEY, await client.offer(), ice_servers=()))
        await hears.wait(FirstAudio)
        dropped = _drop_every(5, client.pc.getTransceivers()[0].receiver.transport)
        await until(lambda: dropped[0] >= 30)
        await until_reported(client.pc.getSenders()[0], at_least=25)
        stats = await one.stats(KEY)
        assert stats.packets_lost == pytest.approx(dropped[0], abs=3)
        assert stats.mos is not None
        assert stats.mos < 4


def _drop_every(number: int, dtls: RTCDtlsTransport) -> list[int]:
    dropped, seen = [0], [0]
    ice = dtls.transport
    send = ice._send

    async def drop(data: bytes) -> None:
        seen[0] += data[1] & 0x7F < 64 or data[1] & 0x7F > 95  # RTP (RFC 5761 §4)
        if seen[0] % number == 0:
            seen[0] += 1
            dropped[0] += 1
        else:
            await send(data)

    ice._send = drop
    return dropped


async def until_reported(sender: RTCRtpSender, at_least: int) -> None:
    """Until the receiver's reports tell the sender of so many lost packets."""
    async with asyncio.timeout(15):
        while True:
            stats: RTCStatsReport = await sender.getStats()
            reports = [one for one in stats.values() if one.type == "remote-inbound-rtp"]
            if reports and reports[0].packetsLost >= at_least:
                assert reports[0].fractionLost > 0
                return
            await asyncio.sleep(0.1)


async def test_a_long_call_is_sampled_and_its_end_tells_it_all() -> None:
    async with call() as (caller, hears, callee, _):
        await hears.wait(Connected)
        meter = callee._calls[KEY].peer._meter
        for second in range(1, 61):
            assert meter.began is not None
            meter.look(meter.began + second)
        assert len(meter.series.samples()) >= 12
        before: MediaStats = await callee.stats(KEY)
        await caller.play(KEY, Tone(seconds=0.2))
        kept = Heard()
        callee._listener = kept
    (closed,) = kept.of(MediaClosed)
    assert closed.stats.series[:12] == before.series[:12]
    assert closed.stats.packets_received > before.packets_received


async def test_a_recorded_call_says_in_its_file_what_the_network_did(tmp_path: Path) -> None:
    from voip.bot.call_file import CallFile

    async with call() as (caller, _, callee, _):
        await caller.play(KEY, Tone(seconds=0.3))
        stats = await callee.stats(KEY)
    file = CallFile("id", "!room", "call", "inbound", "@a:b", "@c:d", "now")
    file.set_media(stats)
    file.write(tmp_path)
    read = CallFile.read(tmp_path)
    assert read is not None
    assert read.media is not None
    assert read.media["packets_received"] == stats.packets_received
    assert read.media["packets_lost"] == 0
    assert read.media["mos"] > 4
    assert read.media["path"] in ("host - host (udp)", "host - prflx (udp)")
    assert stats.pair is not None
    assert stats.pair.local.address not in (tmp_path / "call.json").read_text()
