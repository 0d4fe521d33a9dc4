"""One log line for each thing that an operator asks about later. Without anybody's words,
addresses or session descriptions."""

from __future__ import annotations

import logging
from collections import Counter

from voip.media.events import Recording, RecordingEnd, RecordingEnded
from voip.observers import Happening
from voip.signalling.commands import Ended, Established, Ignored, IgnoreReason, Incoming
from voip.signalling.ids import CallKey

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
                _log_recording(key, recording)
            case Ignored(_, _, event_type, why, detail):
                self.ignored[why] += 1
                log.debug("%s ignored: %s %s", event_type, why.value, detail)


def _log_recording(key: CallKey, recording: Recording) -> None:
    end = recording.ended
    log.info("call %r: %.1f s recorded, ended by %s", key.call_id, recording.seconds, end.value)
    if end in {RecordingEnd.DISK_FULL, RecordingEnd.WRITE_FAILED}:
        log.error("a recording ended early: free space in the data folder, or check its disk")
