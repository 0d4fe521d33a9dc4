"""A picture of the waveform: a lane for each side of the call, and the time below.

Each column has the loudest sample of its stretch (light) and its RMS (dark). FFmpeg's encoder makes
the PNG, and eleven glyphs are all the text there is: no library for pictures is needed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import av
import numpy as np
import numpy.typing as npt

from voip.media.export.glyphs import HEIGHT as TEXT_HEIGHT
from voip.media.export.glyphs import drawn
from voip.media.export.reading import RATE, Samples

Image: TypeAlias = npt.NDArray[np.uint8]
"""Rows, columns, red, green, blue."""
WIDTH: Final = 1600
LANE: Final = 200
"""Rows of a lane."""
_MARGIN: Final = 8
_AXIS: Final = TEXT_HEIGHT + 2 * _MARGIN
_STEP: Final = RATE // 100
"""10 ms: an hour is 360,000 of them, which is what is kept in memory."""
_PAPER: Final = (255, 255, 255)
_LINE: Final = (210, 214, 220)
_TEXT: Final = (90, 96, 106)
_SIDES: Final = (((147, 190, 233), (29, 99, 168)), ((240, 188, 140), (188, 96, 18)))
"""Light and dark: the other side's, then ours."""
_TICKS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
"""Seconds between two of them."""
_APART: Final = 120
"""Columns that ticks are apart at least."""


class Levels:
    """How loud one side is: peak and power of every 10 ms."""

    def __init__(self) -> None:
        self._peaks: list[npt.NDArray[np.float32]] = []
        self._powers: list[npt.NDArray[np.float32]] = []
        self._rest = np.empty(0, np.float32)

    def hear(self, samples: Samples) -> None:
        joined = np.concatenate([self._rest, samples])
        whole = len(joined) - len(joined) % _STEP
        steps = joined[:whole].reshape(-1, _STEP)
        self._peaks.append(np.abs(steps).max(axis=1, initial=0))
        self._powers.append(np.mean(steps * steps, axis=1))
        self._rest = joined[whole:]

    def columns(self, count: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Peak and RMS of `count` stretches of equal length, 0 to 1."""
        peaks = np.concatenate([*self._peaks, np.zeros(1, np.float32)])
        powers = np.concatenate([*self._powers, np.zeros(1, np.float32)])
        edges = np.linspace(0, len(peaks) - 1, count + 1).astype(int)
        stretches = [slice(a, max(b, a + 1)) for a, b in itertools.pairwise(edges)]
        peak = np.array([peaks[part].max() for part in stretches], np.float32)
        rms = np.array([np.sqrt(powers[part].mean()) for part in stretches], np.float32)
        return np.minimum(peak, 1), np.minimum(rms, 1)


def draw(sides: Sequence[Levels], seconds: float, *, ours: Iterable[int] = ()) -> Image:
    """A lane for each of the sides, from the top; `ours` are the numbers of those that are ours."""
    rows = len(sides) * LANE + _AXIS
    image = np.full((rows, WIDTH, 3), _PAPER, np.uint8)
    _axis(image, seconds)
    loudest = max((float(levels.columns(WIDTH)[0].max()) for levels in sides), default=0)
    scale = 1 / max(loudest, 0.05)  # quiet calls fill their lanes too, silence does not
    mine = set(ours)
    for number, levels in enumerate(sides):
        lane = image[number * LANE : (number + 1) * LANE]
        light, dark = _SIDES[number in mine]
        peak, rms = (column * scale for column in levels.columns(WIDTH))
        _bars(lane, peak, light)
        _bars(lane, rms, dark)
        lane[LANE // 2 - 1 : LANE // 2 + 1] = dark
        if number:
            lane[0] = _LINE
    return image


def write_png(image: Image, target: Path) -> None:
    """Raises OSError."""
    codec = av.VideoCodecContext.create("png", "w")
    codec.height, codec.width = image.shape[:2]
    codec.pix_fmt = "rgb24"
    frame = av.VideoFrame.from_ndarray(image, format="rgb24")
    packets = [*codec.encode(frame), *codec.encode(None)]
    target.write_bytes(b"".join(map(bytes, packets)))


def _bars(lane: Image, heights: npt.NDArray[np.float32], colour: tuple[int, int, int]) -> None:
    middle = LANE / 2
    half = heights * (middle - _MARGIN)
    distance = np.abs(np.arange(LANE)[:, None] + 0.5 - middle)
    lane[distance < half[None, :]] = colour


def _axis(image: Image, seconds: float) -> None:
    if seconds <= 0:
        return
    image[-_AXIS] = _LINE
    per_second = WIDTH / seconds
    every = next((each for each in _TICKS if each * per_second >= _APART), _TICKS[-1])
    for at in range(0, int(seconds) + 1, every):
        column = min(round(at * per_second), WIDTH - 1)
        image[: -_AXIS + 4, column] = np.minimum(image[: -_AXIS + 4, column], _LINE)
        text = drawn(_clock(at))
        begin = column + 4
        if begin + text.shape[1] < WIDTH:
            place = image[-_AXIS + _MARGIN : -_AXIS + _MARGIN + TEXT_HEIGHT]
            place[:, begin : begin + text.shape[1]][text] = _TEXT


def _clock(second: int) -> str:
    minutes, rest = divmod(second, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
