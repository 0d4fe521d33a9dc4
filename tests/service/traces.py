"""Two traces as they are kept: of a call that went well, and of one that found no path."""

from __future__ import annotations

from voip.tracing.record import End, Kind, Marks, Media, Pair, Relay, Step, Trace, Why

_HOST = "host A (IPv4, private, udp)"
_OFFER = {"chars": 1290, "media": ["audio sendrecv: opus"], "candidates": {"host": 1}}
_BEGINNING = [
    Step(
        ms=0,
        kind=Kind.RECEIVED,
        what="m.call.invite",
        who="peer",
        facts={"age_ms": 120, "chars": 1390, "encrypted": True, "offer": _OFFER},
        state="held",
    ),
    Step(ms=1, kind=Kind.ROOM, what="sync complete", state="ringing"),
    Step(ms=2, kind=Kind.ASKED, what="accept", state="answering"),
    Step(ms=9, kind=Kind.MEDIA, what="answer ready", facts={"sdp": _OFFER}, state="connecting"),
    Step(ms=10, kind=Kind.SENT, what="m.call.answer", facts={"chars": 1350, "answer": _OFFER}),
    Step(
        ms=90,
        kind=Kind.RECEIVED,
        what="m.call.answer",
        who="us",
        facts={"age_ms": 60},
        ignored=Why(why="own_echo", text="we sent it ourselves"),
    ),
    Step(
        ms=95,
        kind=Kind.RECEIVED,
        what="m.call.hangup",
        who="another person",
        ignored=Why(why="wrong_party", text="it comes from a party that is not in this call"),
    ),
]
_MEDIA = Media(
    connected=True,
    packets_received=500,
    packets_lost=1,
    packets_sent=490,
    packets_refused=0,
    candidates_ignored=0,
    bytes_received=60_000,
    bytes_sent=50_000,
    jitter_ms=3.1,
    lost_by_peer=0,
    round_trip_ms=24.0,
)

GOOD = Trace(
    id="3f2a9c01d4e5b6a7",
    direction="inbound",
    began="2026-01-31T12:00:00.123Z",
    rang=True,
    encrypted=True,
    end=End(reason="hangup", text="hung up", by="peer", wire_reason="user_hangup"),
    marks=Marks(answered=10, established=420, first_audio=431, ended=10_450),
    ours=[_HOST],
    theirs=[_HOST],
    pairs=[Pair(local=_HOST, remote=_HOST, state="succeeded", chosen=True)],
    relay=Relay(servers=["turn udp"]),
    media=_MEDIA,
    steps=[
        *_BEGINNING,
        Step(ms=420, kind=Kind.MEDIA, what="media connected", state="connected"),
        Step(ms=10_450, kind=Kind.RECEIVED, what="m.call.hangup", who="peer", state="ended"),
    ],
    software={"matrix-voip": "0.1.0", "aiortc": "1.16.0"},
)

FAILED = Trace(
    id="77b0d2e8c1",
    direction="inbound",
    began="2026-01-31T12:05:00.000Z",
    rang=True,
    end=End(reason="no_path", text="no network path", by="fault", wire_reason="ice_failed"),
    marks=Marks(answered=10, ended=30_010),
    ours=[_HOST],
    theirs=["host B (mDNS name, udp)"],
    pairs=[Pair(local=_HOST, remote="host B (mDNS name, udp)", state="failed")],
    relay=Relay(servers=["turn udp"], problems=["turn: refused (401)"]),
    steps=[
        *_BEGINNING,
        Step(ms=30_000, kind=Kind.MEDIA, what="media given up", facts={"why": "ice_failed"}),
        Step(ms=30_001, kind=Kind.SENT, what="m.call.hangup", facts={"reason": "ice_failed"}),
        Step(ms=30_010, kind=Kind.NOT_TAKEN, what="m.call.hangup", facts={"why": "unreachable"}),
    ],
    software={"matrix-voip": "0.1.0", "aiortc": "1.16.0"},
)
