"""Watches the driver and the media edge, and has the trace of each call written when it ends.

Everything here runs on the event loop for every event, so it notes and counts; making JSON and
writing it is the business of whoever takes a finished trace.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Final

from voip.media.events import (
    Failed,
    FirstAudio,
    Interrupted,
    MediaClosed,
    MediaEvent,
    RecordingEnded,
    Resumed,
)
from voip.observers import Happening, Passing, Way
from voip.signalling.commands import Ended, Ignored, IgnoreReason, SendEvent
from voip.signalling.events import (
    AnswerReady,
    MediaFailed,
    MemberLeft,
    OfferReady,
    Place,
    Received,
    SyncComplete,
)
from voip.signalling.ids import CallKey, Party
from voip.signalling.states import State
from voip.tracing import facts as facts_of
from voip.tracing import steps
from voip.tracing.call_trace import CallTrace, why
from voip.tracing.record import Kind, Trace
from voip.tracing.software import versions

log = logging.getLogger(__name__)

MAX_LIVE: Final = 1000
"""Calls that are traced at the same time; the next ones are not."""
MAX_UNRUNG: Final = 20
"""Ignored invites that get a trace within a minute; a flood of them tells nothing more."""
CLOSES_WITHIN: Final = 60.0
"""Seconds after which a call that is over counts as closed, though nobody said so."""
LINGER: Final = 5.0
"""Seconds for which what still comes for a call that is over is added to its trace."""
_NO_CALL: Final = CallKey("", "")
_NOT_TRACED: Final = frozenset({IgnoreReason.OWN_ECHO, IgnoreReason.CALL_ENDED})
"""Invites that are ours, or of a call that had its trace."""


class Tracer:
    """An observer of `Topic.DRIVER` and `Topic.MEDIA`.

    :param state: the core's, of a call.
    :param put: takes a finished trace, at once; may be given the same one again, with more in it.
    :param relay_missing: why the homeserver gives no TURN server; empty where it does.
    :param names: whether Matrix ids are kept.
    """

    def __init__(
        self,
        us: Party,
        state: Callable[[CallKey], State],
        put: Callable[[Trace], None],
        *,
        new_id: Callable[[], str],
        relay_missing: Callable[[], str] = str,
        names: bool = False,
        linger: float = LINGER,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._us, self._state, self._put = us, state, put
        self._new_id, self._relay_missing = new_id, relay_missing
        self._names, self._linger, self._clock = names, linger, clock
        self._traces: dict[CallKey, CallTrace] = {}
        self._by_room: defaultdict[str, dict[CallKey, CallTrace]] = defaultdict(dict)
        self._lingering: dict[CallKey, asyncio.TimerHandle] = {}
        self._received: Passing | None = None
        """The remote event that was handled last, of which the core may say that it ignored it."""
        self._ignorable: list[tuple[CallTrace, steps.Step]] = []
        """Its steps."""
        self._timer: float | None = None
        """When the core's deadline came, where what follows comes of it."""
        self._timed: set[CallKey] = set()
        self._unrung: deque[float] = deque(maxlen=MAX_UNRUNG)

    def __call__(self, happening: Happening) -> None:
        if isinstance(happening, Passing):
            self._passing(happening)
        else:
            self._media(happening)  # type: ignore[arg-type]  # the topics bring nothing else

    def name(self, key: CallKey, call_id: str) -> None:
        """Our own id of a call, once it has one."""
        if (trace := self._traces.get(key)) is not None:
            trace.id = call_id

    def close(self) -> None:
        """Give out everything: the call it is about may not have ended."""
        for handle in self._lingering.values():
            handle.cancel()
        self._lingering.clear()
        for key in list(self._traces):
            self._finish(key)

    # --- what passes through the driver ---

    def _passing(self, passing: Passing) -> None:
        match passing:
            case Passing(Way.EVENT, Received() as event):
                self._timer = None
                self._on_received(passing, event)
            case Passing(Way.EVENT, SyncComplete() | MemberLeft() as event):
                self._on_room(passing.at, event)
            case Passing(Way.EVENT, Place(key, invitee, video)):
                trace = self._begin(key, "outbound", passing.at)
                if trace is not None:
                    trace.video = video
                    trace.peer = None if invitee is None else Party(invitee, "")
                    self._note(passing, trace)
            case Passing(Way.TIMER, None, at):
                self._timer, self._timed = at, set()
            case Passing(Way.CLOSED, CallKey() as key):
                self._on_closed(key)
            case Passing(Way.NOTICE, Ignored() as notice):
                self._on_ignored(notice)
            case Passing(way, what):
                if way is Way.EVENT:
                    self._timer = None
                known = self._traces.get(getattr(what, "key", _NO_CALL))
                if known is not None:
                    self._note(passing, known)

    def _note(self, passing: Passing, trace: CallTrace) -> None:
        """A step of a call that is known."""
        what, at = passing.what, passing.at
        if self._timer is not None and trace.key not in self._timed:
            self._timed.add(trace.key)
            steps.timer(trace, self._timer, what, self._state(trace.key))
        step = steps.of(passing, trace)
        if isinstance(what, SendEvent):
            trace.asked(what.request, at, what.type)
        self._moved(trace, step)
        if isinstance(what, Ended):
            trace.ended(what, at)
        elif isinstance(what, OfferReady | AnswerReady | MediaFailed) and not trace.relay_missing:
            trace.relay_missing = self._relay_missing()

    def _moved(self, trace: CallTrace, step: steps.Step) -> None:
        state = self._state(trace.key)
        trace.is_now(state.value, step)
        if state is State.ENDED and trace.key not in self._lingering:
            self._linger_for(trace.key, CLOSES_WITHIN)

    def _on_received(self, passing: Passing, event: Received) -> None:
        self._received, self._ignorable = passing, []
        key = _key_of(event)
        trace = self._traces.get(key)
        if trace is None and self._state(key) is not State.ENDED:
            trace = self._begin(key, "inbound", passing.at)
        if trace is not None:
            self._receive(trace, passing.at, event)
        elif event.type != "m.call.invite":
            # Of no call that is known: what it was may matter to those of the same room.
            for other in self._in_room(event.room_id):
                self._receive(other, passing.at, event, of_another=True)

    def _receive(
        self, trace: CallTrace, at: float, event: Received, *, of_another: bool = False
    ) -> None:
        step = steps.received(trace, at, event, self._us, of_another=of_another)
        self._ignorable.append((trace, step))
        self._moved(trace, step)

    def _on_ignored(self, notice: Ignored) -> None:
        passing, self._received = self._received, None
        event = None if passing is None else passing.what
        if passing is None or not isinstance(event, Received) or event.sender != notice.sender:
            return
        decision = why(notice.why, notice.detail)
        for trace, step in self._ignorable:
            step.ignored = decision
            trace.changed = True
        if not self._ignorable and event.type == "m.call.invite":
            self._never_rang(passing.at, event, notice.why, decision)

    def _never_rang(
        self, at: float, event: Received, reason: IgnoreReason, decision: steps.Why
    ) -> None:
        """An invite that did not make a call has a trace of its own."""
        if reason in _NOT_TRACED:
            return
        if len(self._unrung) == MAX_UNRUNG and at - self._unrung[0] < 60:
            return
        self._unrung.append(at)
        trace = CallTrace(self._new_id(), _key_of(event), "inbound", self._us, at)
        steps.received(trace, at, event, self._us).ignored = decision
        trace.ignored(reason)
        self._give(trace)

    def _on_room(self, at: float, event: SyncComplete | MemberLeft) -> None:
        self._timer = None
        if isinstance(event, MemberLeft):
            traces = self._in_room(event.room_id)
        else:  # only those that it lets ring
            held = State.HELD.value
            traces = [each for each in self._traces.values() if each.state == held]
        for trace in traces:
            step = trace.step(at, Kind.ROOM, facts_of.words(event))
            if isinstance(event, MemberLeft):
                step.facts = {"who": Party(event.user_id, "")}
            self._moved(trace, step)

    def _in_room(self, room_id: str) -> list[CallTrace]:
        return list(self._by_room[room_id].values()) if room_id in self._by_room else []

    # --- what the media edge says ---

    def _media(self, event: MediaEvent) -> None:
        trace = self._traces.get(event.key)
        if trace is None:
            return
        at = self._clock()
        match event:
            case FirstAudio():
                trace.marks.first_audio = trace.ms(at)
                trace.step(at, Kind.MEDIA, "first audio of the other side")
            case Interrupted(answering=answering):
                what = "its sound stopped" if answering else "nothing comes any more"
                trace.step(at, Kind.MEDIA, what)
            case Resumed():
                trace.step(at, Kind.MEDIA, "media resumed")
            case Failed(failure=failure):
                trace.failed(failure)
                trace.step(at, Kind.MEDIA, "media given up", {"why": failure.name.lower()})
            case RecordingEnded(recording=recording):
                facts: facts_of.Facts = {"ended": recording.ended.value}
                facts |= {"bytes": recording.size, "seconds": round(recording.seconds, 1)}
                if recording.parts:
                    facts["parts"] = len(recording.parts)
                trace.step(at, Kind.MEDIA, "recording ended", facts)
            case MediaClosed():
                trace.media_closed(event)

    # --- beginning and end ---

    def _begin(self, key: CallKey, direction: str, at: float) -> CallTrace | None:
        if key in self._lingering:  # the same id again: the old call's trace is complete
            self._lingering.pop(key).cancel()
            self._finish(key)
        if len(self._traces) >= MAX_LIVE:
            if not self._lingering:
                return None
            oldest = next(iter(self._lingering))
            self._lingering.pop(oldest).cancel()
            self._finish(oldest)
        trace = CallTrace(self._new_id(), key, direction, self._us, at)
        self._traces[key] = self._by_room[key.room_id][key] = trace
        return trace

    def _on_closed(self, key: CallKey) -> None:
        trace = self._traces.get(key)
        if trace is None or trace.over:
            return
        trace.over = True
        self._give(trace)
        log.info("call %r is traced: voip trace %s", key.call_id, trace.id)
        self._linger_for(key, self._linger)

    def _linger_for(self, key: CallKey, seconds: float) -> None:
        if (before := self._lingering.pop(key, None)) is not None:
            before.cancel()
        loop = asyncio.get_running_loop()
        self._lingering[key] = loop.call_later(seconds, self._lingered, key)

    def _lingered(self, key: CallKey) -> None:
        self._lingering.pop(key, None)
        self._finish(key)

    def _finish(self, key: CallKey) -> None:
        trace = self._traces.pop(key)
        of_room = self._by_room[key.room_id]
        del of_room[key]
        if not of_room:
            del self._by_room[key.room_id]
        if trace.changed:
            self._give(trace)

    def _give(self, trace: CallTrace) -> None:
        self._put(trace.record(names=self._names, software=versions()))


def _key_of(event: Received) -> CallKey:
    """Where the call's id cannot be read, a key that no call has."""
    call_id = event.content.get("call_id")
    return CallKey(event.room_id, call_id if isinstance(call_id, str) else "")
