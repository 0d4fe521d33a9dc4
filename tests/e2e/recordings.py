"""Small recordings to post into rooms, encoded as the recorder encodes them."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np

RATE = 48_000


def tone(seconds: float, hertz: float = 440.0) -> bytes:
    """An Ogg file with a tone in Opus."""
    out = io.BytesIO()
    with av.open(out, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=RATE, layout="mono")
        samples = np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE) * 8000
        frame = av.AudioFrame.from_ndarray(samples.astype(np.int16)[None], "s16", "mono")
        frame.sample_rate = RATE
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def film(seconds: float, rate: int = 10) -> bytes:
    """A WebM file whose picture brightens, in VP8."""
    out = io.BytesIO()
    with av.open(out, "w", format="webm") as container:
        stream = container.add_stream("libvpx", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number in range(int(seconds * rate)):
            picture = np.full((120, 160, 3), (number * 8) % 256, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()
