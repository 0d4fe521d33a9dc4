from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voip.media.export.mixing import BLOCK, Line, blocks, mixed
from voip.media.export.reading import Piece, Samples

TRACK = st.tuples(
    st.integers(0, 2 * BLOCK),
    st.lists(
        st.tuples(st.integers(0, 2 * BLOCK), st.integers(1, 3000), st.floats(-1, 1, width=32)),
        min_size=1,
        max_size=4,
    ),
)
"""Where it begins, and its pieces: silence before, length, value."""


def pieces(track: list[tuple[int, int, float]]) -> Iterator[Piece]:
    position = 0
    for gap, length, value in track:
        position += gap
        yield Piece(position, np.full(length, value, np.float32))
        position += length


def plainly(begin: int, track: list[tuple[int, int, float]]) -> Samples:
    """The same at once."""
    parts: list[npt.NDArray[np.float32]] = [np.zeros(begin, np.float32)]
    for gap, length, value in track:
        parts += [np.zeros(gap, np.float32), np.full(length, value, np.float32)]
    return np.concatenate(parts)


@settings(max_examples=60, deadline=None)
@given(st.lists(TRACK, min_size=1, max_size=4))
def test_every_sample_of_every_track_is_at_its_place(
    tracks: list[tuple[int, list[tuple[int, int, float]]]],
) -> None:
    lines = [Line(pieces(track), begin) for begin, track in tracks]
    taken = list(blocks(lines))
    assert all(0 < len(block[0]) <= BLOCK for block in taken)
    assert all(len({len(one) for one in block}) == 1 for block in taken)
    whole = [plainly(begin, track) for begin, track in tracks]
    longest = max(map(len, whole))
    for number, expected in enumerate(whole):
        heard = np.concatenate([block[number] for block in taken])
        assert len(heard) == longest
        np.testing.assert_array_equal(heard[: len(expected)], expected)
        assert not heard[len(expected) :].any()


@settings(max_examples=200, deadline=None)
@given(
    st.integers(1, 5).flatmap(
        lambda count: st.lists(
            st.lists(st.floats(-1, 1, width=32), min_size=8, max_size=8),
            min_size=count,
            max_size=count,
        )
    )
)
def test_a_mix_is_the_sum_as_far_as_there_is_room_and_never_more(tracks: list[list[float]]) -> None:
    block = [np.array(track, np.float32) for track in tracks]
    total = np.array(block, np.float64).sum(axis=0)
    heard = mixed(block)
    assert heard.dtype == np.float32
    assert np.abs(heard).max() <= 1
    quiet = np.abs(total) <= 0.8
    np.testing.assert_allclose(heard[quiet], total[quiet], atol=1e-6)
    # Louder stays louder, and nothing turns round.
    assert (np.sign(heard[~quiet]) == np.sign(total[~quiet])).all()
    order = np.argsort(total)
    assert (np.diff(heard[order]) >= -1e-6).all()


def test_an_hour_of_silence_between_two_words_is_never_in_memory() -> None:
    track = [(0, 960, 0.5), (3600 * 48_000, 960, 0.25)]
    samples = 0
    for (block,) in blocks([Line(pieces(track))]):
        assert len(block) <= BLOCK
        samples += len(block)
    assert samples == 3600 * 48_000 + 2 * 960


def test_no_tracks_are_no_mix() -> None:
    assert list(blocks([])) == []
    assert list(blocks([Line(iter(()))])) == []


@pytest.mark.parametrize("value", [0.25, -0.5, 0.79])
def test_one_voice_is_left_exactly_as_it_is(value: float) -> None:
    samples = np.full(100, value, np.float32)
    np.testing.assert_array_equal(mixed([samples]), samples)
