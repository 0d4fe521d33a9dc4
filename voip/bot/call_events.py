"""An observer that turns what happens to calls into webhooks: `call.ringing`, `call.answered`,
`call.ended`. Those of recordings come with their deliveries.

An event is written down within a moment of happening; a kill in that moment costs it. How the call
ended is told after the next start.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from voip.bot.call import Call
from voip.bot.drafts import call_facts
from voip.delivery.webhooks import event_draft
from voip.observers import Happening
from voip.signalling.commands import Ended, Established, Incoming
from voip.signalling.ids import CallKey
from voip.store.outbox_records import Draft


class CallEvents:
    """Subscribe it to `Topic.CALL`."""

    def __init__(
        self, call_of: Callable[[CallKey], Call | None], put: Callable[[Draft], None]
    ) -> None:
        self._call_of = call_of
        self._put = put

    def __call__(self, happening: Happening) -> None:
        match happening:
            case Incoming(key=key):
                self._tell(key, "call.ringing")
            case Established(key=key):
                self._tell(key, "call.answered")
            case Ended(key=key, reason=reason, by=by):
                end = {"reason": reason.name.lower(), "by": by.name.lower()}
                self._tell(key, "call.ended", end=end)

    def _tell(self, key: CallKey, event: str, **more: object) -> None:
        call = self._call_of(key)
        if call is not None:
            name = f"{event}:{call.id}"
            self._put(event_draft(name, event, time.time(), call_facts(call.file()), **more))
