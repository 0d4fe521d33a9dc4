"""A call of twelve hours at the speed of this machine: its counters and clocks wrap, its files are
whole and at their times, and nothing but them grows."""

from __future__ import annotations

import itertools
import resource
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from voip.media import opus
from voip.media.events import RecordingEnd
from voip.media.limits import PartLimits
from voip.media.packets import AudioPacket
from voip.media.reception import Reception
from voip.media.take import Take

HOUR = 3600.0
HOURS = 12
LENGTH = 2880
"""Samples in a packet, of 48,000 a second."""
PACKETS = round(HOURS * HOUR * 48_000 / LENGTH)
SLOW = 1 + 50e-6
"""The sender's second in ours: a sound card is as far off as that."""
SOUND = b"\xfb\x03" + opus.SILENCE[1:] * 3
EPOCH = 1000.0
GROWTH = 8_000_000
"""Bytes; what was received in eleven hours is three times as much, without what Python adds."""


def packets() -> Iterator[AudioPacket]:
    """Their time stamps wrap after an hour, their numbers once in 65 minutes."""
    first = (1 << 32) - round(HOUR) * 48_000
    for n in range(PACKETS):
        stamp = (first + n * LENGTH) % (1 << 32)
        yield AudioPacket(SOUND, n % 65536, stamp, 1, EPOCH + n * 0.06 * SLOW, None)


def sounds(path: Path) -> int:
    """How many of the packets are in a file, which has others where a clock was made up for."""
    with av.open(str(path)) as container:
        return sum(bytes(one) == SOUND for one in container.demux(container.streams.audio[0]))


def peak() -> int:
    """Bytes, the most that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.mark.timeout(300)
def test_a_recording_of_twelve_hours(tmp_path: Path) -> None:
    take, seen, after_an_hour = Take(tmp_path, limits=PartLimits(HOUR)), Reception(48_000), 0
    for n, packet in enumerate(packets()):
        take.audio(packet)
        seen.count(packet.sequence, packet.timestamp, len(SOUND), packet.arrival)
        if n % 5 == 0:
            take.flush(packet.arrival)
        if n == PACKETS // HOURS:
            after_an_hour = peak()
    grown = peak() - after_an_hour
    length = HOURS * HOUR * SLOW
    recording = take.finish(RecordingEnd.STOPPED, EPOCH + length)
    files = [recording, *recording.parts]
    starts = [n * HOUR for n in range(HOURS + 1)]  # the last one holds what their clock is slow by
    assert [one.offset for one in files] == pytest.approx(starts, abs=1)
    assert files[-1].offset + files[-1].seconds == pytest.approx(length, abs=0.1)
    for one, following in itertools.pairwise(files):
        assert one.offset + one.seconds == pytest.approx(following.offset, abs=0.01)
    assert sum(sounds(one.path) for one in files) == PACKETS
    assert (seen.packets_received, seen.lost) == (PACKETS, 0)
    assert grown < GROWTH
