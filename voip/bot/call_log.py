"""One log line for each thing that an operator asks about later. Without anybody's words,
addresses or session descriptions.

Lines carry the call's own id, which also names its folder and its trace; what the other side chose
(ids, reasons) is quoted, so that it cannot look like a line of ours.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable

from voip.media.events import Recording, RecordingEnd, RecordingEnded
from voip.observers import Happening
from voip.signalling.commands import Ended, Established, Ignored, IgnoreReason, Incoming, Replaced
from voip.signalling.ids import CallKey

log = logging.getLogger("voip.calls")


class CallLog:
    """An observer. `ignored` counts remote events that changed nothing, by reason."""

    def __init__(self, id_of: Callable[[CallKey], str | None]) -> None:
        """`id_of` gives the own id of a call that lives."""
        self.ignored: Counter[IgnoreReason] = Counter()
        self._id_of = id_of

    def __call__(self, happening: Happening) -> None:
        match happening:
            case Incoming(key, caller, video):
                self._say(key, "rings: %s from %s", "video" if video else "voice", caller.user_id)
            case Established(key):
                self._say(key, "is connected")
            case Replaced(by=key):
                self._say(key, "both called at the same time: the other side's call is the one")
            case Ended(key, reason, by, _, wire_reason):
                said = "" if wire_reason is None else f", said as {wire_reason!r}"
                self._say(key, "ended: %s, by %s%s", reason.value, by.value, said)
            case RecordingEnded(key, recording):
                self._recorded(key, recording)
            case Ignored(_, _, event_type, why, detail):
                self.ignored[why] += 1
                log.debug("%r ignored: %s %s", event_type, why.value, detail)

    def _say(self, key: CallKey, text: str, *values: object, level: int = logging.INFO) -> None:
        log.log(level, text, *values, extra={"call": self._id_of(key)})

    def _recorded(self, key: CallKey, recording: Recording) -> None:
        end = recording.ended
        self._say(key, "%.1f s recorded, ended by %s", recording.seconds, end.value)
        if end in {RecordingEnd.DISK_FULL, RecordingEnd.WRITE_FAILED}:
            advice = "its recording ended early: free space in the data folder, or check its disk"
            self._say(key, advice, level=logging.ERROR)
