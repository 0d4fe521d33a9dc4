"""What comes before its time: candidates before an invite or a choice, endings before an invite.

Bounded in count and age; what is beyond the bounds is refused, never kept.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from voip.signalling.config import CallConfig
from voip.signalling.ice import Candidate
from voip.signalling.ids import NO_PARTY, CallKey, Party


class Speaker(NamedTuple):
    """A party and the device that encrypted for it: there is no call yet that binds the two."""

    party: Party
    device_key: str | None


class EarlyCandidates:
    """Candidates by who sent them, for a call whose other party is not settled yet."""

    __slots__ = ("_by_party", "_config")

    def __init__(self, config: CallConfig) -> None:
        self._config = config
        self._by_party: dict[Hashable, list[Candidate]] = {}

    def add(self, party: Hashable, candidates: tuple[Candidate, ...]) -> bool:
        """False where the bound is reached and candidates were dropped."""
        if party not in self._by_party and len(self._by_party) >= self._config.max_early_parties:
            return False
        kept = self._by_party.setdefault(party, [])
        room = self._config.max_early_candidates - len(kept)
        kept.extend(candidates[:room])
        return len(candidates) <= room

    def take(self, party: Hashable) -> tuple[Candidate, ...]:
        """What this party sent; what the others sent is forgotten."""
        taken = tuple(self._by_party.get(party, ()))
        self._by_party.clear()
        return taken


class EarlyArrivals:
    """What came for calls whose invite is not known yet."""

    def __init__(self, config: CallConfig) -> None:
        self._config = config
        self._calls: dict[CallKey, _Waiting] = {}  # oldest first

    def candidates(
        self, key: CallKey, speaker: Speaker, candidates: tuple[Candidate, ...], now: float
    ) -> bool:
        """Keep candidates; False where they were dropped because too much waits."""
        waiting = self._waiting(key, now)
        return waiting is not None and waiting.candidates.add(speaker, candidates)

    def hung_up(self, key: CallKey, speaker: Speaker, now: float) -> bool:
        """Remember a hangup: its caller's ends the call, one of a device of ours declines it."""
        waiting = self._waiting(key, now)
        return waiting is not None and waiting.note(speaker)

    def settled(self, key: CallKey, user_id: str, now: float) -> bool:
        """Remember that a device of this user answered or declined."""
        waiting = self._waiting(key, now)
        return waiting is not None and waiting.note(user_id)

    def take(
        self, key: CallKey, caller: Speaker, us: Party, now: float
    ) -> tuple[bool, tuple[Candidate, ...]]:
        """For the invite that came at last: whether it is over, and the caller's candidates."""
        if not self._calls:
            return False, ()
        self._forget_old(now)
        waiting = self._calls.pop(key, None)
        if waiting is None:
            return False, ()
        return waiting.is_over(caller, us), waiting.candidates.take(caller)

    def __len__(self) -> int:
        return len(self._calls)

    def _waiting(self, key: CallKey, now: float) -> _Waiting | None:
        self._forget_old(now)
        waiting = self._calls.get(key)
        if waiting is None and len(self._calls) < self._config.max_early_calls:
            waiting = self._calls[key] = _Waiting(self._config, now)
        return waiting

    def _forget_old(self, now: float) -> None:
        while self._calls:
            oldest = next(iter(self._calls))
            if self._calls[oldest].since + self._config.early_seconds > now:
                return
            del self._calls[oldest]


class _Waiting:
    def __init__(self, config: CallConfig, now: float) -> None:
        self.since = now
        self.candidates = EarlyCandidates(config)
        self._most = config.max_early_parties
        self._endings: set[Speaker | str] = set()
        """Who hung up, and the users of which a device answered or declined."""

    def note(self, ending: Speaker | str) -> bool:
        if len(self._endings) >= self._most:
            return False
        self._endings.add(ending)
        return True

    def is_over(self, caller: Speaker, us: Party) -> bool:
        unnamed = Speaker(Party(caller.party.user_id, NO_PARTY), caller.device_key)
        if not self._endings.isdisjoint((caller, unnamed, us.user_id)):
            return True
        ours = (end for end in self._endings if isinstance(end, Speaker))
        return any(end.party.user_id == us.user_id and end.party != caller.party for end in ours)
