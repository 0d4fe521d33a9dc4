"""One log line for each thing that an operator asks about later. Without anybody's words,
addresses or session descriptions."""

from __future__ import annotations

import logging
from collections import Counter

from voip.media.events import RecordingEnded
from voip.observers import Happening
from voip.signalling.commands import Ended, Established, Ignored, IgnoreReason, Incoming

log = logging.getLogger("voip.calls")


class CallLog:
    """An observer. `ignored` counts remote events that changed nothing, by reason."""

    def __init__(self) -> None:
        self.ignored: Counter[IgnoreReason] = Counter()

    def __call__(self, happening: Happening) -> None:
        match happening:
            case Incoming(key, caller, video):
                kind = "video" if video else "voice"
                log.info("call %r rings: %s from %s", key.call_id, kind, caller.user_id)
            case Established(key):
                log.info("call %r is connected", key.call_id)
            case Ended(key, reason, by, _, wire_reason):
                said = f", said as {wire_reason}" if wire_reason else ""
                log.info("call %r ended: %s, by %s%s", key.call_id, reason.value, by.value, said)
            case RecordingEnded(key, recording):
                log.info(
                    "call %r: %.1f s recorded, ended by %s",
                    key.call_id,
                    recording.seconds,
                    recording.ended.value,
                )
            case Ignored(_, _, event_type, why, detail):
                self.ignored[why] += 1
                log.debug("%s ignored: %s %s", event_type, why.value, detail)
