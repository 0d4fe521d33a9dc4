"""What happened to a call, in plain words: the sentence first, then why and what to do.

Pure: a trace in, sentences out. `we` are the device that the trace was written by.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from voip.tracing.paths import no_path
from voip.tracing.record import End, Kind, Step, Trace
from voip.tracing.refusals import refusal
from voip.tracing.remarks import remarks

_Teller: TypeAlias = Callable[[Trace, End], list[str]]


def verdict(trace: Trace) -> list[str]:
    """One sentence or several; the first says what happened."""
    end = trace.end
    if end is None and _any(trace, Kind.NOTICE, "replaced"):
        return ["Both sides called each other at once (glare): this call gave way to the other."]
    if end is None:
        return ["The call had not ended when this was written."]
    tell = _TELLERS.get(end.reason)
    told = [f"The call ended: {end.text}."] if tell is None else tell(trace, end)
    return told + remarks(trace)


def _hangup(trace: Trace, end: End) -> list[str]:
    who = "We" if end.by == "us" else "The other side"
    connected, ended = trace.marks.established, trace.marks.ended
    if connected is not None and ended is not None:
        return [
            f"It went well: connected after {_seconds(connected)}, "
            f"{who.lower() if who != 'We' else 'we'} hung up after {_seconds(ended - connected)}."
        ]
    when = "while media was being connected" if trace.marks.answered else "before an answer"
    told = [f"{who} hung up {when}{_after(ended)}."]
    if trace.marks.answered and end.by != "us":
        told.append("Its client may have given up on the connection.")
        told += no_path(trace)
    return told


def _rejected(trace: Trace, end: End) -> list[str]:
    if end.by == "us":
        return ["We declined."]
    return ["The other side declined, on all of its devices."]


def _busy(trace: Trace, end: End) -> list[str]:
    if end.by == "us":
        return ["We were busy: as many calls as VOIP_MAX_CALLS allows were live."]
    return ["The other side was busy."]


def _answered_elsewhere(trace: Trace, end: End) -> list[str]:
    if trace.direction == "outbound":
        return ["Answered on another device of the other side, which did not become this call."]
    if trace.marks.answered is not None:
        return ["Answered on another device: the caller chose it, though we had answered too."]
    return ["Answered on another device of ours."]


def _rejected_elsewhere(trace: Trace, end: End) -> list[str]:
    return ["Declined on another device of ours."]


def _not_answered(trace: Trace, end: End) -> list[str]:
    after = _after(trace.marks.ended)
    if trace.direction == "outbound":
        if not _any(trace, Kind.TAKEN, "m.call.invite"):
            return [f"Not answered: the homeserver never said that it took our invite{after}."]
        return [f"Nobody answered within the invite's lifetime{after}."]
    if end.by == "peer":
        return [f"The caller gave up before we answered{after}."]
    if trace.marks.answered is not None:
        return [f"The caller did not take notice of our answer in time{after}."]
    return [f"It rang here and nobody accepted it within the invite's lifetime{after}."]


def _left_room(trace: Trace, end: End) -> list[str]:
    if end.by == "us":
        return ["We left the room, or were removed from it, in the middle of the call."]
    return ["The other side left the room, or was removed from it, in the middle of the call."]


def _no_path(trace: Trace, end: End) -> list[str]:
    by = " (the other side says so)" if end.by == "peer" else ""
    if trace.media is not None and trace.media.failure == "dtls_failed":
        return [
            "A network path was found, but the encryption of the media (DTLS) was not agreed.",
            "A fingerprint that was changed on the way, or a client without a common cipher, does"
            " this.",
        ]
    return [f"No network path between the two sides was found{by}.", *no_path(trace)]


def _connect_timeout(trace: Trace, end: End) -> list[str]:
    if any(pair.state == "succeeded" for pair in trace.pairs):
        return [
            "The connection took too long: a network path worked, but the encryption of the media"
            " (DTLS) did not come up in time.",
            "Packets of that size may be lost on the way (MTU), or the other side went away.",
        ]
    return ["The connection took too long: no network path worked in time.", *no_path(trace)]


def _media_lost(trace: Trace, end: End) -> list[str]:
    connected, ended = trace.marks.established, trace.marks.ended
    since = "" if connected is None or ended is None else f" {_seconds(ended - connected)} into it"
    if end.by == "peer":
        return [f"The other side says that it lost our media{since}."]
    return [
        f"The other side stopped sending and answering{since}, without a hangup.",
        "Its network went away, its app was closed or its machine slept.",
    ]


def _media_failed(trace: Trace, end: End) -> list[str]:
    timer = next((step for step in trace.steps if step.kind is Kind.TIMER), None)
    if timer is not None:
        return [
            f"Our media engine did not answer in time ({timer.what}).",
            "The machine may be overloaded; the log says more.",
        ]
    return ["Our media engine failed. This is a fault of ours: the log has the error."]


def _media_crashed(trace: Trace, end: End) -> list[str]:
    return [
        f"The media worker that carried the call died{_after(trace.marks.ended)}.",
        "What it had recorded was repaired. Memory that ran out does this; else it is a fault of"
        " ours: the log says when, and the system's log may say why.",
    ]


def _bad_description(trace: Trace, end: End) -> list[str]:
    return [
        "The other side's session description cannot be used.",
        "Say in a bug report which client and version it is.",
    ]


def _no_common_codec(trace: Trace, end: End) -> list[str]:
    offered = [line for step in trace.steps for line in _media_lines(step)]
    had = f" It named: {'; '.join(dict.fromkeys(offered))}." if offered else ""
    return [f"The two sides share no codec: WebRTC audio is Opus (RFC 7874).{had}"]


def _send_refused(trace: Trace, end: End) -> list[str]:
    what = _not_taken(trace)
    return [
        f"The homeserver refused {what}.",
        "We may not be allowed to send in this room: check its power levels for call events (and"
        " for m.room.encrypted, where it is encrypted), and that we are in it still.",
    ]


def _send_failed(trace: Trace, end: End) -> list[str]:
    return [
        f"The homeserver could not be reached in time to send {_not_taken(trace)}.",
        "The log says what was tried; rate limits (rc_message) end like this too.",
    ]


def _peer_failed(trace: Trace, end: End) -> list[str]:
    said = f" (it said {end.wire_reason})" if end.wire_reason else ""
    if end.by == "us":
        return [f"It failed on our side{said}: the bot's flow raised; the log has the error."]
    if end.wire_reason == "user_media_failed":
        return ["The other side could not open its microphone or camera."]
    return [f"It failed on the other side{said}; its client's log knows why."]


def _crashed(trace: Trace, end: End) -> list[str]:
    return [
        "Our process ended in the middle of the call: killed, crashed, or without power.",
        "The call was hung up on the next start. What happened before is not known.",
    ]


def _any(trace: Trace, kind: Kind, what: str) -> bool:
    return any(step.kind is kind and step.what == what for step in trace.steps)


def _not_taken(trace: Trace) -> str:
    refused = [step.what for step in trace.steps if step.kind is Kind.NOT_TAKEN]
    return f"our {refused[0]}" if refused else "an event of ours"


def _media_lines(step: Step) -> list[str]:
    found = []
    for name in ("offer", "answer", "description"):
        part = step.facts.get(name) if step.kind is Kind.RECEIVED else None
        lines = part.get("media") if isinstance(part, Mapping) else None
        found += [str(line) for line in lines] if isinstance(lines, list) else []
    return found


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.1f} s"


def _after(ms: int | None) -> str:
    return "" if ms is None else f", after {_seconds(ms)}"


_TELLERS: Final[Mapping[str, _Teller]] = {
    "hangup": _hangup,
    "rejected": _rejected,
    "busy": _busy,
    "answered_elsewhere": _answered_elsewhere,
    "rejected_elsewhere": _rejected_elsewhere,
    "not_answered": _not_answered,
    "left_room": _left_room,
    "no_path": _no_path,
    "connect_timeout": _connect_timeout,
    "media_lost": _media_lost,
    "media_failed": _media_failed,
    "media_crashed": _media_crashed,
    "bad_description": _bad_description,
    "no_common_codec": _no_common_codec,
    "send_refused": _send_refused,
    "send_failed": _send_failed,
    "peer_failed": _peer_failed,
    "crashed": _crashed,
    "ignored": refusal,
}
