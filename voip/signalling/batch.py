"""Local candidates on their way out, folded into few events."""

from __future__ import annotations

from voip.signalling.ice import END_OF_CANDIDATES, Candidate


class CandidateBatch:
    """Holds candidates until the description is sent, then for `delay` seconds after the first.

    End-of-candidates flushes at once: nothing can follow that would be worth waiting for. It must
    be sent (client-server API, "Voice over IP"), once for each set of ICE credentials: those of
    the call's first description, and those of each restart.
    """

    __slots__ = ("_delay", "_ufrag", "_waiting", "deadline")

    def __init__(self) -> None:
        self._waiting: list[Candidate] = []
        self._delay: float | None = None
        self._ufrag = ""
        """Of our latest description."""
        self.deadline: float | None = None
        """When `take` is to be called; None where nothing waits."""

    def open(self, delay: float, ufrag: str, now: float, *, complete: bool) -> None:
        """The call's first description is on its way, so candidates may follow it; `complete`:
        all of them are in it."""
        self._delay, self._ufrag = delay, ufrag
        if complete:
            self._waiting.append(Candidate(END_OF_CANDIDATES))
        self._arm(now)

    def restarted(self, ufrag: str, now: float, *, complete: bool) -> None:
        """A later description is on its way, which is a restart where its `ufrag` is another."""
        if self._delay is not None and ufrag != self._ufrag:
            self.open(self._delay, ufrag, now, complete=complete)

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
