from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from voip.media.export.drawing import LANE, WIDTH, Image, Levels, draw, write_png
from voip.media.export.glyphs import HEIGHT, drawn
from voip.media.export.reading import RATE

BLUE = (147, 190, 233)


def levels(*parts: tuple[float, float]) -> Levels:
    """(seconds, loudness) one after the other, in blocks that do not fit the steps."""
    samples = np.concatenate(
        [np.full(round(seconds * RATE), loud, np.float32) for seconds, loud in parts]
    )
    heard = Levels()
    for begin in range(0, len(samples), 7001):
        heard.hear(samples[begin : begin + 7001])
    return heard


def heights(image: Image) -> list[int]:
    """Of the first lane: rows of each column that are neither paper nor grid."""
    lane = image[:LANE].astype(int)
    return [int(n) for n in (np.ptp(lane, axis=2) > 30).sum(axis=0)]


def test_columns_are_as_high_as_their_stretch_is_loud() -> None:
    found = heights(draw([levels((1, 0.1), (1, 0.4), (2, 0.2))], 4.0))
    quarter, half = found[WIDTH // 8], found[WIDTH * 3 // 8]
    assert half == pytest.approx(4 * quarter, abs=4)
    assert found[WIDTH * 7 // 8] == pytest.approx(half / 2, abs=4)


def test_silence_is_a_line() -> None:
    assert set(heights(draw([levels((3, 0.0))], 3.0))) == {2}


def test_peak_and_rms_are_both_seen() -> None:
    heard = Levels()
    heard.hear(np.where(np.arange(RATE) % 100 == 0, 1, 0.1).astype(np.float32))
    peak, rms = heard.columns(10)
    assert peak == pytest.approx([1] * 10)
    assert rms == pytest.approx([np.sqrt(0.01 + 0.0099)] * 10, abs=0.005)


@pytest.mark.parametrize("seconds", [0.005, 0.3, 59.9, 3600.0, 86_400.0])
def test_any_length_has_a_picture_of_the_same_width(seconds: float) -> None:
    heard = Levels()
    heard.hear(np.full(round(min(seconds, 2) * RATE), 0.5, np.float32))
    image = draw([heard, Levels()], seconds, ours=[1])
    assert image.shape[1] == WIDTH
    assert image.shape[0] > 2 * LANE


def test_the_time_is_written_below() -> None:
    image = draw([levels((3, 0.1))], 3.0)
    text = drawn("0:01")
    rows = image[-HEIGHT - 8 : -8].astype(int)
    column = WIDTH // 3 + 4
    ink = rows[:, column : column + text.shape[1]].sum(axis=2) < 400
    np.testing.assert_array_equal(ink, text)


def test_the_png_is_the_picture(tmp_path: Path) -> None:
    image = draw([levels((1, 0.2))], 1.0)
    write_png(image, tmp_path / "x.png")
    with av.open(str(tmp_path / "x.png")) as container:
        (frame,) = container.decode(container.streams.video[0])
    np.testing.assert_array_equal(frame.to_ndarray(format="rgb24"), image)
