"""A peer that sends what it likes, encrypted properly: its own call goes on, its recording plays,
and the call beside it on the same port notices nothing."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Callable
from pathlib import Path

import av
import pylibsrtp
import pytest
from aioice import stun
from aiortc import AudioStreamTrack, RTCDtlsTransport

from tests.media.calls import KEY, own_address, until
from tests.media.clients import BareClient
from tests.media.test_private import Ear
from tests.media.test_shared_port import answering, port_of
from voip.media import private
from voip.media.engine import MediaEngine
from voip.media.events import RecordingEnd, RecordingEnded
from voip.signalling.ids import CallKey

BAD, GOOD = CallKey(KEY.room_id, "0"), CallKey(KEY.room_id, "1")
OPUS = 96
"""The payload type that aiortc gives it."""
LONGEST = 1352
"""Bytes that libsrtp makes a packet of 1,500 of, with what it adds at most."""
DICE = random.Random(11)  # noqa: S311 - reproducible, not secret


def rtp(number: int, *, payload_type: int = OPUS, sequence: int, timestamp: int) -> bytes:
    head = (0x80, payload_type, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, 77)
    return struct.pack("!BBHII", *head) + b"\xfc" + bytes([number & 0xFF] * 20)


def never_offered(number: int) -> bytes:
    """Those of RTCP aside (RFC 5761 §4)."""
    kinds = [kind for kind in range(128) if not 64 <= kind <= 95 and kind != OPUS]
    return rtp(
        number, payload_type=kinds[number % len(kinds)], sequence=number, timestamp=number * 960
    )


def random_rtp(number: int) -> bytes:
    """As many random bytes as fit, of the right payload type; the first ones are its header's."""
    return bytes([0x80 | DICE.randrange(64), OPUS]) + DICE.randbytes(LONGEST - 2)


def random_payload(number: int) -> bytes:
    return rtp(number, sequence=number, timestamp=number * 960)[:12] + DICE.randbytes(LONGEST - 12)


def random_rtcp(number: int) -> bytes:
    """Of each type that is known, and of some that are not (RFC 5761 §4)."""
    return bytes([0x80 | DICE.randrange(64), 192 + number % 17]) + DICE.randbytes(LONGEST - 2)


def short_rtcp(number: int) -> bytes:
    """A length that is none, or more than there is (RFC 3550 §6.4.1)."""
    words = DICE.choice((0, 1, 5, 6, 0xFFFF))
    head = struct.pack("!BBHI", 0x80 | number % 32, 200 + number % 7, words, 77)
    return head + DICE.randbytes(4 * DICE.randrange(8))


def jumping_sequence(number: int) -> bytes:
    return rtp(number, sequence=DICE.randrange(65536), timestamp=number * 960)


def broken_clock(number: int) -> bytes:
    return rtp(number, sequence=number, timestamp=DICE.randrange(1 << 32))


def standing_clock(number: int) -> bytes:
    return rtp(number, sequence=number, timestamp=5)


MANGLERS = [
    never_offered,
    random_rtp,
    random_payload,
    random_rtcp,
    short_rtcp,
    jumping_sequence,
    broken_clock,
    standing_clock,
]


@pytest.mark.parametrize("mangled", MANGLERS, ids=lambda one: one.__name__)
async def test_bad_media_cost_at_most_themselves(
    tmp_path: Path, mangled: Callable[[int], bytes]
) -> None:
    async with answering(2) as (one, clients):
        recording = [tmp_path / key.call_id for key in (BAD, GOOD)]
        ears = [Ear(), Ear()]
        for key, folder, ear in zip((BAD, GOOD), recording, ears, strict=True):
            folder.mkdir()
            one._calls[key].peer.tap.add_audio(ear)
            await one.start_recording(key, folder)
        await until(lambda: len(ears[0].packets) > 25)
        sender = clients[0].pc.getSenders()[0]
        sender.replaceTrack(None)
        dtls = clients[0].pc.getTransceivers()[0].receiver.transport
        sent = 0
        for number in range(400):
            sent += await send(dtls, mangled(number))
            if number % 20 == 0:
                await asyncio.sleep(0.02)
        assert sent > 100
        if mangled in (never_offered, random_rtcp, short_rtcp):
            await asyncio.sleep(0.1)
            assert {packet.ssrc for packet in ears[0].packets} == {sender._ssrc}
        # Whoever sent it may talk on.
        before = heard_of(ears[0], sender._ssrc)
        sender.replaceTrack(AudioStreamTrack())
        await until(lambda: heard_of(ears[0], sender._ssrc) > before + 25)
        assert (await one.stats(BAD)).connected
        await both_play(one, recording)
        numbers = [packet.sequence for packet in ears[1].packets]
        assert [(numbers[0] + step) & 0xFFFF for step in range(len(numbers))] == numbers
        assert (await one.stats(GOOD)).packets_refused == 0


async def send(dtls: RTCDtlsTransport, data: bytes) -> bool:
    """Encrypted as everything is; what libsrtp itself refuses to encrypt is left out."""
    try:
        await getattr(dtls, private.Dtls.SEND_RTP)(data)
    except pylibsrtp.Error:
        return False
    return True


def heard_of(ear: Ear, ssrc: int) -> int:
    return sum(packet.ssrc == ssrc for packet in ear.packets)


async def both_play(one: MediaEngine, folders: list[Path]) -> None:
    for key, folder in zip((BAD, GOOD), folders, strict=True):
        await one.stop_recording(key)
        (file,) = folder.iterdir()
        with av.open(str(file)) as container:
            frames = 0
            for packet in container.demux(container.streams.audio[0]):
                try:
                    frames += len(packet.decode())
                except av.error.InvalidDataError:  # a random payload is no Opus; players go on
                    assert key is BAD
            assert frames > 20


async def test_a_recording_of_bad_media_ends_as_any_other(tmp_path: Path) -> None:
    async with answering(1) as (one, clients):
        await one.start_recording(BAD, tmp_path)
        dtls = clients[0].pc.getTransceivers()[0].receiver.transport
        for number in range(300):
            await send(dtls, MANGLERS[number % len(MANGLERS)](number))
        await asyncio.sleep(0.3)
        heard = one._listener
        await one.close(BAD)
    (ended,) = heard.of(RecordingEnded)  # type: ignore[attr-defined]  # it is a Heard
    assert ended.recording.ended is RecordingEnd.CALL_ENDED
    assert ended.recording.size > 0


async def test_checks_of_strangers_at_a_high_rate_delay_nobody() -> None:
    """Twenty for each packet of a call: every packet is there, in order, and no stranger gets an
    answer."""
    async with answering(1) as (one, clients):
        port = port_of(one)
        ear = Ear()
        one._calls[BAD].peer.tap.add_audio(ear)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.setblocking(False)
            flood = [_check(f"nobody{number}:x") for number in range(20)]
            sent = 0
            for wanted in range(10, 110, 10):
                # Not on before the next ten packets came through it.
                while len(ear.packets) < wanted:
                    for data in flood:
                        stranger.sendto(data, (own_address(), port.port))
                        sent += 1
                    await asyncio.sleep(0.002)
            await until(lambda: port.strangers == sent)
            with pytest.raises(BlockingIOError):
                stranger.recv(2048)
        assert sent >= 1000
        numbers = [packet.sequence for packet in ear.packets]
        assert [(numbers[0] + step) & 0xFFFF for step in range(len(numbers))] == numbers
        assert not port._routes._asked
        _speaks(clients[0])


def _check(name: str) -> bytes:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = name
    message.attributes["PRIORITY"] = 1
    message.add_message_integrity(b"guessed")
    return bytes(message)


def _speaks(client: BareClient) -> None:
    assert client.pc.connectionState == "connected"
