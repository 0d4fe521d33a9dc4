"""Where time stamps lie, with clocks that run off, are set, jump and stand still."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from tests.media.audio import picture as frames_of
from tests.media.test_webm import places
from voip.media import opus
from voip.media.packets import AudioPacket, SenderReport
from voip.media.sender_clock import MOST, SenderClock
from voip.media.timeline import SteadyTimeline, Timeline
from voip.media.webm import VideoWriter

HOUR = 3600.0
EPOCH = 1000.0


@dataclass
class Stream:
    """A sender's stream: true seconds to timestamps, by a clock that is `ppm` off."""

    ssrc: int
    rate: int
    ppm: float = 0.0
    base: int = 123_456

    def timestamp(self, second: float) -> int:
        return (self.base + round(second * self.rate * (1 + self.ppm / 1e6))) % (1 << 32)

    def report(self, second: float, ntp: float = 3.9e9) -> SenderReport:
        return SenderReport(self.ssrc, ntp + second, self.timestamp(second), self.rate)


def run(
    sound: Stream, picture: Stream | None, *, ntp_ppm: float = 0.0, reports: bool = True
) -> list[np.ndarray]:
    """An hour with jitter; how many seconds each sound and each picture is off, from the second
    on at which the first of each has reported."""
    dice = np.random.default_rng(5)
    clock = SenderClock()
    lines = {
        one.ssrc: SteadyTimeline(one.rate, EPOCH, clock, leads=one is sound)
        for one in (sound, picture)
        if one is not None
    }
    off: dict[int, list[float]] = {ssrc: [] for ssrc in lines}
    # Sound every 60 ms, pictures 5 a second, each with its delay; reports every 5 s and 1 s.
    events = [(n * 0.06, sound, 0.03, 5.0) for n in range(round(HOUR / 0.06))]
    if picture is not None:
        events += [(n * 0.2, picture, 0.07, 1.0) for n in range(round(HOUR / 0.2))]
    next_report = dict.fromkeys(lines, 2.0)
    for second, stream, delay, interval in sorted(events, key=lambda event: event[0]):
        if reports and second >= next_report[stream.ssrc]:
            next_report[stream.ssrc] = second + interval
            # Senders take the two times a few milliseconds apart.
            skew = dice.uniform(-0.002, 0.002)
            clock.report(stream.report(second, 3.9e9 + second * ntp_ppm / 1e6 + skew))
        arrival = EPOCH + second + delay + dice.exponential(0.02)
        place = lines[stream.ssrc].place(stream.ssrc, stream.timestamp(second), arrival)
        if second > 5:
            off[stream.ssrc].append(place / stream.rate - second)
    return [np.array(values) for values in off.values()]


@pytest.mark.parametrize("ntp_ppm", [0.0, 80.0, -80.0])
def test_an_hour_of_drifting_clocks_stays_in_sync(ntp_ppm: float) -> None:
    sound, picture = run(Stream(1, 48_000, 100), Stream(2, 90_000, -100), ntp_ppm=ntp_ppm)
    worst = max(sound.max() - picture.min(), picture.max() - sound.min())
    # Both are off by what the first packet took; between any two moments of the hour they are
    # never further apart than this.
    assert worst < 0.04
    assert np.ptp(sound) < 0.04


def test_an_hour_in_a_file_is_in_sync_and_no_longer(tmp_path: Path) -> None:
    sound, picture, dice = Stream(1, 48_000, 100), Stream(2, 90_000, -100), np.random.default_rng(9)
    clock, key = SenderClock(), frames_of("VP8")[0]
    writer = VideoWriter(tmp_path, "video", key, EPOCH, clock)
    silence = b"\xfb\x03" + opus.SILENCE[1:] * 3  # 60 ms
    for n in range(round(HOUR / 0.06)):
        second = n * 0.06
        if n % 80 == 0:
            clock.report(sound.report(second))
            clock.report(picture.report(second))
        arrival = EPOCH + second + 0.03 + dice.exponential(0.02)
        writer.audio(AudioPacket(silence, n % 65536, sound.timestamp(second), 1, arrival, None))
        if n % 10 == 0:
            stamp, arrival = (
                picture.timestamp(second),
                EPOCH + second + 0.07 + dice.exponential(0.02),
            )
            writer.video(replace(key, timestamp=stamp, arrival=arrival, ssrc=2))
    writer.close()
    heard = np.array(places(writer.path, "audio")) - np.arange(round(HOUR / 0.06)) * 0.06
    seen = np.array(places(writer.path, "video")) - np.arange(len(heard[::10])) * 0.6
    assert np.abs(heard[::10] - seen).max() < 0.04
    assert writer.seconds == pytest.approx(HOUR, abs=0.1)


@pytest.mark.parametrize("ppm", [100.0, -100.0])
def test_a_sound_card_that_runs_off_is_followed_without_reports_too(ppm: float) -> None:
    (sound,) = run(Stream(1, 48_000, ppm), None, reports=False)
    assert np.ptp(sound) < 0.05  # as it is, a clock like that is 0.36 s off after an hour


def test_without_reports_the_arrival_is_all_there_is() -> None:
    sound, picture = run(Stream(1, 48_000), Stream(2, 90_000), reports=False)
    # Each is as late as its first packet was, and stays so.
    assert np.ptp(sound) < 0.001
    assert np.ptp(picture) < 0.001
    assert min(sound[0], picture[0]) > 0.03


def placed(line: Timeline, second: float, timestamp: int, ssrc: int = 1) -> float:
    return line.place(ssrc, timestamp, EPOCH + second) / 48_000


def test_a_new_stream_is_put_where_its_report_says() -> None:
    clock = SenderClock()
    line = SteadyTimeline(48_000, EPOCH, clock, leads=True)
    first, second = Stream(1, 48_000), Stream(7, 48_000, base=99)
    clock.report(first.report(0.0))
    for n in range(100):
        placed(line, n * 0.02, first.timestamp(n * 0.02))
    clock.report(second.report(2.0))
    # Its first packet comes half a second late; the sound in it is from second 2.
    assert placed(line, 2.5, second.timestamp(2.0), ssrc=7) == pytest.approx(2.0, abs=0.001)


def test_a_clock_that_is_set_moves_nothing() -> None:
    clock = SenderClock()
    sound = SteadyTimeline(48_000, EPOCH, clock, leads=True)
    stream, picture = Stream(1, 48_000), Stream(2, 90_000)
    frames = SteadyTimeline(90_000, EPOCH, clock, leads=False)
    for n in range(1000):
        second = n * 0.02
        if n % 50 == 0:
            ntp = 3.9e9 if second < 10 else 3.9e9 + 3600.0
            clock.report(stream.report(second, ntp))
            clock.report(picture.report(second, ntp))
        assert placed(sound, second, stream.timestamp(second)) == pytest.approx(second, abs=0.01)
        place = frames.place(2, picture.timestamp(second), EPOCH + second) / 90_000
        assert place == pytest.approx(second, abs=0.01)


@pytest.mark.parametrize(
    "report", [SenderReport(1, 0.0, 5, 48_000), SenderReport(1, 9e9, 5, 48_000)]
)
def test_reports_that_say_nothing_sensible_move_nothing(report: SenderReport) -> None:
    clock = SenderClock()
    line = SteadyTimeline(48_000, EPOCH, clock, leads=True)
    for n in range(500):
        clock.report(SenderReport(report.ssrc, report.ntp * (1 + n), report.timestamp, 48_000))
        assert placed(line, n * 0.02, n * 960) == pytest.approx(n * 0.02, abs=0.001)


def test_ever_new_streams_do_not_grow() -> None:
    clock = SenderClock()
    for ssrc in range(1000):
        clock.report(Stream(ssrc, 48_000).report(1.0))
    assert len(clock._reports) == MOST


def test_the_timestamps_wrap_within_a_report() -> None:
    clock = SenderClock()
    stream = Stream(1, 48_000, base=(1 << 32) - 48_000)
    clock.report(stream.report(0.5))
    clock.anchor(1, stream.timestamp(0.5), 100.5)
    assert clock.place(1, stream.timestamp(3.0)) == pytest.approx(103.0)
    assert clock.place(1, stream.timestamp(0.0)) == pytest.approx(100.0)
