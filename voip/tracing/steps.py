"""From something that passes through the driver to a step of a call's trace."""

from __future__ import annotations

from voip.observers import Passing, Way
from voip.signalling.commands import AddCandidates, Answered, Established, Incoming, SendEvent
from voip.signalling.events import (
    AnswerReady,
    LocalCandidates,
    OfferReady,
    Received,
    SendFailed,
    Sent,
)
from voip.signalling.ids import Party
from voip.signalling.states import TIMERS, State
from voip.tracing import descriptions
from voip.tracing import facts as facts_of
from voip.tracing.call_trace import CallTrace
from voip.tracing.record import Kind, Step, Why

__all__ = ["Step", "Why", "of", "received", "timer"]


def of(passing: Passing, trace: CallTrace) -> Step:
    """A step for an event that is not remote, a command, or a notice."""
    what, at = passing.what, passing.at
    match what:
        case SendEvent(content=content, type=event_type):
            facts: facts_of.Facts = {"chars": facts_of.size(content)} | facts_of.of_content(content)
            facts |= _selected(trace, content.get("selected_party_id"))
            return trace.step(at, Kind.SENT, event_type, facts)
        case Sent(request=request):
            name, took = trace.answered(request, at)
            return trace.step(at, Kind.TAKEN, name or "an event", took)
        case SendFailed(request=request, problem=problem):
            name, took = trace.answered(request, at)
            facts = {"why": problem.name.lower()} | took
            return trace.step(at, Kind.NOT_TAKEN, name or "an event", facts)
    return _other(passing, trace)


def _other(passing: Passing, trace: CallTrace) -> Step:
    what, at = passing.what, passing.at
    facts = facts_of.of_other(what)
    request = getattr(what, "request", None)
    match passing.way:
        case Way.COMMAND:
            if request is not None:
                trace.asked(request, at, facts_of.words(what))
            kind = Kind.MEDIA
        case Way.NOTICE:
            kind = Kind.NOTICE
            _mark(trace, what, at)
        case _:
            from_media = request is not None or type(what).__name__.startswith(("Media", "Local"))
            kind = Kind.MEDIA if from_media else Kind.ASKED
            facts |= trace.answered(request, at)[1]
            _gathered(trace, what)
    what_words = facts_of.words(what)
    if isinstance(what, AddCandidates):
        what_words = "add candidates"
    return trace.step(at, kind, what_words, facts)


def _mark(trace: CallTrace, notice: object, at: float) -> None:
    match notice:
        case Incoming(caller=caller, video=video):
            trace.peer, trace.video = caller, video
        case Answered(peer=peer):
            trace.peer = peer
            trace.marks.answered = trace.ms(at)
        case Established():
            trace.marks.established = trace.ms(at)


def _gathered(trace: CallTrace, event: object) -> None:
    match event:
        case OfferReady(sdp=sdp) | AnswerReady(sdp=sdp):
            trace.add_ours(descriptions.names_in(sdp, trace.hosts))
        case LocalCandidates(candidates=found):
            trace.add_ours(descriptions.names_of(found, trace.hosts))


def received(
    trace: CallTrace, at: float, event: Received, us: Party, *, of_another: bool = False
) -> Step:
    """A remote event. `of_another`: it is about no call that is known, but in the same room."""
    party_id = event.content.get("party_id")
    who = Party(event.sender, party_id if isinstance(party_id, str) else "")
    facts = facts_of.of_received(event)
    if of_another:
        facts["call"] = "another"
    elif who != us:
        facts |= _selected(trace, event.content.get("selected_party_id"))
        _their_candidates(trace, who, event)
        trace.encrypted = event.encrypted
        if trace.peer is None and event.type == "m.call.invite":
            trace.peer = who
    return trace.step(at, Kind.RECEIVED, facts_of.event_type(event.type), facts, who)


def _their_candidates(trace: CallTrace, who: Party, event: Received) -> None:
    content = event.content
    for name in ("offer", "answer", "description"):
        part = content.get(name)
        sdp = part.get("sdp") if isinstance(part, dict) else None
        if isinstance(sdp, str):
            trace.add_theirs(who, descriptions.names_in(sdp, trace.hosts))
    listed = content.get("candidates")
    if isinstance(listed, list):
        found = facts_of.wire_candidates(listed)
        trace.add_theirs(who, descriptions.names_of(found, trace.hosts))


def _selected(trace: CallTrace, party_id: object) -> facts_of.Facts:
    """Which device the caller chose: one of whoever is called."""
    if not isinstance(party_id, str):
        return {}
    called = trace.us if trace.direction == "inbound" else trace.peer
    return {} if called is None else {"selected": Party(called.user_id, party_id)}


def timer(trace: CallTrace, at: float, what: object, state: State) -> Step:
    """The timer that led to `what`: of the state that it ended, else of the candidates' batch."""
    if state.value == trace.state:
        batch = isinstance(what, SendEvent) and what.type == "m.call.candidates"
        name = "candidates were gathered for long enough" if batch else "a timer of the call"
    else:
        before = TIMERS.get(State(trace.state)) if trace.state else None
        name = "a timer of the call" if before is None else before.value
    return trace.step(at, Kind.TIMER, name)
