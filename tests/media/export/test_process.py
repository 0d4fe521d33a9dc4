"""Whole exports, in the process that does them: what comes out is read back and listened to."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import sys
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest

from tests.media.audio import decode, names, picture, rms, sweep
from tests.media.export.files import RATE, beep_begins, beeps, ogg, video
from tests.media.test_repair import left_open_ogg
from tests.media.test_webm import brightness
from tests.small_disks import fill
from voip.media.condition import Condition, condition
from voip.media.export.errors import (
    ExportBroke,
    ExportError,
    NothingToExport,
    TargetFailed,
    UnreadableRecording,
    WrongTarget,
)
from voip.media.export.order import Format, Side, Source
from voip.media.export.process import export
from voip.media.packets import VideoFrame
from voip.media.webm import VideoWriter

PAGE = resource.getpagesize()
SOUNDS = [Format.OGG, Format.MP3, Format.WAV, Format.M4A]
CODECS = {Format.OGG: "opus", Format.MP3: "mp3float", Format.WAV: "pcm_s16le", Format.M4A: "aac"}


def two_sides(folder: Path) -> list[Source]:
    """Both beep at seconds 1 and 3 of the call; ours began 0.75 s later."""
    return [
        Source(ogg(folder / "audio.ogg", beeps(4, 1000, 1, 3))),
        Source(ogg(folder / "played.ogg", beeps(3, 2500, 0.25, 2.25)), offset=0.75, side=Side.OURS),
    ]


def seconds(path: Path) -> float:
    with av.open(str(path)) as container:
        assert container.duration is not None
        return container.duration / av.time_base


@pytest.mark.parametrize("wanted", SOUNDS)
async def test_both_sides_are_in_it_within_twenty_milliseconds(
    tmp_path: Path, wanted: Format
) -> None:
    target = tmp_path / f"call.{wanted.value}"
    exported = await export(two_sides(tmp_path), target, wanted)
    assert (exported.path, exported.sources) == (target, ("audio.ogg", "played.ogg"))
    assert exported.size == target.stat().st_size
    assert exported.seconds == pytest.approx(4, abs=0.02)
    assert seconds(target) == pytest.approx(4, abs=0.05)
    with av.open(str(target)) as container:
        (stream,) = container.streams
        assert stream.codec_context.name == CODECS[wanted]
    heard = decode(target)
    assert beep_begins(heard, 1000) == pytest.approx([1, 3], abs=0.02)
    assert beep_begins(heard, 2500) == pytest.approx([1, 3], abs=0.02)


async def test_a_part_that_began_before_the_sound_moves_the_others(tmp_path: Path) -> None:
    first, second = two_sides(tmp_path)
    early = msgspec.structs.replace(second, offset=-0.5)
    target = tmp_path / "call.wav"
    await export([first, early], target, Format.WAV)
    heard = decode(target)
    assert beep_begins(heard, 1000) == pytest.approx([1.5, 3.5], abs=0.02)
    assert beep_begins(heard, 2500) == pytest.approx([0.25, 2.25], abs=0.02)


async def test_progress_is_told_from_none_to_all(tmp_path: Path) -> None:
    one = ogg(tmp_path / "audio.ogg", beeps(1, 1000, 0.5))
    later = ogg(tmp_path / "played.ogg", beeps(1, 2500, 0.5))
    told: list[float] = []
    target = tmp_path / "call.ogg"
    exported = await export(
        [Source(one), Source(later, offset=600.0)], target, Format.OGG, progress=told.append
    )
    assert exported.seconds == pytest.approx(601, abs=0.02)
    assert told == sorted(told)
    assert len(told) > 50
    assert told[-1] == pytest.approx(1, abs=0.01)


async def test_one_track_in_its_own_format_is_taken_as_it_is(tmp_path: Path) -> None:
    path = ogg(tmp_path / "audio.ogg", sweep(2))
    exported = await export([Source(path)], tmp_path / "copy.ogg", Format.OGG)
    assert not exported.encoded
    assert (tmp_path / "copy.ogg").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("codec", ["VP8", "H264"])
@pytest.mark.parametrize("wanted", [Format.MP4, Format.WEBM])
async def test_a_picture_is_beside_the_mix_of_both(
    tmp_path: Path, codec: str, wanted: Format
) -> None:
    sources = [
        Source(video(tmp_path, "video", codec, beeps(3, 1000, 0.5, 1.5)), shown=True),
        Source(ogg(tmp_path / "played.ogg", beeps(3, 2500, 0.5, 2)), offset=0.5, side=Side.OURS),
    ]
    target = tmp_path / f"call.{wanted.value}"
    exported = await export(sources, target, wanted)
    kept = (codec, wanted) in {("VP8", Format.WEBM), ("H264", Format.MP4)}
    assert exported.encoded is not kept
    with av.open(str(target)) as container:
        found = [stream.codec_context.name for stream in container.streams]
    assert found == (["h264", "aac"] if wanted is Format.MP4 else ["vp8", "opus"])
    assert seconds(target) == pytest.approx(3.5, abs=0.05)
    heard = decode(target)
    assert beep_begins(heard, 1000) == pytest.approx([0.5, 1.5], abs=0.02)
    assert beep_begins(heard, 2500) == pytest.approx([1, 2.5], abs=0.02)
    seen = brightness(target)
    assert len(seen) == 60
    assert [at for at, _ in seen] == pytest.approx([n / 30 for n in range(60)], abs=0.01)
    assert [grey for _, grey in seen] == pytest.approx([40 + 2 * n for n in range(60)], abs=4)


async def test_a_picture_that_was_kept_is_the_same_to_the_byte(tmp_path: Path) -> None:
    path = video(tmp_path, "video", "H264", beeps(2, 1000, 0.5))
    await export([Source(path, shown=True)], tmp_path / "call.mp4", Format.MP4)
    decoded = []
    for each in (path, tmp_path / "call.mp4"):
        with av.open(str(each)) as container:
            frames = container.decode(container.streams.video[0])
            decoded.append([frame.to_ndarray(format="gray").tobytes() for frame in frames])
    assert decoded[0] == decoded[1]


@pytest.mark.parametrize("wanted", [Format.MP4, Format.WEBM])
async def test_a_screen_has_its_place_and_not_its_own_sound(tmp_path: Path, wanted: Format) -> None:
    sources = [
        Source(ogg(tmp_path / "audio.ogg", beeps(4, 1000, 1.5))),
        Source(
            video(tmp_path, "screen", "VP8", beeps(2, 2500, 0.5)),
            offset=1.0,
            heard=False,
            shown=True,
        ),
    ]
    target = tmp_path / f"call.{wanted.value}"
    exported = await export(sources, target, wanted)
    assert exported.sources == ("audio.ogg", "screen.webm")
    heard = decode(target)
    assert beep_begins(heard, 1000) == pytest.approx([1.5], abs=0.02)
    seen = brightness(target)
    assert seen[0][0] == pytest.approx(1.0, abs=0.01)
    assert seen[-1][0] == pytest.approx(1.0 + 59 / 30, abs=0.01)


@pytest.mark.parametrize("wanted", [Format.MP4, Format.WEBM])
@pytest.mark.parametrize("codecs", [("VP8", "VP8"), ("H264", "H264"), ("VP8", "H264")])
async def test_pictures_in_several_files_follow_each_other(
    tmp_path: Path, wanted: Format, codecs: tuple[str, str]
) -> None:
    """A recording that went on in another file: after a time, a size, or another codec."""
    sources = [
        Source(video(tmp_path, "video", codecs[0], beeps(2, 1000, 0.5)), shown=True),
        Source(video(tmp_path, "video-2", codecs[1], beeps(2, 1000, 1)), offset=2.5, shown=True),
    ]
    target = tmp_path / f"call.{wanted.value}"
    exported = await export(sources, target, wanted)
    same = "H264" if wanted is Format.MP4 else "VP8"
    assert exported.encoded is (codecs != (same, same))
    assert beep_begins(decode(target), 1000) == pytest.approx([0.5, 3.5], abs=0.02)
    seen = brightness(target)
    expected = [n / 30 for n in range(60)] + [2.5 + n / 30 for n in range(60)]
    assert [at for at, _ in seen] == pytest.approx(expected, abs=0.01)
    assert [grey for _, grey in seen] == pytest.approx(
        [40 + 2 * (n % 60) for n in range(120)], abs=4
    )


async def test_a_picture_that_grows_is_encoded_at_its_largest(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path, "video", picture("VP8")[0], 1000.0)
    for frame in picture("VP8"):
        writer.video(frame)
    for f in picture("VP8", 30, (320, 200)):
        late = VideoFrame(f.codec, f.data, f.timestamp + 180_000, f.keyframe, f.arrival + 2)
        writer.video(late)
    writer.close()
    target = tmp_path / "call.mp4"
    await export([Source(writer.path, shown=True)], target, Format.MP4)
    with av.open(str(target)) as container:
        frames = list(container.decode(container.streams.video[0]))
    assert {(frame.width, frame.height) for frame in frames} == {(320, 200)}
    assert len(frames) == 90
    # 160 × 120 fits in by its height: black at both sides, not stretched.
    first = frames[0].to_ndarray(format="gray")
    assert first[100, 5] < 10
    assert first[100, 160] > 20


async def test_a_video_without_sound_is_a_video(tmp_path: Path) -> None:
    path = video(tmp_path, "video", "VP8", None)
    target = tmp_path / "call.mp4"
    await export([Source(path, shown=True)], target, Format.MP4)
    assert len(brightness(target)) == 60
    with pytest.raises(NothingToExport, match="nothing to hear"):
        await export([Source(path)], tmp_path / "call.mp3", Format.MP3)
    assert names(tmp_path) == {"video.webm", "call.mp4"}


async def test_what_was_left_open_is_exported_as_far_as_it_goes(tmp_path: Path) -> None:
    left_open_ogg(tmp_path / "audio.ogg")
    for wanted in (Format.WAV, Format.OGG):
        target = tmp_path / f"x.{wanted.value}"
        exported = await export([Source(tmp_path / "audio.ogg")], target, wanted)
        assert exported.seconds > 3
    assert condition(tmp_path / "x.ogg") is Condition.CLOSED


async def test_a_waveform_has_a_lane_for_each_side(tmp_path: Path) -> None:
    target = tmp_path / "call.png"
    await export(two_sides(tmp_path), target, Format.PNG)
    with av.open(str(target)) as container:
        (frame,) = container.decode(container.streams.video[0])
    image = frame.to_ndarray(format="rgb24").astype(int)
    blue = np.abs(image - (147, 190, 233)).sum(axis=2) < 30
    orange = np.abs(image - (240, 188, 140)).sum(axis=2) < 30
    assert blue[:200].any()
    assert not blue[200:].any()
    assert orange[200:400].any()
    assert not orange[:200].any()
    for ink in (blue, orange):
        columns = np.flatnonzero(ink.any(axis=0)) / image.shape[1] * 4
        assert columns.min() == pytest.approx(1, abs=0.03)
        assert columns.max() == pytest.approx(3.1, abs=0.03)


@pytest.mark.parametrize("wanted", list(Format))
async def test_a_damaged_source_is_named_and_nothing_is_left(
    tmp_path: Path, wanted: Format
) -> None:
    good = Source(video(tmp_path, "video", "VP8", beeps(1, 1000, 0.5)), shown=True)
    (tmp_path / "played.ogg").write_bytes(b"junk" * 999)
    with pytest.raises(UnreadableRecording, match=r"played\.ogg holds nothing"):
        await export(
            [good, Source(tmp_path / "played.ogg")], tmp_path / f"x.{wanted.value}", wanted
        )
    assert names(tmp_path) == {"video.webm", "played.ogg"}


@pytest.mark.parametrize("wanted", [Format.MP4, Format.WEBM])
async def test_no_picture_is_told(tmp_path: Path, wanted: Format) -> None:
    with pytest.raises(NothingToExport, match="no picture"):
        await export(two_sides(tmp_path), tmp_path / f"x.{wanted.value}", wanted)


async def test_a_file_that_exists_is_not_written_over(tmp_path: Path) -> None:
    source = Source(ogg(tmp_path / "audio.ogg", sweep(1)))
    before = source.path.read_bytes()
    with pytest.raises(WrongTarget, match="exists"):
        await export([source], source.path, Format.OGG)
    (tmp_path / "link.ogg").symlink_to(tmp_path / "nowhere.ogg")
    with pytest.raises(WrongTarget, match="exists"):
        await export([source], tmp_path / "link.ogg", Format.OGG)
    for name, told in [
        ("no/x.ogg", "no folder"),
        ("x" * 300 + ".ogg", "File name too long"),
        (os.fsdecode(b"\xff.ogg"), "not UTF-8"),
        ("\0.ogg", "not UTF-8"),
    ]:
        with pytest.raises(WrongTarget, match=told):
            await export([source], tmp_path / name, Format.OGG)
    assert source.path.read_bytes() == before
    assert names(tmp_path) == {"audio.ogg", "link.ogg"}


@pytest.mark.parametrize("wanted", list(Format))
@pytest.mark.parametrize("pages", [None, -1], ids=["no space", "a page too little"])
async def test_a_full_disk_is_told_and_nothing_is_left(
    tmp_path: Path, small_disk: Path, wanted: Format, pages: int | None
) -> None:
    """Also where only the last page is missing, which is noticed on closing."""
    codec = "VP8" if wanted is Format.WEBM else "H264"
    sources = [
        Source(video(tmp_path, "video", codec, sweep(2)), shown=True),
        Source(ogg(tmp_path / "played.ogg", sweep(2, 900))),
    ]
    whole = await export(sources, tmp_path / f"x.{wanted.value}", wanted)
    fill(small_disk, 0 if pages is None else (whole.size + PAGE - 1) // PAGE * PAGE + pages * PAGE)
    with pytest.raises(TargetFailed, match="no space left"):
        await export(sources, small_disk / f"x.{wanted.value}", wanted)
    assert names(small_disk) == {"ballast"}


@pytest.mark.parametrize("wanted", [Format.WAV, Format.MP4, Format.OGG])
async def test_a_limit_on_sizes_is_told(tmp_path: Path, wanted: Format) -> None:
    path = video(tmp_path, "video", "H264", sweep(4))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, limits[1]))
    try:
        with pytest.raises(TargetFailed, match="File too large"):
            await export([Source(path, shown=True)], tmp_path / f"x.{wanted.value}", wanted)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert names(tmp_path) == {"video.mkv"}


def children() -> list[int]:
    path = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    found = [int(pid) for pid in path.read_text().split()]
    return [pid for pid in found if b"voip.media.export" in _command(pid)]


def _command(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def long_one(folder: Path) -> list[Source]:
    """An hour, nearly all of it silence: seconds of work."""
    path = ogg(folder / "audio.ogg", beeps(1, 1000, 0.5))
    return [Source(path), Source(path, offset=3600.0)]


async def under_way(work: asyncio.Task[object], told: list[float]) -> None:
    async with asyncio.timeout(60):
        while not told:  # noqa: ASYNC110  # it is told in a callback
            await asyncio.sleep(0.01)
    assert not work.done()


async def test_being_cancelled_leaves_nothing_behind(tmp_path: Path) -> None:
    told: list[float] = []
    work = asyncio.create_task(
        export(long_one(tmp_path), tmp_path / "x.mp3", Format.MP3, progress=told.append)
    )
    await under_way(work, told)
    assert len(children()) == 1
    assert len(names(tmp_path)) == 2
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert names(tmp_path) == {"audio.ogg"}
    assert children() == []


async def test_a_decoder_that_crashes_takes_nothing_with_it(tmp_path: Path) -> None:
    told: list[float] = []
    work = asyncio.create_task(
        export(long_one(tmp_path), tmp_path / "x.mp3", Format.MP3, progress=told.append)
    )
    await under_way(work, told)
    (child,) = children()
    os.kill(child, signal.SIGSEGV)
    with pytest.raises(ExportBroke, match="status -11"):
        await work
    assert names(tmp_path) == {"audio.ogg"}


async def test_whoever_asked_is_killed_and_nothing_is_left(tmp_path: Path) -> None:
    sources = long_one(tmp_path)
    script = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from voip.media.export.order import Format, Source\n"
        "from voip.media.export.process import export\n"
        "path = Path(sys.argv[1])\n"
        "work = export([Source(path), Source(path, offset=3600.0)], path.with_name('x.mp3'),\n"
        "    Format.MP3, progress=lambda done: print(done, flush=True))\n"
        "asyncio.run(work)\n"
    )
    asker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script, str(sources[0].path)),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert asker.stdout
    await asker.stdout.readline()
    asker.kill()
    await asker.wait()
    for _ in range(1000):
        if names(tmp_path) == {"audio.ogg"}:
            return
        await asyncio.sleep(0.02)
    pytest.fail(f"left behind: {names(tmp_path)}")


async def test_the_loop_is_free_meanwhile(tmp_path: Path) -> None:
    """While another process decodes, timers here go on: hundreds of them in one export."""
    path = ogg(tmp_path / "audio.ogg", beeps(1, 1000, 0.5))
    sources = [Source(path), Source(path, offset=300.0)]
    work = asyncio.create_task(export(sources, tmp_path / "x.wav", Format.WAV))
    turns = 0
    while not work.done():
        await asyncio.sleep(0.001)
        turns += 1
    await work
    assert turns > 100
    assert rms(decode(tmp_path / "x.wav")[: RATE // 2]) < 10


def test_errors_are_of_one_family() -> None:
    for kind in (ExportBroke, NothingToExport, TargetFailed, UnreadableRecording, WrongTarget):
        assert issubclass(kind, ExportError)
