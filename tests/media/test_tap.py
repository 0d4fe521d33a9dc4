from __future__ import annotations

import pytest

from voip.media.packets import AudioPacket, VideoFrame
from voip.media.tap import Tap

PACKET = AudioPacket(b"x", 1, 2, 3, 4.0, None)
FRAME = VideoFrame("VP8", b"x", 1, True, 2.0)


class Sink:
    def __init__(self) -> None:
        self.packets: list[AudioPacket] = []
        self.frames: list[VideoFrame] = []

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
