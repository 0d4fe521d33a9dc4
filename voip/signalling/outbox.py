"""Where calls put what they ask and tell, in order, until the driver polls it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

from voip.signalling.commands import Command, Notice, SendEvent
from voip.signalling.ids import CallKey


class Outbox:
    """Emptied after each event, so it needs no bound of its own."""

    def __init__(self) -> None:
        self._items: deque[Command | Notice] = deque()
        self._last_request = 0
        self.put: Callable[[Command | Notice], None] = self._items.append
        """Bound once: each event puts several."""

    def new_request(self) -> int:
        """A number for a command that is answered by a result."""
        self._last_request += 1
        return self._last_request

    def send(self, key: CallKey, event_type: str, content: Mapping[str, object]) -> int:
        """Ask for an event to be sent; returns the request number."""
        self._last_request = request = self._last_request + 1
        self.put(SendEvent(key, request, event_type, content))
        return request

    def poll(self) -> Command | Notice | None:
        return self._items.popleft() if self._items else None
