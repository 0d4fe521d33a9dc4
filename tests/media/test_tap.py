from __future__ import annotations

import pytest

from voip.media.packets import AudioPacket, SenderReport, VideoFrame
from voip.media.tap import Tap

PACKET = AudioPacket(b"x", 1, 2, 3, 4.0, None)
FRAME = VideoFrame("VP8", b"x", 1, True, 2.0)


class Sink:
    def __init__(self) -> None:
        self.packets: list[AudioPacket] = []
        self.frames: list[VideoFrame] = []
        self.reports: list[SenderReport] = []

    def report(self, report: SenderReport) -> None:
        self.reports.append(report)

    def audio(self, packet: AudioPacket) -> None:
        self.packets.append(packet)

    def video(self, frame: VideoFrame) -> None:
        self.frames.append(frame)


def test_each_sink_gets_what_it_was_added_for() -> None:
    tap, first, second = Tap(), Sink(), Sink()
    tap.add_audio(first)
    tap.add_audio(second)
    tap.add_video(second)
    tap.audio(PACKET)
    tap.video(FRAME)
    assert first.packets == second.packets == [PACKET]
    assert (first.frames, second.frames) == ([], [FRAME])


def test_a_removed_sink_gets_nothing_more() -> None:
    tap, sink = Tap(), Sink()
    tap.add_audio(sink)
    tap.add_video(sink)
    tap.remove(sink)
    tap.remove(sink)
    tap.audio(PACKET)
    tap.video(FRAME)
    assert not sink.packets
    assert not sink.frames


def test_a_sink_may_take_itself_off_while_it_is_called() -> None:
    tap, after = Tap(), Sink()

    class Once(Sink):
        def audio(self, packet: AudioPacket) -> None:
            super().audio(packet)
            tap.remove(self)

    once = Once()
    tap.add_audio(once)
    tap.add_audio(after)
    tap.audio(PACKET)
    tap.audio(PACKET)
    assert len(once.packets) == 1
    assert len(after.packets) == 2


def test_a_sink_that_raises_is_taken_off_and_the_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(Sink):
        def audio(self, packet: AudioPacket) -> None:
            raise RuntimeError("no")

        def video(self, frame: VideoFrame) -> None:
            raise RuntimeError("no")

    tap, good = Tap(), Sink()
    for sink in (Broken(), good):
        tap.add_audio(sink)
        tap.add_video(sink)
    for _ in range(3):
        tap.audio(PACKET)
        tap.video(FRAME)
    assert len(good.packets) == len(good.frames) == 3
    # Once each time it is found broken: taken off both kinds together.
    assert len(caplog.records) == 1


def report(ssrc: int, second: float = 0.0) -> SenderReport:
    return SenderReport(ssrc, 3.9e9 + second, 5, 48_000)


def test_who_comes_late_gets_the_last_report_of_each_stream() -> None:
    tap, sink = Tap(), Sink()
    for one in (report(1), report(2), report(1, 5.0)):
        tap.report(one)
    tap.add_reports(sink)
    assert sink.reports == [report(2), report(1, 5.0)]
    tap.report(report(2, 6.0))
    tap.remove(sink)
    tap.report(report(2, 7.0))
    assert sink.reports[2:] == [report(2, 6.0)]


def test_reports_of_ever_new_streams_are_not_all_kept() -> None:
    tap, sink = Tap(), Sink()
    for ssrc in range(1000):
        tap.report(report(ssrc))
    tap.add_reports(sink)
    assert [one.ssrc for one in sink.reports] == list(range(969, 1000))
