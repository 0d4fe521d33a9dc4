"""Several tracks on one time line, a second at a time: an hour never lies in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from voip.media.export.reading import RATE, Piece, Samples

BLOCK: Final = RATE
"""Samples that are in memory of each track at a time."""
_KNEE: Final = 0.8
"""Of full scale: what is fainter is left exactly as it is."""


class Line:
    """One track: its pieces, moved by where it begins."""

    def __init__(self, pieces: Iterator[Piece], begin: int = 0) -> None:
        """`begin`: samples from the beginning of the mix, not negative."""
        self._pieces = pieces
        self._begin = begin
        self._rest: Piece | None = None
        self.over = False

    def take(self, at: int, count: int) -> Samples:
        """What is heard from `at` on, in order from 0: `count` samples, fewer at the end."""
        taken = np.zeros(count, np.float32)
        filled = 0
        while not self.over:
            piece = self._rest or self._next()
            if piece is None:
                break
            if piece.position >= at + count:
                self._rest = piece
                return taken
            here = piece.samples[: at + count - piece.position]
            begin = piece.position - at
            taken[begin : begin + len(here)] = here
            filled = begin + len(here)
            left = piece.samples[len(here) :]
            self._rest = Piece(piece.position + len(here), left) if len(left) else None
        return taken[:filled]

    def _next(self) -> Piece | None:
        piece = next(self._pieces, None)
        if piece is None:
            self.over = True
            return None
        return Piece(piece.position + self._begin, piece.samples)


def blocks(lines: Sequence[Line]) -> Iterator[list[Samples]]:
    """For each stretch of `BLOCK`, what each of the lines has in it; all of the same length."""
    at = 0
    while True:
        taken = [line.take(at, BLOCK) for line in lines]
        longest = max(map(len, taken), default=0)
        if not longest:
            return
        yield [np.pad(samples, (0, longest - len(samples))) for samples in taken]
        at += longest


def mixed(block: Sequence[Samples]) -> Samples:
    """All of them together. Loud sums are bent below full scale rather than cut off at it, and
    what is fainter than that is the plain sum."""
    total = np.nan_to_num(np.sum(block, axis=0, dtype=np.float32))
    loud = np.abs(total)
    room = 1 - _KNEE
    bent = _KNEE + room * np.tanh((loud - _KNEE) / room)
    return np.where(loud <= _KNEE, total, np.copysign(bent, total)).astype(np.float32)
