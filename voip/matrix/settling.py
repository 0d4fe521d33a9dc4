"""A late invite waits for what is on its way behind it.

When a homeserver comes back, what happened meanwhile does not arrive at once: an invite may come
alone, a moment ahead of the answer or the hangup that settled it, and would ring for nothing. So
after a late invite the sync counts as complete, which is what lets calls ring, only when nothing
more has come for a moment.
"""

from __future__ import annotations

from collections.abc import Set

from voip.signalling.events import Received

LATE = 2.0
"""Seconds. Between homeservers that are up, an invite takes a fraction of one."""
HISTORY = 600.0
"""Seconds. Older ones ring nowhere."""
QUIET = 1.0
"""Seconds without news of its room after which a late invite may ring."""
WITHIN = 3.0
"""Seconds that this takes at most: in a busy room it is never quiet."""


class Settling:
    """Without a clock: `now` is seconds of the event loop's."""

    def __init__(self) -> None:
        self._rooms: set[str] = set()
        self._until = 0.0
        self._news = False

    def __bool__(self) -> bool:
        """Whether something waits for `QUIET` seconds without news."""
        return bool(self._rooms)

    def note(self, event: Received, now: float) -> None:
        """See an event that is being delivered."""
        if event.type == "m.call.invite" and LATE < event.age < HISTORY:
            if not self._rooms:
                self._until = now + WITHIN
            self._rooms.add(event.room_id)
            self._news = True

    def over(self, rooms: Set[str], now: float) -> bool:
        """Whether calls may ring, after a sync response that brought events of these rooms."""
        news, self._news = self._news or bool(self._rooms & rooms), False
        if self._rooms and news and now < self._until:
            return False
        self.clear()
        return True

    def clear(self) -> None:
        self._rooms.clear()
        self._news = False
