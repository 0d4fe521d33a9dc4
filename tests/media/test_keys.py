"""Keys pressed in a call: what is on the wire, and what the other side is told."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

import pytest
from aiortc.rtp import RtpPacket, is_rtcp

from tests.media.calls import KEY, call, engine, sample, until
from tests.media.clients import BareClient, bare_client
from voip.media import private
from voip.media.errors import CallClosed, NoDigits
from voip.media.events import Digit, FirstAudio
from voip.media.sounds import Tone


def listen(client: BareClient) -> list[RtpPacket]:
    """Every RTP packet that reaches a client, decrypted."""
    heard: list[RtpPacket] = []
    dtls = client.pc.getTransceivers()[0].receiver.transport
    original = getattr(dtls, private.Dtls.HANDLE_RTP_DATA)

    async def handle(data: bytes, **kwargs: Any) -> None:
        assert not is_rtcp(data)
        heard.append(RtpPacket.parse(data))
        await original(data, **kwargs)

    setattr(dtls, private.Dtls.HANDLE_RTP_DATA, handle)
    return heard


def with_events(answer: str, rate: int, number: int) -> str:
    head, _, rest = answer.partition("m=audio ")
    first, _, rest = rest.partition("\r\n")
    return f"{head}m=audio {first} {number}\r\n{rest}a=rtpmap:{number} telephone-event/{rate}\r\n"


@pytest.mark.parametrize(("rate", "number"), [(48_000, 110), (8000, 126)])
async def test_keys_on_the_wire(rate: int, number: int) -> None:
    async with engine() as (one, heard), bare_client() as client:
        offer = await one.create_offer(KEY, video=False, ice_servers=[])
        assert f"a=rtpmap:{number} telephone-event/{rate}" in offer
        assert f"a=fmtp:{number} 0-15" in offer
        answer = await client.answer(offer)
        packets = listen(client)
        await one.apply_answer(KEY, with_events(answer, rate, number))
        await heard.wait(FirstAudio)
        playing = asyncio.create_task(one.play(KEY, Tone(seconds=0.8)))
        await until(lambda: any(len(packet.payload) > 3 for packet in packets))
        await one.send_digits(KEY, "7#", seconds=0.1, gap=0.06)
        assert not playing.done()
        await playing
        await asyncio.sleep(0.1)
    events = [packet for packet in packets if packet.payload_type == number]
    told = [struct.unpack("!BBH", packet.payload) for packet in events]
    step = rate // 50
    durations = [step, 2 * step, 3 * step, 4 * step, *[5 * step] * 3]
    assert [duration for _, _, duration in told] == durations * 2
    assert [code for code, _, _ in told] == [7] * 7 + [11] * 7
    assert [bool(flags & 0x80) for _, flags, _ in told] == ([False] * 4 + [True] * 3) * 2
    assert [packet.marker for packet in events] == ([1] + [0] * 6) * 2
    # One stream: its SSRC, its sequence numbers, its clock.
    assert len({packet.ssrc for packet in packets}) == 1
    numbers = [packet.sequence_number for packet in packets]
    assert numbers == [(numbers[0] + n) % (1 << 16) for n in range(len(numbers))]
    first, second = events[0], events[7]
    assert {packet.timestamp for packet in events[:7]} == {first.timestamp}
    assert {packet.timestamp for packet in events[7:]} == {second.timestamp}
    # Five slots of a press, and three of the gap, at 960 units of the sound's clock each.
    assert (second.timestamp - first.timestamp) % (1 << 32) == 8 * 960
    # What played waited: nothing of it is missing, and its clock went on.
    at = packets.index(events[-1])
    before, after = packets[packets.index(first) - 1], packets[at + 1]
    assert (after.timestamp - before.timestamp) % (1 << 32) == (1 + 2 * 8) * 960 - 960
    tone = [one for one in packets if one.payload_type != number and len(one.payload) > 3]
    assert len(tone) == 41  # 0.8 s, and what the encoder is behind


async def test_keys_both_ways_while_both_speak() -> None:
    async with call() as (one, hears, other, other_hears):
        await hears.wait(FirstAudio)
        speaking = [asyncio.create_task(each.play(KEY, Tone(seconds=1))) for each in (one, other)]
        await asyncio.gather(
            one.send_digits(KEY, "112*"), other.send_digits(KEY, "0d", seconds=0.2, gap=0.03)
        )
        await asyncio.gather(*speaking)
        await asyncio.sleep(0.1)
        assert [(one.digit, one.seconds) for one in other_hears.of(Digit)] == [
            ("1", 0.1),
            ("1", 0.1),
            ("2", 0.1),
            ("*", 0.1),
        ]
        assert [(one.digit, one.seconds) for one in hears.of(Digit)] == [("0", 0.2), ("D", 0.2)]
        assert (await one.stats(KEY)).packets_lost == 0


async def test_keys_are_pressed_one_after_the_other_and_stop_when_cancelled() -> None:
    async with call() as (one, hears, _, other_hears):
        await hears.wait(FirstAudio)
        long = asyncio.create_task(one.send_digits(KEY, "1" * 20))
        await other_hears.wait(Digit)
        queued = asyncio.create_task(one.send_digits(KEY, "5"))
        long.cancel()
        await queued
        await asyncio.sleep(0.4)
        digits = "".join(each.digit for each in other_hears.of(Digit))
        assert digits.rstrip("5") == "1" * (len(digits) - 1)
        assert 2 <= len(digits) < 6
        pressing = asyncio.create_task(one.send_digits(KEY, "1" * 20))
        await asyncio.sleep(0.05)
        await one.close(KEY)
        with pytest.raises(CallClosed):
            await pressing


async def test_what_the_other_side_does_not_take_is_not_sent() -> None:
    async with engine() as (one, _), bare_client() as client:
        offer = await one.create_offer(KEY, video=False, ice_servers=[])
        with pytest.raises(NoDigits):  # not answered yet
            await one.send_digits(KEY, "1")
        await one.apply_answer(KEY, await client.answer(offer))
        with pytest.raises(NoDigits):
            await one.send_digits(KEY, "1")


@pytest.mark.parametrize(
    ("name", "events"),
    [
        ("chromium-audio", {"110 telephone-event/48000", "126 telephone-event/8000"}),
        ("firefox-audio", {"101 telephone-event/8000"}),
        ("gstreamer-audio", set()),
    ],
)
async def test_events_are_taken_as_offered(name: str, events: set[str]) -> None:
    async with engine() as (one, _):
        answer = await one.create_answer(KEY, sample(name), ice_servers=[])
        again = await one.create_reanswer(KEY, sample(name))
        for text in (answer, again):
            lines = text.split("\r\n")
            assert {line[9:] for line in lines if "telephone-event" in line} == events
            for event in events:
                number = event.split(" ")[0]
                assert f"a=fmtp:{number} 0-15" in lines
                assert number in lines[[line[:7] for line in lines].index("m=audio")].split(" ")
        if events:
            with pytest.raises(ValueError, match="digits"):
                await one.send_digits(KEY, "x")
