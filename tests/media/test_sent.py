"""What we send is recorded beside what we hear: as it was encoded, and at its time."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.media.audio import (
    Samples,
    decode,
    in_order,
    names,
    picture,
    pitch,
    rms,
    rtp,
    sweep_packets,
)
from tests.media.calls import KEY, call
from tests.media.test_bridge import A, bridged
from tests.media.test_gaps import heard, seconds_of
from tests.media.test_recorder import Call
from tests.media.virtual import VirtualLoop, virtual
from voip.media import opus
from voip.media.events import FirstAudio, MarkKind, MediaDirection, Recording, RecordingEnded
from voip.media.packets import PlayedPacket
from voip.media.player import Player
from voip.media.sent import Sent
from voip.media.sounds import Tone


def played(*spans: tuple[tuple[bytes, ...], float]) -> list[PlayedPacket]:
    """Each span: payloads, and when the first is due."""
    packets: list[PlayedPacket] = []
    sent = Sent(packets.append)
    for payloads, due in spans:
        for number, payload in enumerate(payloads):
            sent(payload, due + number * 0.02)
    return packets


def parts(recording: Recording) -> Recording:
    (part,) = recording.parts
    assert part.direction is MediaDirection.SENT
    assert part.path.name == "played.ogg"
    return part


@pytest.mark.parametrize("begins", [-3.0, 0.0, 1.5])
@pytest.mark.parametrize("video", [False, True], ids=["ogg", "webm"])
async def test_both_sides_are_aligned(tmp_path: Path, begins: float, video: bool) -> None:
    call = Call(tmp_path)
    rest = (opus.SILENCE,) * 10 + (opus.DTX,)
    # A second of a sweep, a rest of 40 s, and another second of it, at 1 and at 42 s.
    ours = played(
        (rest, 1000 + begins),
        (sweep_packets()[:50], 1001 + begins),
        (rest, 1002 + begins),
        (sweep_packets()[50:100], 1042 + begins),
    )
    frames = picture("VP8") if video else ()
    call.clock.now = 1000 + min(begins, 0) - 1
    call.feed(in_order([*rtp(sweep_packets(60)), *ours], frames))
    recording = await call.recorder.stop()
    part = parts(recording)
    assert part.offset == pytest.approx(1 + begins, abs=0.001)
    assert part.seconds == pytest.approx(42, abs=0.02)
    assert seconds_of(part.path) == pytest.approx(42, abs=0.02)
    assert recording.direction is MediaDirection.RECEIVED
    data = part.path.read_bytes()
    assert all(payload in data for payload in sweep_packets()[:100])
    samples = decode(part.path)
    for at, second in ((0.5, 0.5), (41.5, 1.5)):
        assert pitch(samples, at) == pytest.approx(300 + 200 * (second + 0.05), abs=15)
    assert rms(samples[2 * 48_000 : 40 * 48_000]) == 0
    # 40 seconds of rest: a packet of two bytes every 120 ms, and the pages around them.
    spoken = sum(map(len, sweep_packets()[:100])) + 100
    assert len(data) - spoken < 40 * 45


async def test_nothing_played_is_no_file(tmp_path: Path) -> None:
    call = Call(tmp_path)
    call.feed(in_order([*rtp(sweep_packets()), *played(((opus.SILENCE,) * 50, 1001.0))], []))
    recording = await call.recorder.stop()
    assert recording.parts == ()
    assert names(tmp_path) == {"audio.ogg"}


async def test_a_mask_covers_both_sides(tmp_path: Path) -> None:
    call = Call(tmp_path)
    items = in_order([*rtp(sweep_packets()), *played((sweep_packets(), 1000.0))], [])
    call.feed([item for item in items if item.arrival < 1001])
    call.recorder.keep_nothing(MarkKind.MASK)
    call.feed([item for item in items if item.arrival >= 1001])
    recording = await call.recorder.stop()
    data = recording.path.read_bytes() + parts(recording).path.read_bytes()
    assert [n for n, one in enumerate(sweep_packets()) if one in data] == list(range(50))


async def test_who_stops_playing_is_not_silent_at_the_others_cost(tmp_path: Path) -> None:
    """What we play is nobody's voice: the rule of silence listens to the other side alone."""
    call = Call(tmp_path, until_silence=3.0)
    call.feed(in_order([*rtp((opus.DTX,) * 900), *played((sweep_packets(18), 1000.0))], []))
    recording = await call.recorder.stop()
    assert recording.ended.value == "silence"


def onset(samples: Samples) -> float:
    """The second at which the first sound begins."""
    loud = np.flatnonzero(np.abs(samples) > 1000)
    return float(loud[0]) / 48_000


async def test_what_is_echoed_lies_where_it_was_sent(tmp_path: Path) -> None:
    async with call() as (caller, _, callee, hears):
        await hears.wait(FirstAudio)
        await callee.start_echo(KEY)
        await callee.start_recording(KEY, tmp_path, both=True)
        await asyncio.sleep(0.3)
        await caller.play(KEY, Tone(seconds=0.3))
        await asyncio.sleep(1.0)
        await callee.stop_recording(KEY)
        (ended,) = hears.of(RecordingEnded)
        assert callee._calls[KEY].player.on_sent is None
    part = parts(ended.recording)
    theirs = onset(heard(ended.recording.path))
    ours = part.offset + onset(decode(part.path))
    # The echo is 0.6 s behind; it counts from its own first packet, which may have been late.
    assert ours - theirs == pytest.approx(0.6, abs=0.1)


async def test_what_a_bridge_passes_on_was_played(tmp_path: Path) -> None:
    async with bridged() as (middle, one, other):
        recorded: list[Recording] = []
        middle._listener = lambda event: (
            recorded.append(event.recording) if isinstance(event, RecordingEnded) else None
        )
        await middle.start_recording(A, tmp_path, both=True)
        await asyncio.gather(one.play(KEY, Tone(440, 0.6)), other.play(KEY, Tone(880, 0.6)))
        await asyncio.sleep(0.3)
        await middle.stop_recording(A)
    (recording,) = recorded
    theirs, ours = heard(recording.path), decode(parts(recording).path)
    assert pitch(theirs, onset(theirs) + 0.2) == pytest.approx(440, abs=15)
    assert pitch(ours, onset(ours) + 0.2) == pytest.approx(880, abs=15)


def test_a_loop_that_stood_still_does_not_shift_what_is_played() -> None:
    async def main() -> None:
        packets: list[PlayedPacket] = []
        player = Player()
        player.on_sent = Sent(packets.append)
        player.begin(lambda payload, timestamp, marker, event: None)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        playing = asyncio.create_task(player.play(tuple(sweep_packets())))
        await asyncio.sleep(0.09)
        assert len(packets) == 5
        loop.stall(2.0)  # more than is caught up with: the schedule moves on
        await asyncio.sleep(0.1)
        player.stop()
        await asyncio.gather(playing, return_exceptions=True)
        steps = [b.timestamp - a.timestamp for a, b in pairwise(packets)]
        assert len(steps) > 6
        assert steps[:4] + steps[5:] == [960] * (len(steps) - 1)
        assert steps[4] == pytest.approx(2 * 48_000, abs=960)
        dues = [packet.arrival for packet in packets]
        assert steps[4] / 48_000 == pytest.approx(dues[5] - dues[4])

    virtual(main())
