"""Local candidates on their way out, folded into few events."""

from __future__ import annotations

from voip.signalling.ice import Candidate


class CandidateBatch:
    """Holds candidates until the description is sent, then for `delay` seconds after the first.

    End-of-candidates flushes at once: nothing can follow that would be worth waiting for.
    """

    __slots__ = ("_delay", "_waiting", "deadline")

    def __init__(self) -> None:
        self._waiting: list[Candidate] = []
        self._delay: float | None = None
        self.deadline: float | None = None
        """When `take` is to be called; None where nothing waits."""

    def open(self, delay: float, now: float) -> None:
        """The description is on its way, so candidates may follow it."""
        self._delay = delay
        self._arm(now)

    def add(self, candidates: tuple[Candidate, ...], now: float) -> None:
        self._waiting.extend(candidates)
        self._arm(now)

    def take(self) -> tuple[Candidate, ...]:
        taken = tuple(self._waiting)
        self._waiting.clear()
        self.deadline = None
        return taken

    def _arm(self, now: float) -> None:
        if self._delay is None or not self._waiting:
            return
        if self._waiting[-1].is_end:
            self.deadline = now
        elif self.deadline is None:
            self.deadline = now + self._delay
