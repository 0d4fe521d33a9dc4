"""Real sound for the tests: made, encoded into packets, and decoded back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import numpy.typing as npt

from voip.media.packets import AudioPacket, VideoFrame
from voip.media.speech import say

RATE = 48_000
FRAME = 960
Samples = npt.NDArray[np.int16]
SENTENCE = (
    "Hello, this is a message for the maintenance team. "
    "The second pump is leaking again, and somebody should look at it before the weekend."
)


def sweep(seconds: float, start: float = 300.0, slope: float = 200.0) -> Samples:
    """A sine that climbs by `slope` hertz a second: every moment sounds different."""
    t = np.arange(round(seconds * RATE)) / RATE
    wave: npt.NDArray[np.float64] = 8000 * np.sin(2 * np.pi * (start + slope * t / 2) * t)
    samples: Samples = wave.astype(np.int16)
    return samples


@cache
def speech() -> Samples:
    pcm, rate = say(SENTENCE)
    times = np.arange(0, len(pcm) / rate, 1 / RATE)
    samples: Samples = np.interp(times, np.arange(len(pcm)) / rate, pcm).astype(np.int16)
    return samples


def encode(
    samples: Samples, *, bit_rate: int = 32_000, vbr: str = "on", fec: bool = False
) -> list[bytes]:
    """Opus packets of 20 ms; `fec`: each with a copy of the one before (RFC 6716 §2.1.7)."""
    codec = av.AudioCodecContext.create("libopus", "w")
    codec.bit_rate, codec.format, codec.layout = bit_rate, "s16", "mono"
    codec.sample_rate, codec.time_base = RATE, Fraction(1, RATE)
    codec.options = {"application": "voip", "vbr": vbr}
    if fec:
        codec.options |= {"fec": "1", "packet_loss": "10"}
    packets: list[bytes] = []
    for begin in range(0, len(samples) - FRAME + 1, FRAME):
        part = samples[begin : begin + FRAME].reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, begin
        packets += [bytes(packet) for packet in codec.encode(frame)]
    return packets


@cache
def sweep_packets(seconds: int = 4) -> tuple[bytes, ...]:
    return tuple(encode(sweep(seconds)))


def rtp(
    payloads: tuple[bytes, ...] | list[bytes],
    *,
    sequence: int = 0,
    timestamp: int = 0,
    ssrc: int = 1,
    arrival: float = 1000.0,
    level: int | None = None,
) -> Iterator[AudioPacket]:
    """The payloads as packets that arrive on time, 20 ms apart."""
    for number, payload in enumerate(payloads):
        yield AudioPacket(
            payload,
            (sequence + number) % (1 << 16),
            (timestamp + number * FRAME) % (1 << 32),
            ssrc,
            arrival + number * 0.02,
            level,
        )


def in_order(
    audio: Sequence[AudioPacket], video: Sequence[VideoFrame]
) -> list[AudioPacket | VideoFrame]:
    """Both as they would arrive."""
    return sorted([*audio, *video], key=lambda item: item.arrival)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def file_size(path: Path) -> int:
    return path.stat().st_size


@cache
def picture(
    codec: str, count: int = 60, size: tuple[int, int] = (160, 120)
) -> tuple[VideoFrame, ...]:
    """Encoded frames at 30 a second whose brightness tells their number; a keyframe a second."""
    name = {"VP8": "libvpx", "H264": "libx264"}[codec]
    context = cast(av.VideoCodecContext, av.VideoCodecContext.create(name, "w"))
    context.width, context.height = size
    context.pix_fmt, context.time_base, context.gop_size = "yuv420p", Fraction(1, 30), 30
    context.options = (
        {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
        if codec == "VP8"
        else {"preset": "ultrafast", "tune": "zerolatency"}
    )
    frames: list[VideoFrame] = []
    for number in range(count):
        grey = np.full((size[1] * 3 // 2, size[0]), 128, np.uint8)
        grey[: size[1]] = 40 + 2 * number
        frame = av.VideoFrame.from_ndarray(grey, format="yuv420p")
        frame.pts = number
        frames += [
            VideoFrame(codec, bytes(p), number * 3000, p.is_keyframe, 1000.0 + number / 30)
            for p in context.encode(frame)
        ]
    return tuple(frames)


def decode(path: Path) -> Samples:
    """The sound of a file, mono at 48 kHz, decoded one frame after the other."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        parts = [
            part.to_ndarray().ravel()
            for frame in container.decode(container.streams.audio[0])
            for part in resampler.resample(frame)
        ]
    return np.concatenate(parts) if parts else np.empty(0, np.int16)


def pitch(samples: Samples, second: float) -> float:
    """The strongest frequency in the 100 ms after `second`, in hertz."""
    begin = round(second * RATE)
    part = samples[begin : begin + RATE // 10].astype(float)
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part))))
    return float(np.argmax(spectrum) * RATE / len(part))


def rms(samples: npt.NDArray[Any]) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if len(samples) else 0.0
