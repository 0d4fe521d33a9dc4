"""What a peer can put into its media, and what can become of a file: see `targets.py`.

Inputs are made by `python -m tests.fuzz.media`, which writes the seeds.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from aiortc import RTCRtpCodecParameters
from aiortc.codecs import depayload

from voip.media.condition import Condition, condition
from voip.media.events import Recording, RecordingEnd
from voip.media.export.errors import UnreadableRecording
from voip.media.export.probe import probe
from voip.media.export.reading import pieces
from voip.media.keyframes import is_keyframe
from voip.media.packets import AudioPacket, VideoFrame
from voip.media.recorder import Recorder
from voip.media.repair import repair_now
from voip.media.sound_errors import NotRepairable
from voip.media.webm import UnusableVideo, vp8_size
from voip.media.writer import WriterThread

CODECS: Final = ("VP8", "H264")
_ITEM: Final = struct.Struct(">BHIBH")
"""What it is, RTP sequence number, timestamp, time since the last in steps, length."""
_STEP: Final = 0.02
_LONGEST_STEP: Final = 63
_AHEAD: Final = 2.5
"""Seconds that a recording may be longer than the time that passed (`Timeline.TOLERANCE`)."""
_SUFFIXES: Final = (".ogg", ".webm", ".mkv")


def payloads(data: bytes) -> None:
    """RTP payloads of a picture, each with its length before it; the first byte is the codec."""
    if not data:
        return
    name = CODECS[data[0] & 1]
    codec = RTCRtpCodecParameters(mimeType=f"video/{name}", clockRate=90_000, payloadType=96)
    parts = []
    for payload in _chunks(data[1:]):
        with contextlib.suppress(ValueError):  # what its receiver takes for damage
            parts.append(depayload(codec, payload))
    frame = b"".join(parts)
    for each in (*parts, frame):
        keyframe = is_keyframe(name, each)
        assert keyframe in {True, False}
        with contextlib.suppress(UnusableVideo):
            width, height = vp8_size(each)
            assert 0 <= width < 1 << 14
            assert 0 <= height < 1 << 14


def recordings(data: bytes) -> None:
    """Packets of sound and frames of pictures, in any order and of any content, are recorded: the
    files play, and none is longer than the time that passed."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_record(Path(folder), data))


def kept(data: bytes) -> None:
    """A file in a call's folder; the first byte is its kind."""
    if not data:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"audio{_SUFFIXES[data[0] % 3]}"
        path.write_bytes(data[1:])
        before = condition(path)
        assert (before is Condition.EMPTY) == (len(data) == 1)
        _read(path)
        try:
            recording = repair_now(path)
        except NotRepairable:
            assert path.read_bytes() == data[1:]
            return
        assert recording.size == path.stat().st_size
        _read(path)


def _read(path: Path) -> None:
    with contextlib.suppress(UnreadableRecording):
        probe(path)
    with contextlib.suppress(UnreadableRecording):
        end = 0
        for piece in pieces(path):
            assert piece.position >= end
            end = piece.position + len(piece.samples)


class _ByHand(WriterThread):
    """Its rounds are done when asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._running = True

    def wake(self) -> None:
        for job in list(self._jobs):
            if job.work():
                self._jobs.remove(job)


async def _record(folder: Path, data: bytes) -> None:
    now = [1000.0]
    thread = _ByHand()
    recorder = Recorder(folder, thread=thread, clock=lambda: now[0])
    for number, item in enumerate(_items(data)):
        now[0] = item.arrival
        if isinstance(item, AudioPacket):
            recorder.audio(item)
        else:
            recorder.video(item)
        if number % 16 == 0:
            thread.wake()
    whole = await recorder.stop()
    assert whole.ended is RecordingEnd.STOPPED, whole.ended
    for one in (whole, *whole.parts):
        _check(one, now[0] - 1000.0)


def _check(one: Recording, passed: float) -> None:
    assert one.seconds <= passed + _AHEAD, (one, passed)
    assert condition(one.path) is Condition.CLOSED
    probe(one.path)
    repaired = repair_now(one.path)
    assert repaired.size == one.size, "what was closed properly needs no repair"


def _items(data: bytes) -> Iterator[AudioPacket | VideoFrame]:
    at, now = 0, 1000.0
    while at + _ITEM.size <= len(data):
        kind, sequence, timestamp, steps, length = _ITEM.unpack_from(data, at)
        at += _ITEM.size
        payload = data[at : at + length]
        at += length
        now += (steps & _LONGEST_STEP) * _STEP
        if kind & 1:
            codec = CODECS[kind >> 1 & 1]
            keyframe = is_keyframe(codec, payload)
            yield VideoFrame(codec, payload, timestamp, keyframe, now, screen=kind >> 2 & 3)
        else:
            level = kind >> 1 if kind & 0x80 else None
            yield AudioPacket(payload, sequence, timestamp, kind >> 4 & 3, now, level)


def _chunks(data: bytes) -> Iterator[bytes]:
    at = 0
    while at + 2 <= len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        yield data[at + 2 : at + 2 + length]
        at += 2 + length


# --- the seeds ---


def _item(item: AudioPacket | VideoFrame, steps: int) -> bytes:
    if isinstance(item, AudioPacket):
        head = _ITEM.pack(0, item.sequence, item.timestamp, steps, len(item.payload))
        return head + item.payload
    kind = 1 | CODECS.index(item.codec) << 1 | item.screen << 2
    return _ITEM.pack(kind, 0, item.timestamp, steps, len(item.data)) + item.data


def _call(items: Sequence[AudioPacket | VideoFrame]) -> bytes:
    now, parts = 1000.0, []
    for item in items:
        steps = round((item.arrival - now) / _STEP)
        now += steps * _STEP
        parts.append(_item(item, steps))
    return b"".join(parts)


def _payloads(codec: str, frames: Sequence[bytes]) -> bytes:
    """As RTP has them, whole frames alone: VP8 begins a partition (RFC 7741 §4.2), H.264 is one
    NAL unit after the other without its start code (RFC 6184 §5.6)."""
    found = []
    for frame in frames:
        if codec == "VP8":
            found += [b"\x10" + frame]
        else:
            found += [unit for unit in frame.split(b"\x00\x00\x00\x01") if unit]
    chunks = (len(each).to_bytes(2, "big") + each for each in found)
    return bytes([CODECS.index(codec)]) + b"".join(chunks)


def _write_seeds(corpus: Path) -> None:
    from tests.media.audio import in_order, picture, rtp, sweep_packets
    from tests.media.test_repair import left_open_ogg, left_open_video

    sound = list(rtp(sweep_packets()[:20]))
    seeds: dict[str, bytes] = {"recordings/sound": _call(sound)}
    for codec in CODECS:
        frames = picture(codec, 12)
        seeds[f"recordings/{codec.lower()}"] = _call(in_order(sound, frames))
        seeds[f"payloads/{codec.lower()}"] = _payloads(codec, [f.data for f in frames[:3]])
    late = [VideoFrame(f.codec, f.data, f.timestamp, f.keyframe, f.arrival, 1) for f in frames]
    seeds["recordings/screen"] = _call(in_order(sound, late))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        left_open_ogg(folder / "audio.ogg")
        files = [(folder / "audio.ogg"), left_open_video(folder, "VP8")]
        files += [folder / "whole.webm", left_open_video(folder, "H264"), folder / "whole.mkv"]
        for path in files:
            kind = bytes([_SUFFIXES.index(path.suffix)])
            seeds[f"kept/{path.name}"] = kind + path.read_bytes()[:20_000]
    for seed, data in seeds.items():
        (corpus / seed).parent.mkdir(exist_ok=True)
        (corpus / seed).write_bytes(data)


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "payloads": payloads,
    "recordings": recordings,
    "kept": kept,
}

if __name__ == "__main__":
    _write_seeds(Path(__file__).parent / "corpus")
    sys.exit(0)
