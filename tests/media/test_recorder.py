from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from tests.media.audio import (
    decode,
    encode,
    file_size,
    in_order,
    names,
    picture,
    pitch,
    rtp,
    speech,
    sweep_packets,
)
from voip.media.events import Recording, RecordingEnd
from voip.media.limits import UNLIMITED, PartLimits
from voip.media.packets import AudioPacket, VideoFrame
from voip.media.parts import MOST
from voip.media.recorder import Recorder
from voip.media.take import Take
from voip.media.writer import WriterThread


class Clock:
    """The packets' clock, moved by the test."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class ByHand(WriterThread):
    """The writer's rounds, done when the test says so; nothing runs in the background."""

    def __init__(self) -> None:
        super().__init__()
        self._running = True  # so that no thread is begun

    def wake(self) -> None:
        self.round()

    def round(self) -> None:
        for job in list(self._jobs):
            if job.work():
                self._jobs.remove(job)


class Call:
    """A recorder with everything in the test's hand."""

    def __init__(
        self,
        folder: Path,
        limits: PartLimits = UNLIMITED,
        on_growth: Callable[[Recording], None] | None = None,
        **rules: float,
    ) -> None:
        self.clock, self.thread = Clock(), ByHand()
        self.ended: list[Recording] = []
        self.recorder = Recorder(
            folder,
            on_end=self.ended.append,
            thread=self.thread,
            clock=self.clock,
            until_silence=rules.get("until_silence"),
            max_seconds=rules.get("max_seconds"),
            limits=limits,
            on_growth=on_growth,
        )

    def feed(self, items: Sequence[AudioPacket | VideoFrame]) -> None:
        """Hand the items over in their order, with a round of the writer every quarter second."""
        for item in items:
            if item.arrival - self.clock.now > 0.25:
                self.clock.now = item.arrival
                self.thread.round()
            if isinstance(item, AudioPacket):
                self.recorder.audio(item)
            else:
                self.recorder.video(item)


async def settled() -> None:
    """Let what the writer handed to the loop be called."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def mixed(codec: str, video_from: int = 0) -> list[AudioPacket | VideoFrame]:
    return in_order(list(rtp(sweep_packets()[:100])), picture(codec)[video_from:])


async def test_sound_alone_becomes_an_ogg(tmp_path: Path) -> None:
    call = Call(tmp_path)
    call.feed(list(rtp(sweep_packets())))
    recording = await call.recorder.stop()
    await settled()
    assert recording.path == tmp_path / "audio.ogg"
    assert recording.mime_type == "audio/ogg"
    assert recording.seconds == pytest.approx(4.0, abs=0.01)
    assert recording.size == file_size(recording.path)
    assert recording.ended is RecordingEnd.STOPPED
    assert call.ended == [recording]
    assert pitch(decode(recording.path), 3.0) == pytest.approx(910, abs=15)


@pytest.mark.parametrize(
    ("codec", "name", "mime_type"),
    [("VP8", "video.webm", "video/webm"), ("H264", "video.mkv", "video/x-matroska")],
)
async def test_with_a_picture_everything_is_in_one_file(
    tmp_path: Path, codec: str, name: str, mime_type: str
) -> None:
    call = Call(tmp_path)
    # The first keyframe of these comes a second after the first sound.
    call.feed(mixed(codec, video_from=5))
    recording = await call.recorder.stop()
    assert (recording.path.name, recording.mime_type) == (name, mime_type)
    assert (recording.width, recording.height) == (160, 120)
    assert recording.seconds == pytest.approx(2.0, abs=0.05)
    assert names(tmp_path) == {name}
    assert pitch(decode(recording.path), 0.3) == pytest.approx(370, abs=15)


async def test_the_ogg_stays_until_the_video_file_holds_more(tmp_path: Path) -> None:
    call = Call(tmp_path)
    items = mixed("VP8", video_from=5)
    call.feed([item for item in items if item.arrival < 1001.3])
    assert names(tmp_path) == {"audio.ogg", "video.webm"}
    await call.recorder.stop()
    assert names(tmp_path) == {"video.webm"}


def later(frames: Sequence[VideoFrame], seconds: float, screen: int = 0) -> list[VideoFrame]:
    return [
        msgspec.structs.replace(
            frame,
            arrival=frame.arrival + seconds,
            timestamp=frame.timestamp + round(seconds * 90_000),
            screen=screen,
        )
        for frame in frames
    ]


async def test_a_camera_that_comes_late_has_a_file_beside_the_sound(tmp_path: Path) -> None:
    call = Call(tmp_path)
    begins = Take.PICTURE_WAIT + 0.5
    call.feed(in_order(list(rtp(sweep_packets(14))), later(picture("VP8"), begins)))
    recording = await call.recorder.stop()
    assert names(tmp_path) == {"audio.ogg", "video.webm"}
    assert recording.path.name == "audio.ogg"
    assert recording.seconds == pytest.approx(14, abs=0.05)
    (part,) = recording.parts
    assert part.path.name == "video.webm"
    assert part.offset == pytest.approx(begins, abs=0.001)
    assert part.seconds == pytest.approx(2, abs=0.05)
    # It has the sound of its own time.
    assert pitch(decode(part.path), 1.0) == pytest.approx(300 + 200 * (begins + 1), abs=25)


async def test_each_screen_that_is_shared_is_a_file_with_its_place_in_time(tmp_path: Path) -> None:
    call = Call(tmp_path)
    screens = [
        *later(picture("VP8", 60, (320, 240))[5:], 0.5, 1),  # its first keyframe comes at 1.5 s
        *later(picture("H264", 30, (320, 200)), 4, 2),
    ]
    call.feed(in_order(list(rtp(sweep_packets(6))), [*picture("VP8"), *screens]))
    recording = await call.recorder.stop(RecordingEnd.CALL_ENDED)
    assert names(tmp_path) == {"video.webm", "screen.webm", "screen-2.mkv"}
    assert (recording.path.name, recording.width) == ("video.webm", 160)
    assert recording.seconds == pytest.approx(6, abs=0.05)
    first, second = recording.parts
    assert (first.path.name, first.width, first.height) == ("screen.webm", 320, 240)
    assert first.offset == pytest.approx(1.5, abs=0.001)
    assert first.seconds == pytest.approx(1, abs=0.05)
    assert (second.path.name, second.mime_type) == ("screen-2.mkv", "video/x-matroska")
    assert (second.width, second.height) == (320, 200)
    assert second.offset == pytest.approx(4, abs=0.001)
    assert [part.ended for part in recording.parts] == [RecordingEnd.CALL_ENDED] * 2
    assert [part.size for part in recording.parts] == [file_size(p.path) for p in recording.parts]
    for part in recording.parts:
        heard = pitch(decode(part.path), 0.5)
        assert heard == pytest.approx(300 + 200 * (part.offset + 0.5), abs=25)


async def test_a_screen_beside_sound_alone_leaves_the_sound_as_it_is(tmp_path: Path) -> None:
    call = Call(tmp_path)
    call.feed(in_order(list(rtp(sweep_packets())), later(picture("VP8"), 1, 1)))
    recording = await call.recorder.stop()
    assert names(tmp_path) == {"audio.ogg", "screen.webm"}
    assert recording.seconds == pytest.approx(4, abs=0.05)
    assert recording.parts[0].offset == pytest.approx(1, abs=0.001)


async def test_a_screen_before_any_sound_has_a_place_before_it(tmp_path: Path) -> None:
    call = Call(tmp_path)
    call.feed(in_order(list(rtp(sweep_packets(), arrival=1001.5)), later(picture("VP8"), 0, 1)))
    recording = await call.recorder.stop()
    assert recording.parts[0].offset == pytest.approx(-1.5, abs=0.001)
    call = Call(tmp_path)
    call.feed(later(picture("VP8"), 0, 1))
    recording = await call.recorder.stop()
    assert [part.path.name for part in recording.parts] == ["screen-2.webm"]
    assert recording.parts[0].offset == 0


async def test_a_screen_that_was_muted_keeps_its_gap(tmp_path: Path) -> None:
    call = Call(tmp_path)
    frames = picture("VP8", 60)
    muted = [*later(frames[:30], 0, 1), *later(frames[30:], 3, 1)]
    call.feed(in_order(list(rtp(sweep_packets(6))), muted))
    (part,) = (await call.recorder.stop()).parts
    assert part.seconds == pytest.approx(5, abs=0.05)
    assert pitch(decode(part.path), 3) == pytest.approx(300 + 200 * 3, abs=25)


async def test_shares_without_end_make_a_bounded_number_of_files(tmp_path: Path) -> None:
    call = Call(tmp_path)
    keyframe = picture("VP8")[0]
    for number in range(1, 3 * MOST):
        call.feed(later([keyframe], number / 10, number))
    recording = await call.recorder.stop()
    assert len(recording.parts) == MOST
    assert len(names(tmp_path)) == MOST + 1


async def test_a_screen_that_begins_with_junk_waits_for_a_keyframe(tmp_path: Path) -> None:
    call = Call(tmp_path)
    junk = VideoFrame("VP8", b"junk", 0, True, 1000.0, screen=1)
    call.feed([junk, *later(picture("VP8"), 0.5, 1)])
    (part,) = (await call.recorder.stop()).parts
    assert part.seconds == pytest.approx(2, abs=0.05)


def rename(folder: Path, name: str) -> Path:
    return folder.rename(folder.with_name(name))


async def test_a_disk_that_fails_under_a_screen_ends_the_recording_and_keeps_the_rest(
    tmp_path: Path,
) -> None:
    call = Call(tmp_path)
    call.feed(in_order(list(rtp(sweep_packets())), later(picture("VP8"), 0, 1)))
    moved = rename(tmp_path, "moved")
    call.feed(later(picture("VP8"), 5, 2))  # whose file has no folder any more
    call.thread.round()
    await settled()
    (recording,) = call.ended
    assert recording.ended is RecordingEnd.WRITE_FAILED
    assert names(moved) == {"audio.ogg", "screen.webm"}
    assert pitch(decode(moved / "screen.webm"), 0.5) == pytest.approx(400, abs=25)


async def test_a_frame_that_is_no_keyframe_costs_nothing(tmp_path: Path) -> None:
    call = Call(tmp_path)
    call.recorder.video(VideoFrame("VP8", b"junk", 0, True, 1000.0))
    call.feed(list(rtp(sweep_packets())))
    recording = await call.recorder.stop()
    assert recording.path.name == "audio.ogg"
    assert recording.seconds == pytest.approx(4.0, abs=0.01)


async def test_the_longest_time_ends_it_and_later_packets_are_ignored(tmp_path: Path) -> None:
    call = Call(tmp_path, max_seconds=2)
    call.feed(list(rtp(sweep_packets())))
    await settled()
    assert [one.ended for one in call.ended] == [RecordingEnd.MAX_SECONDS]
    assert call.ended[0].seconds == pytest.approx(2.0, abs=0.3)
    again = await call.recorder.stop(RecordingEnd.CALL_ENDED)
    await settled()
    assert again is call.ended[0]
    assert len(call.ended) == 1


async def test_silence_ends_it(tmp_path: Path) -> None:
    call = Call(tmp_path, until_silence=3)
    call.feed([*rtp(encode(speech())[:100], level=20)])
    for second in range(1, 5):
        call.clock.now = 1002 + second
        call.thread.round()
    await settled()
    assert [one.ended for one in call.ended] == [RecordingEnd.SILENCE]


async def test_two_recordings_of_a_call_do_not_overwrite_each_other(tmp_path: Path) -> None:
    files = []
    for _ in range(3):
        call = Call(tmp_path)
        call.feed(list(rtp(sweep_packets()[:50])))
        files.append((await call.recorder.stop()).path.name)
    assert files == ["audio.ogg", "audio-2.ogg", "audio-3.ogg"]


async def test_a_call_without_a_packet_gives_a_file_that_opens(tmp_path: Path) -> None:
    recording = await Call(tmp_path).recorder.stop(RecordingEnd.CALL_ENDED)
    assert recording.ended is RecordingEnd.CALL_ENDED
    assert recording.seconds < 0.02
    assert len(decode(recording.path)) < 960


async def test_a_disk_that_does_not_keep_up_costs_packets_and_no_memory(tmp_path: Path) -> None:
    call = Call(tmp_path)
    for packet in rtp(sweep_packets() * 20):
        call.recorder.audio(packet)
    assert call.recorder.dropped == 20 * len(sweep_packets()) - Recorder.MAX_WAITING
    frame = VideoFrame("VP8", bytes(1 << 20), 0, False, 1000.0)
    call = Call(tmp_path)
    for _ in range(100):
        call.recorder.video(frame)
    assert call.recorder.dropped == 100 - (Recorder.MAX_WAITING_BYTES >> 20)
    call.thread.round()
    call.recorder.video(frame)
    assert call.recorder.dropped == 100 - (Recorder.MAX_WAITING_BYTES >> 20)
    await call.recorder.stop()


async def test_a_folder_that_is_gone_ends_the_recording_and_nothing_else(tmp_path: Path) -> None:
    call = Call(tmp_path / "gone")
    other = Recorder(tmp_path, thread=call.thread, clock=call.clock)
    for packet in rtp(sweep_packets()):
        call.recorder.audio(packet)
        other.audio(packet)
    call.thread.round()
    await settled()
    assert [one.ended for one in call.ended] == [RecordingEnd.WRITE_FAILED]
    assert call.ended[0].size == 0
    assert (await other.stop()).seconds == pytest.approx(4.0, abs=0.01)


async def test_many_recorders_share_one_thread_that_ends_with_the_last(tmp_path: Path) -> None:
    thread = WriterThread()
    folders = [tmp_path / str(number) for number in range(25)]
    for folder in folders:
        folder.mkdir()
    recorders = [Recorder(folder, thread=thread, clock=lambda: 1004.0) for folder in folders]
    for recorder in recorders:
        for packet in rtp(sweep_packets()):
            recorder.audio(packet)
    running = [one for one in threading.enumerate() if one.name == "recordings"]
    assert len(running) == 1
    recordings = await asyncio.gather(*(recorder.stop() for recorder in recorders))
    assert {one.path.parent for one in recordings} == set(folders)
    assert all(one.seconds == pytest.approx(4.0, abs=0.01) for one in recordings)
    await asyncio.to_thread(running[0].join, 5)
    assert not running[0].is_alive()


async def test_stop_that_is_cancelled_still_closes_the_file(tmp_path: Path) -> None:
    ended: list[Recording] = []
    done = asyncio.Event()

    def on_end(recording: Recording) -> None:
        ended.append(recording)
        done.set()

    recorder = Recorder(tmp_path, on_end=on_end, clock=lambda: 1004.0)
    for packet in rtp(sweep_packets()):
        recorder.audio(packet)
    stopping = asyncio.create_task(recorder.stop())
    await asyncio.sleep(0)
    stopping.cancel()
    async with asyncio.timeout(5):
        await done.wait()
    assert ended[0].seconds == pytest.approx(4.0, abs=0.01)
    assert await recorder.stop() is ended[0]
