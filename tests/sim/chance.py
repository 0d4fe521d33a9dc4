"""Where every decision of a simulated scene comes from: a tape of bytes.

A zero, and all that follows the end of the tape, is the kindest choice. So a failure shrinks to the
few unkind choices that matter, and a tape says all there is to say about a scene.
"""

from __future__ import annotations

from typing import Final, TypeVar

_T = TypeVar("_T")

_ODDS: Final = (8, 4, 16, 64)
"""One choice in so many is unkind, by scene: calls get far in some and are in trouble in others."""


class Chance:
    def __init__(self, tape: bytes) -> None:
        self.rewind(tape)

    def rewind(self, tape: bytes) -> None:
        """Go on with another tape."""
        self._tape = iter(tape)
        self._odds = _ODDS[self.byte() % len(_ODDS)]

    def byte(self) -> int:
        return next(self._tape, 0)

    def pick(self, kindest: _T, *others: _T) -> _T:
        """One of these; mostly the kindest, so that calls get somewhere."""
        number = self.byte()
        if number % self._odds != self._odds - 1:
            return kindest
        return others[number // self._odds % len(others)]
