"""The door: whether a call that rings is taken, or declined and why.

Asked once for each call, at once when it rings; `trust.Gate` looks at devices afterwards. Whoever
is on a deny list is declined; whoever there is no room for now hears busy, and their Matrix room is
told now and then.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from voip.bot.access import AccessRules
from voip.bot.caller_limits import CallerLimits, CallerRates
from voip.bot.load import Load, LoadJudge, LoadLimits

if TYPE_CHECKING:
    from voip.bot.call import Call

log = logging.getLogger(__name__)

NOTICE_PER: Final = 600.0
"""Seconds between two notices of the door in one room: somebody may call in a loop."""
ROOMS_AT_MOST: Final = 1000


class Refusal(StrEnum):
    """Why a call was not taken."""

    DENIED = "denied"
    """By the allow and deny lists."""
    FULL = "full"
    """`max_calls` live already."""
    CALLER_AT_ONCE = "caller_at_once"
    CALLER_RATE = "caller_rate"
    OVERLOADED = "overloaded"
    """It could not be served well."""
    DRAINING = "draining"
    """The bot is about to end."""


TEXTS: Final = {
    Refusal.DENIED: "Calls from you, or in this room, are not taken here.",
    Refusal.FULL: "All lines are busy. Please call again in a few minutes.",
    Refusal.CALLER_AT_ONCE: "You have as many calls here as one person may have at the same time:"
    " end one of them, then call again.",
    Refusal.CALLER_RATE: "You have called very often. Please call again in a minute.",
    Refusal.OVERLOADED: "All lines are busy. Please call again in a few minutes.",
    Refusal.DRAINING: "The service is about to restart. Please call again in a minute.",
}


class Denied(StrEnum):
    """What a caller who is on a list notices."""

    SILENT = "silent"
    """The call is declined, and nothing is said."""
    NOTICE = "notice"
    """It is declined, and the room is told."""


@dataclass(frozen=True, slots=True)
class DoorSettings:
    rules: AccessRules = field(default_factory=AccessRules)
    denied: Denied = Denied.SILENT
    callers: CallerLimits = field(default_factory=CallerLimits)
    load: LoadLimits = field(default_factory=LoadLimits)


class Door:
    """
    :param post: puts a notice into a room; must not block.
    """

    def __init__(
        self,
        settings: DoorSettings,
        max_calls: int,
        post: Callable[[str, str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._max_calls = settings, max_calls
        self._post, self._clock = post, clock
        self._rates = CallerRates(settings.callers.per_minute)
        self._judge = LoadJudge(settings.load)
        self._told: dict[str, float] = {}
        self.draining = False
        """No call is taken any more."""
        self.refused: Counter[Refusal] = Counter()

    @property
    def overloaded(self) -> bool:
        return self._judge.overloaded

    def measured(self, load: Load, live: int) -> None:
        """Take a measure; `live`: how many calls there are."""
        before = self._judge.overloaded
        self._judge.measured(load, live, self._clock())
        if self._judge.overloaded and not before:
            log.warning(
                "too busy for more calls: %.0f%% of a core, %.0f ms late, %d calls",
                self._judge.cpu * 100,
                self._judge.lag * 1000,
                live,
            )
        elif before and not self._judge.overloaded:
            log.info("calls are taken again")

    def admits(self, call: Call, live: Collection[Call]) -> bool:
        """Whether a call is taken; where not, it has been declined."""
        refusal = self._refusal(call, live)
        if refusal is None:
            now = self._clock()
            self._rates.note(call.peer_user_id, now)
            self._judge.admitted(now)
            return True
        self.refused[refusal] += 1
        log.info("declined: %s", refusal.value, extra={"call": call.id})
        if refusal is Refusal.DENIED:
            call.reject()
        else:
            call.hang_up("user_busy")
        if refusal is not Refusal.DENIED or self._settings.denied is Denied.NOTICE:
            self._tell(call.room_id, TEXTS[refusal])
        return False

    def _refusal(self, call: Call, live: Collection[Call]) -> Refusal | None:
        now, user, callers = self._clock(), call.peer_user_id, self._settings.callers
        if not self._settings.rules.admit(user, call.room_id):
            return Refusal.DENIED
        if self.draining:
            return Refusal.DRAINING
        if len(live) >= self._max_calls:
            return Refusal.FULL
        theirs = sum(each.peer_user_id == user for each in live)
        if callers.at_once is not None and theirs >= callers.at_once:
            return Refusal.CALLER_AT_ONCE
        if self._rates.exceeded(user, now):
            return Refusal.CALLER_RATE
        return Refusal.OVERLOADED if self._judge.busy(now) else None

    def _tell(self, room_id: str, text: str) -> None:
        now = self._clock()
        if now - self._told.get(room_id, -NOTICE_PER) < NOTICE_PER:
            return
        self._told.pop(room_id, None)  # at the end again: the oldest is forgotten first
        self._told[room_id] = now
        if len(self._told) > ROOMS_AT_MOST:
            del self._told[next(iter(self._told))]
        self._post(room_id, text)
