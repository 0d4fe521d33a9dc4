"""What leaves a call, as a bare aiortc peer receives it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
from aiortc.rtp import RtcpPacket, RtcpSrPacket, RtpPacket, is_rtcp

from tests.media.calls import KEY, call, engine, until
from tests.media.clients import bare_client
from voip.media import opus, private
from voip.media.engine import MediaEngine
from voip.media.errors import CallClosed
from voip.media.events import Connected, FirstAudio
from voip.media.sounds import Played, Tone

WRAP = 1 << 32


class Wire:
    """What reached a bare client, decrypted, in order."""

    def __init__(self) -> None:
        self.rtp: list[RtpPacket] = []
        self.raw: list[bytes] = []
        self.reports: list[tuple[RtcpSrPacket, int]] = []
        """Each sender report, and how many RTP packets had come before it."""

    def steps(self) -> list[int]:
        stamps = [packet.timestamp for packet in self.rtp]
        return [(later - earlier) % WRAP for earlier, later in pairwise(stamps)]

    def sound(self) -> list[RtpPacket]:
        return [one for one in self.rtp if len(one.payload) > len(opus.SILENCE)]


@asynccontextmanager
async def to_bare_client() -> AsyncIterator[tuple[MediaEngine, Wire]]:
    """A call of ours with bare aiortc; what it is sent."""
    wire = Wire()
    async with engine() as (one, heard), bare_client() as client:
        answer = await client.answer(await one.create_offer(KEY, video=False, ice_servers=[]))
        dtls = client.pc.getTransceivers()[0].receiver.transport

        def taking(name: str) -> None:
            original = getattr(dtls, name)

            async def handle(data: bytes, **kwargs: Any) -> None:
                if is_rtcp(data):
                    for packet in RtcpPacket.parse(data):
                        if isinstance(packet, RtcpSrPacket):
                            wire.reports.append((packet, len(wire.rtp)))
                else:
                    wire.raw.append(data)
                    wire.rtp.append(RtpPacket.parse(data))
                await original(data, **kwargs)

            setattr(dtls, name, handle)

        taking(private.Dtls.HANDLE_RTP_DATA)
        taking(private.Dtls.HANDLE_RTCP_DATA)
        await one.apply_answer(KEY, answer)
        await heard.wait(Connected)
        await heard.wait(FirstAudio)
        yield one, wire


async def test_one_stream_in_step_with_a_marker_where_sound_begins() -> None:
    async with to_bare_client() as (one, wire):
        await until(lambda: opus.DTX in [packet.payload for packet in wire.rtp])
        for _ in range(2):
            await one.play(KEY, Tone(seconds=0.2))
        await until(lambda: wire.rtp[-1].payload == opus.DTX)
        ssrc = one._calls[KEY].peer._pc.getTransceivers()[0].sender._ssrc
    assert {packet.ssrc for packet in wire.rtp} == {ssrc}
    numbers = [packet.sequence_number for packet in wire.rtp]
    assert numbers == [(numbers[0] + n) % (1 << 16) for n in range(len(numbers))]
    assert all(step % 960 == 0 for step in wire.steps())
    # RFC 3551 §4.1: "the first packet of a talkspurt", here the call's and that of the tones.
    marked = [packet for packet in wire.rtp if packet.marker]
    assert marked == [wire.rtp[0], wire.sound()[0]]
    at = wire.rtp.index(wire.sound()[0])
    assert wire.steps()[at : at + 20] == [960] * 20, "the two tones follow each other"


async def test_what_was_heard_is_told_to_the_packet() -> None:
    async with to_bare_client() as (one, wire):
        heard = []
        await one.prepare(Tone(), loop=True)
        await one.prepare(Tone(seconds=0.2))
        for name, seconds in ((1, 0.5), (2, 0.3)):
            playing = asyncio.create_task(one.play(KEY, Tone(), loop=True, name=name))
            await until(lambda: bool(wire.sound()))
            await asyncio.sleep(seconds)
            await one.stop_playing(KEY, name=name)
            heard.append(await playing)
        heard.append(await one.play(KEY, Tone(seconds=0.2)))
        await until(lambda: wire.rtp[-1].payload == opus.DTX)
    assert [played.ended for played in heard] == [False, False, True]
    count = round(sum(played.seconds for played in heard) * 50)
    assert len(wire.sound()) == count
    # One after the other: what was stopped left no packet, and no slot empty.
    at = wire.rtp.index(wire.sound()[0])
    assert wire.sound() == wire.rtp[at : at + count]
    assert set(wire.steps()[at : at + count - 1]) == {960}


async def test_a_pause_within_a_sound_is_time_without_packets() -> None:
    async with to_bare_client() as (one, wire):
        tone = Tone(seconds=1.2, cadence=(0.3, 0.6))
        assert await one.play(KEY, tone) == Played(ended=True, seconds=1.24)
    sound = wire.sound()
    marked = [packet for packet in sound if packet.marker]
    # 0.9 s after the first packet of the tone its second part begins, with a marker.
    again = marked[-1]
    first = next(packet for packet in sound if len(packet.payload) > 20)
    assert (again.timestamp - first.timestamp) % WRAP == 45 * 960
    before = wire.rtp[wire.rtp.index(again) - 1]
    assert (again.timestamp - before.timestamp) % WRAP > 15 * 960
    assert (again.sequence_number - before.sequence_number) % (1 << 16) == 1


async def test_each_packet_says_its_mid() -> None:
    async with to_bare_client() as (one, wire):
        await one.play(KEY, Tone(seconds=0.1))
    assert {data[0] & 0x10 for data in wire.raw} == {0x10}
    # RFC 8285 §4.2: one-byte headers, and one word: number 1, one character, "0", padding.
    assert {data[12:20] for data in wire.raw} == {bytes.fromhex("bede0001") + b"\x100\0\0"}


async def test_sender_reports_count_what_was_sent() -> None:
    """RFC 3550 §6.4.1: packets, octets of payload, and one moment on both clocks."""
    async with to_bare_client() as (one, wire):
        playing = asyncio.create_task(one.play(KEY, Tone(seconds=20)))
        await until(lambda: len(wire.reports) >= 2 and bool(wire.sound()))
        stats = await one.stats(KEY)
        playing.cancel()
    report, before = wire.reports[-1]
    info = report.sender_info
    counted = wire.rtp[: info.packet_count]
    assert abs(info.packet_count - before) <= 2  # what was under way
    assert info.octet_count == sum(len(packet.payload) for packet in counted)
    assert info.rtp_timestamp == counted[-1].timestamp
    assert abs(info.ntp_timestamp / (1 << 32) - 2_208_988_800 - time.time()) < 30
    assert report.ssrc == wire.rtp[0].ssrc
    assert stats.packets_sent >= info.packet_count


async def test_nothing_is_sent_on_hold_and_then_sound_begins_anew() -> None:
    async with to_bare_client() as (one, wire):
        transceiver = one._calls[KEY].peer._pc.getTransceivers()[0]
        playing = asyncio.create_task(one.play(KEY, Tone(seconds=3)))
        await until(lambda: len(wire.sound()) > 5)
        private.direct(transceiver, "recvonly")
        await asyncio.sleep(0.1)
        before = len(wire.rtp)
        await asyncio.sleep(0.3)
        assert len(wire.rtp) == before
        private.direct(transceiver, "sendrecv")
        await until(lambda: len(wire.rtp) > before + 5)
        playing.cancel()
    assert wire.rtp[before].marker
    assert not wire.rtp[before + 1].marker
    numbers = [packet.sequence_number for packet in wire.rtp]
    assert numbers == [(numbers[0] + n) % (1 << 16) for n in range(len(numbers))]
    assert wire.steps()[before - 1] >= 15 * 960, "the clock went on"


async def test_the_end_of_the_connection_ends_what_plays() -> None:
    async with call() as (one, _, _, _):
        playing = asyncio.create_task(one.play(KEY, Tone(seconds=20)))
        await asyncio.sleep(0.2)
        await one._calls[KEY].peer._pc.getTransceivers()[0].sender.transport.stop()
        with pytest.raises(CallClosed):
            await playing


async def test_a_call_that_never_sent_closes() -> None:
    async with engine() as (one, _):
        await one.create_offer(KEY, video=False, ice_servers=[])
        await one.close(KEY)
        assert one.live == 0
