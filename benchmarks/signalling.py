"""The call core: what an event costs, what a live call keeps, and whether more calls cost more.

Ours parses an event and handles it; the peer is matrix-nio 0.26, which only parses it. The contents
are those of a Chromium that calls through matrix-js-sdk. Times are processor time with the garbage
collector off, and the least of short slices, as `timeit` does it: caches that others on
the machine share only ever add to it. Memory is what a fresh process grows by. Among many calls
each event comes from JSON of its own, as in a sync response: no string of it is one that we keep.
"""

from __future__ import annotations

import gc
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from nio import (  # type: ignore[import-untyped]  # 0.26 ships no types
    CallAnswerEvent,
    CallCandidatesEvent,
    CallInviteEvent,
    Event,
)

from benchmarks.harness import Row, alternate, progress
from voip.signalling.calls import Calls
from voip.signalling.commands import CreateAnswer, CreateOffer, SendEvent
from voip.signalling.config import CallConfig
from voip.signalling.events import (
    Accept,
    AnswerReady,
    MediaConnected,
    OfferReady,
    Place,
    Received,
    Sent,
    SyncComplete,
)
from voip.signalling.ids import CallKey, Party
from voip.signalling.states import State

SDP: Final = (
    (Path(__file__).parent.parent / "tests" / "media" / "sdp" / "chromium-audio.sdp")
    .read_bytes()
    .decode()
)
CANDIDATE: Final = (
    "candidate:842163049 1 udp 1677729535 192.0.2.7 46154 typ srflx raddr 10.0.0.7 rport 46154 "
    "generation 0 ufrag EsAw network-cost 999"
)
US: Final = Party("@bot:example.org", "OURS")
PEER: Final = "@peer:example.org"
CONFIG: Final = CallConfig(max_unanswered=10**6)
EVENTS: Final = 2_000
"""In one round."""
SLICE: Final = 250
"""Events that are timed together: some milliseconds, in which others may leave us alone."""
POPULATIONS: Final = (100, 10_000, 100_000)
ROUNDS: Final = 15
BYTES_PER_CALL: Final = 8 * 1024

_numbers = itertools.count()


def run() -> list[Row]:
    rows = [
        _beside_nio("candidates", _to_connected, CallCandidatesEvent),
        _beside_nio("invite", _to_nobody, CallInviteEvent),
        _beside_nio("answer", _to_inviting, CallAnswerEvent),
        _size(),
    ]
    return rows + _growth()


# --- beside matrix-nio ----------------------------------------------------------------------


def _beside_nio(
    what: str, prepare: Callable[[int], tuple[Calls, list[dict[str, Any]]]], parsed: type[Event]
) -> Row:
    medians = alternate(
        f"signalling, {what}",
        lambda: _handled(*prepare(EVENTS)),
        lambda: _parsed_by_nio(prepare(EVENTS)[1], parsed),
        rounds=ROUNDS,
        of=min,
    )
    return Row.against(
        f"{what}: parse and handle beside parse",
        medians.ours,
        medians.peer,
        peer_name="matrix-nio",
        unit="µs",
        goal=1 / 8,
    )


def _handled(calls: Calls, events: list[dict[str, Any]]) -> float:
    """Microseconds for each event."""
    handle, poll = calls.handle, calls.poll

    def take(slice_of_them: list[dict[str, Any]]) -> None:
        for event in slice_of_them:
            handle(_received(event), 1.0)
            while poll() is not None:
                pass

    return _least(take, events)


def _least(take: Callable[[list[dict[str, Any]]], None], events: list[dict[str, Any]]) -> float:
    """Microseconds for each event, in the slice where that was least."""
    gc.collect()
    gc.disable()
    taken = []
    try:
        for first in range(0, len(events), SLICE):
            slice_of_them = events[first : first + SLICE]
            began = time.process_time()
            take(slice_of_them)
            taken.append((time.process_time() - began) / len(slice_of_them) * 1e6)
    finally:
        gc.enable()
    return min(taken)


def _received(event: dict[str, Any]) -> Received:
    unsigned = event["unsigned"]
    return Received(
        event["room_id"],
        event["event_id"],
        event["sender"],
        event["type"],
        event["content"],
        unsigned["age"] / 1000,
    )


def _parsed_by_nio(events: list[dict[str, Any]], parsed: type[Event]) -> float:
    assert type(Event.parse_event(events[0])) is parsed  # else it would do less than we

    def take(slice_of_them: list[dict[str, Any]]) -> None:
        for event in slice_of_them:
            Event.parse_event(event)

    return _least(take, events)


def _to_connected(count: int) -> tuple[Calls, list[dict[str, Any]]]:
    calls, keys = _connected(100)
    return calls, [_candidates(keys[number % len(keys)]) for number in range(count)]


def _to_nobody(count: int) -> tuple[Calls, list[dict[str, Any]]]:
    return Calls(US, CONFIG), [_invite(_new_key()) for _ in range(count)]


def _to_inviting(count: int) -> tuple[Calls, list[dict[str, Any]]]:
    calls = Calls(US, CONFIG)
    keys = [_new_key() for _ in range(count)]
    for key in keys:
        calls.handle(Place(key, PEER), 0.0)
        calls.handle(OfferReady(key, _request(calls), SDP), 0.0)
        calls.handle(Sent(key, _request(calls)), 0.0)
        _request(calls)
        assert calls.state(key) is State.INVITED
    return calls, [_answer(key) for key in keys]


# --- many calls -----------------------------------------------------------------------------


def _size() -> Row:
    progress(f"signalling, the size of {POPULATIONS[-1]} calls")
    program = f"from {__spec__.name} import grow; print(grow())"
    grown = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    return Row.within(
        f"one of {POPULATIONS[-1]:,} connected calls keeps",
        float(grown.stdout),
        unit="bytes",
        goal=BYTES_PER_CALL,
    )


def grow() -> float:
    """Bytes by which a fresh process grows for each call."""
    kept = [_connected(10)]
    gc.collect()
    before = _resident()
    kept.append(_connected(POPULATIONS[-1]))
    gc.collect()
    return (_resident() - before) / POPULATIONS[-1]


def _resident() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * 4096


def _growth() -> list[Row]:
    """Beside what we do, the least that any such program does: find the event's key."""
    calls = {count: _connected(count) for count in POPULATIONS}
    handled = _in_turn(
        {count: (keys, partial(_handled, these)) for count, (these, keys) in calls.items()}
    )
    kept = {count: dict.fromkeys(keys) for count, (_, keys) in calls.items()}
    found = _in_turn(
        {count: (keys, partial(_found, kept[count])) for count, (_, keys) in calls.items()}
    )
    return [
        *_among("candidates", handled, goal=1.3),
        *_among("of these, their key in a dictionary", found),
    ]


Taken = dict[int, float]
"""Microseconds for each event, by the number of calls."""


def _in_turn(
    populations: dict[int, tuple[list[CallKey], Callable[[list[dict[str, Any]]], float]]],
) -> Taken:
    """The least of all rounds: one of each population in turn, since times drift."""
    taken: dict[int, list[float]] = {count: [] for count in populations}
    for number in range(ROUNDS):
        for count, (keys, take) in populations.items():
            progress(f"signalling, {count} calls: round {number + 1} of {ROUNDS}")
            # The same steps through few and many, far apart: memory that is near costs less.
            chosen = (keys[step * 7919 % len(keys)] for step in range(EVENTS))
            response = json.dumps([_candidates(key) for key in chosen])
            taken[count].append(take(json.loads(response)))
    return {count: min(each) for count, each in taken.items()}


def _found(keys: dict[CallKey, None], events: list[dict[str, Any]]) -> float:
    def take(slice_of_them: list[dict[str, Any]]) -> None:
        for event in slice_of_them:
            assert CallKey(event["room_id"], event["content"]["call_id"]) in keys

    return _least(take, events)


def _among(what: str, taken: Taken, goal: float | None = None) -> list[Row]:
    few, *more = POPULATIONS
    return [
        Row.against(
            f"{what} among {count:,} calls",
            taken[count],
            taken[few],
            peer_name=f"among {few}",
            unit="µs",
            goal=goal,
        )
        for count in more
    ]


def _connected(count: int) -> tuple[Calls, list[CallKey]]:
    """So many calls that came to us, each in its room."""
    calls = Calls(US, CONFIG)
    keys = [_new_key() for _ in range(count)]
    for key in keys:
        calls.handle(_received(_invite(key)), 0.0)
        calls.handle(SyncComplete(), 0.0)
        _request(calls)
        calls.handle(Accept(key), 0.0)
        calls.handle(AnswerReady(key, _request(calls), SDP), 0.0)
        calls.handle(MediaConnected(key), 0.0)
        _request(calls)
        assert calls.state(key) is State.CONNECTED
    return calls, keys


def _request(calls: Calls) -> int:
    """Drain; the first request's number."""
    first = 0
    while (item := calls.poll()) is not None:
        if not first and isinstance(item, SendEvent | CreateAnswer | CreateOffer):
            first = item.request
    return first


def _new_key() -> CallKey:
    number = next(_numbers)
    return CallKey(f"!room{number}:example.org", f"1700000000000{number:012}")


# --- events as a client sends them ----------------------------------------------------------


def _event(key: CallKey, event_type: str, **content: Any) -> dict[str, Any]:
    common = {"call_id": key.call_id, "party_id": "ABCDEFGHIJ", "version": "1"}
    return {
        "room_id": key.room_id,
        "event_id": f"${next(_numbers):043}",
        "sender": PEER,
        "type": event_type,
        "origin_server_ts": 1_700_000_000_000,
        "unsigned": {"age": 120},
        "content": common | content,
    }


def _described(key: CallKey, event_type: str, field: str) -> dict[str, Any]:
    stream = {"purpose": "m.usermedia", "audio_muted": False, "video_muted": True}
    return _event(
        key,
        event_type,
        **{field: {"type": field, "sdp": f"{SDP}a=x-call:{key.call_id}\r\n"}},
        sdp_stream_metadata={"0f3fe0c9-5d4b-4d2d-9f0e-9b3f4a2c1d5e": stream},
        capabilities={"m.call.transferee": False, "m.call.dtmf": True},
        lifetime=60_000,
    )


def _invite(key: CallKey) -> dict[str, Any]:
    return _described(key, "m.call.invite", "offer")


def _answer(key: CallKey) -> dict[str, Any]:
    return _described(key, "m.call.answer", "answer")


def _candidates(key: CallKey) -> dict[str, Any]:
    candidate = {"candidate": CANDIDATE, "sdpMid": "0", "sdpMLineIndex": 0}
    return _event(key, "m.call.candidates", candidates=[dict(candidate) for _ in range(5)])
