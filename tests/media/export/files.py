"""Recordings for the tests of exports, made by the recorder's own writers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.media.audio import FRAME, RATE, Samples, encode, in_order, picture, rtp
from tests.media.test_ogg import write as write_ogg
from voip.media.packets import AudioPacket
from voip.media.webm import VideoWriter


def beeps(seconds: float, hertz: float, *at: float) -> Samples:
    """Silence with a beep of 100 ms at each of the given seconds."""
    samples = np.zeros(round(seconds * RATE), np.float64)
    tone = 8000 * np.sin(2 * np.pi * hertz * np.arange(RATE // 10) / RATE)
    for begin in at:
        samples[round(begin * RATE) :][: len(tone)] = tone
    return samples.astype(np.int16)


def ogg(path: Path, samples: Samples) -> Path:
    write_ogg(path, list(rtp(encode(samples))))
    return path


def video(folder: Path, name: str, codec: str, samples: Samples | None, count: int = 60) -> Path:
    """`count` pictures from second 0 on, 30 a second, beside the sound."""
    frames = picture(codec, count)
    writer = VideoWriter(folder, name, frames[0], 1000.0)
    sound = [] if samples is None else list(rtp(encode(samples)))
    for item in in_order(sound, frames):
        if isinstance(item, AudioPacket):
            writer.audio(item)
        else:
            writer.video(item)
    writer.close()
    return writer.path


def beep_begins(samples: Samples, hertz: float) -> list[float]:
    """The seconds at which beeps of that pitch begin: where half of its strength is reached."""
    step = RATE // 200
    count = len(samples) // step
    t = np.arange(step * 2) / RATE
    probe = np.exp(-2j * np.pi * hertz * t)
    padded = np.concatenate([samples.astype(float), np.zeros(step)])
    strength = np.array(
        [abs(np.dot(padded[n * step : (n + 2) * step], probe)) for n in range(count)]
    )
    begins, sounding = [], False
    for number, level in enumerate(strength / strength.max()):
        if level > 0.5 and not sounding:
            begins.append(float(number * step / RATE))
        sounding = level > (0.1 if sounding else 0.5)
    return begins


__all__ = ["FRAME", "RATE", "beep_begins", "beeps", "ogg", "video"]
