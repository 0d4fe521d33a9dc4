"""The verdict: a sentence for every way in which a call can end, and for the typical faults."""

from __future__ import annotations

from typing import Any

import pytest

from voip.signalling.commands import By, EndReason, IgnoreReason
from voip.tracing.record import End, Kind, Marks, Media, Pair, Relay, Step, Trace, Why
from voip.tracing.verdict import _TELLERS, verdict

HOST, SRFLX = "host A (IPv4, private, udp)", "srflx B (IPv4, public, udp)"
RELAY = "relay C (IPv4, public, udp)"
NO_TURN = "the homeserver offers no TURN server"


def media(**more: Any) -> Media:
    counted = dict.fromkeys(
        ("packets_received", "packets_lost", "packets_sent", "packets_refused"), 0
    )
    rest = {"candidates_ignored": 0, "bytes_received": 0, "bytes_sent": 0, "jitter_ms": 1.0}
    return Media(connected=True, **counted | rest | {"packets_received": 100} | more)


def trace(reason: EndReason | str, by: By = By.FAULT, **more: Any) -> Trace:
    name = reason if isinstance(reason, str) else reason.name.lower()
    wire, why = more.pop("wire", ""), more.pop("why", "")
    end = End(reason=name, text="its text", by=by.name.lower(), wire_reason=wire, why=why)
    fields: dict[str, Any] = {
        "id": "1",
        "direction": "inbound",
        "began": "2026-01-01T00:00:00.000Z",
        "end": end,
    }
    return Trace(**fields | more)


def marks(answered: int | None = 300, established: int | None = None, ended: int = 9000) -> Marks:
    return Marks(answered=answered, established=established, ended=ended)


def received(what: str, why: IgnoreReason | None = None, detail: str = "", **facts: Any) -> Step:
    ignored = None if why is None else Why(why=why.name.lower(), text=why.value, detail=detail)
    return Step(ms=0, kind=Kind.RECEIVED, what=what, who="peer", facts=facts, ignored=ignored)


def paths(ours: list[str], theirs: list[str], **relay: Any) -> dict[str, Any]:
    return {"ours": ours, "theirs": theirs, "relay": Relay(**relay)}


R, B = EndReason, By
INVITE_TAKEN = Step(ms=5, kind=Kind.TAKEN, what="m.call.invite")
REFUSED = Step(ms=5, kind=Kind.NOT_TAKEN, what="m.call.answer")
OFFER = received("m.call.invite", offer={"media": ["audio sendrecv: pcmu"]})
OUT = {"direction": "outbound"}
CASES: list[tuple[Trace, str]] = [
    (trace(R.HANGUP, B.PEER, marks=marks(300, 800)), "connected after 0.8 s, the other side hung"),
    (trace(R.HANGUP, B.US, marks=marks(300, 800)), "connected after 0.8 s, we hung up after 8.2 s"),
    (trace(R.HANGUP, B.PEER, marks=marks(None)), "The other side hung up before an answer"),
    (trace(R.HANGUP, B.PEER, marks=marks()), "may have given up on the connection"),
    (trace(R.REJECTED, B.US), "We declined"),
    (trace(R.REJECTED, B.PEER, **OUT), "The other side declined"),
    (trace(R.BUSY, B.US), "VOIP_MAX_CALLS"),
    (trace(R.BUSY, B.PEER, **OUT), "The other side was busy"),
    (trace(R.ANSWERED_ELSEWHERE, B.OTHER_DEVICE), "Answered on another device of ours"),
    (trace(R.ANSWERED_ELSEWHERE, B.OTHER_DEVICE, marks=marks()), "though we had answered too"),
    (trace(R.ANSWERED_ELSEWHERE, B.PEER, **OUT), "another device of the other side"),
    (trace(R.REJECTED_ELSEWHERE, B.OTHER_DEVICE), "Declined on another device of ours"),
    (trace(R.NOT_ANSWERED, B.TIME, steps=[INVITE_TAKEN], **OUT), "Nobody answered within"),
    (trace(R.NOT_ANSWERED, B.TIME, **OUT), "never said that it took our invite"),
    (trace(R.NOT_ANSWERED, B.TIME, marks=marks(None)), "nobody accepted it within"),
    (trace(R.NOT_ANSWERED, B.PEER, marks=marks(None)), "The caller gave up before we answered"),
    (trace(R.NOT_ANSWERED, B.TIME, marks=marks()), "did not take notice of our answer"),
    (trace(R.LEFT_ROOM, B.US), "We left the room"),
    (trace(R.LEFT_ROOM, B.PEER), "The other side left the room"),
    (
        trace(R.NO_PATH, **paths([HOST], [HOST], missing=NO_TURN)),
        f"Only host candidates on both sides, and no TURN server: {NO_TURN}",
    ),
    (
        trace(R.NO_PATH, **paths([HOST], [HOST, SRFLX], missing=NO_TURN)),
        "We had 1 host candidate, the other side 1 host and 1 srflx candidates, and no TURN server",
    ),
    (
        trace(R.NO_PATH, **paths([HOST], [HOST], servers=["turn udp"])),
        "no relay candidate was found on either side",
    ),
    (
        trace(R.NO_PATH, **paths([HOST], [HOST], problems=["turn: refused (401)"])),
        "The relay refused the allocation: 401. Its credentials are not the homeserver's",
    ),
    (
        trace(R.NO_PATH, **paths([HOST], [HOST], problems=["turn: refused (486)"])),
        "The relay refused the allocation: 486. Its quota",
    ),
    (
        trace(R.NO_PATH, **paths([HOST], [HOST], problems=["turn: did not answer in time"])),
        "The TURN relay did not answer in time",
    ),
    (
        trace(
            R.NO_PATH,
            pairs=[Pair(local=RELAY, remote=RELAY, state="failed")],
            **paths([HOST, RELAY], [RELAY], servers=["turn udp"]),
        ),
        "Candidate pairs: 1 failed",
    ),
    (trace(R.NO_PATH, **paths([HOST], [])), "No candidates came from the other side"),
    (trace(R.NO_PATH, **paths([], [HOST])), "We had no candidates"),
    (trace(R.NO_PATH, B.PEER), "(the other side says so)"),
    (trace(R.NO_PATH, media=media(failure="dtls_failed")), "(DTLS) was not agreed"),
    (
        trace(R.CONNECT_TIMEOUT, pairs=[Pair(local=HOST, remote=HOST, state="succeeded")]),
        "a network path worked, but the encryption",
    ),
    (trace(R.CONNECT_TIMEOUT), "no network path worked in time"),
    (trace(R.MEDIA_LOST, marks=marks(300, 800)), "stopped sending and answering 8.2 s into it"),
    (trace(R.MEDIA_LOST, B.PEER), "says that it lost our media"),
    (trace(R.MEDIA_FAILED), "This is a fault of ours"),
    (trace(R.MEDIA_CRASHED, marks=marks(300, 800)), "carried the call died, after 9.0 s."),
    (
        trace(R.MEDIA_FAILED, steps=[Step(ms=9, kind=Kind.TIMER, what="an answer is made")]),
        "did not answer in time (an answer is made)",
    ),
    (trace(R.BAD_DESCRIPTION), "session description cannot be used"),
    (trace(R.NO_COMMON_CODEC, steps=[OFFER]), "It named: audio sendrecv: pcmu"),
    (trace(R.SEND_REFUSED, steps=[REFUSED]), "The homeserver refused our m.call.answer"),
    (trace(R.SEND_FAILED, steps=[REFUSED]), "could not be reached in time to send our m.call.ans"),
    (trace(R.PEER_FAILED, B.PEER, wire="user_media_failed"), "its microphone or camera"),
    (trace(R.PEER_FAILED, B.PEER, wire="unknown_error"), "(it said unknown_error)"),
    (trace(R.PEER_FAILED, B.US, wire="unknown_error"), "It failed on our side"),
    (trace("crashed"), "Our process ended in the middle"),
    (trace("a reason of later"), "The call ended: its text"),
    (
        trace(
            "ignored",
            why="expired",
            steps=[received("m.call.invite", IgnoreReason.EXPIRED, age_ms=75_400)],
        ),
        "the invite had expired when it came: 75 seconds old",
    ),
    (
        trace(
            "ignored",
            why="malformed",
            steps=[received("m.call.invite", IgnoreReason.MALFORMED, "offer: missing")],
        ),
        "In detail: offer: missing",
    ),
    # Whatever the end was.
    (
        trace(R.HANGUP, B.US, marks=marks(1, 2), media=media(packets_received=0)),
        "not one packet of audio came",
    ),
    (
        trace(R.HANGUP, B.US, marks=marks(1, 2), media=media(packets_lost=25)),
        "20% of what the other side sent was lost on the way: expect broken sound",
    ),
    (
        trace(R.HANGUP, B.US, marks=marks(1, 2), media=media(packets_sent=90, lost_by_peer=10)),
        "10% of what we sent was lost",
    ),
    (
        trace(R.HANGUP, B.US, marks=marks(1, 2), media=media(jitter_ms=120.0)),
        "unevenly (jitter 120 ms)",
    ),
    (
        trace(R.HANGUP, B.US, marks=marks(1, 2), media=media(round_trip_ms=620.0)),
        "A packet and its answer took 620 ms",
    ),
    (
        trace(R.HANGUP, B.US, marks=marks(1, 2), media=media(interruptions=1)),
        "The connection was interrupted once",
    ),
    (
        trace(R.HANGUP, B.US, marks=marks(1, 2), media=media(interruptions=3)),
        "The connection was interrupted 3 times",
    ),
    (
        trace(
            R.HANGUP,
            B.US,
            marks=marks(1, 2),
            media=media(),
            pairs=[Pair(local=RELAY, remote=HOST, state="succeeded", chosen=True)],
        ),
        "Media went through a relay",
    ),
    (
        trace(
            R.HANGUP,
            B.US,
            marks=marks(1, 2),
            media=media(),
            relay=Relay(problems=["turn: refused (401)"]),
        ),
        "Besides: The relay refused the allocation: 401",
    ),
    (
        trace(R.REJECTED, B.US, steps=[received("m.call.invite", age_ms=12_000)]),
        "The invite was 12 seconds old when it came",
    ),
]


@pytest.mark.parametrize(("of", "said"), CASES)
def test_what_is_said(of: Trace, said: str) -> None:
    told = verdict(of)
    assert said in " ".join(told)
    assert all((line[0].isupper() or line[0].isdigit()) and line.endswith(".") for line in told)


def test_every_end_reason_has_its_own_words_and_a_case() -> None:
    names = {reason.name.lower() for reason in EndReason}
    assert names <= set(_TELLERS)
    assert names <= {of.end.reason for of, _ in CASES if of.end is not None}


@pytest.mark.parametrize("why", IgnoreReason)
def test_every_ignored_invite_has_a_sentence(why: IgnoreReason) -> None:
    (first, *_) = verdict(trace("ignored", why=why.name.lower()))
    assert first.startswith("It never rang: ")


def test_a_call_that_gave_way_is_told() -> None:
    gave_way = Step(ms=0, kind=Kind.NOTICE, what="replaced")
    (told,) = verdict(Trace(id="1", direction="outbound", began="", steps=[gave_way]))
    assert "glare" in told


def test_a_call_that_goes_on_is_said_to() -> None:
    (told,) = verdict(Trace(id="1", direction="inbound", began=""))
    assert "had not ended" in told
