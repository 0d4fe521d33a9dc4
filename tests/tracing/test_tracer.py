"""What the traces of calls hold: real ones between two drivers, and those of strange peers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import Enum

import pytest

from tests.media.calls import own_address
from tests.tracing.scan import assert_tells_nothing
from tests.tracing.traced import SECRETS, Traced, invite, step, steps
from voip.observers import Observers, Passing, Topic, Way
from voip.service.demo.coturn import RelayProcess
from voip.signalling.commands import Established, Incoming, PeerState, SetStreams
from voip.signalling.config import CallConfig
from voip.signalling.content import StreamMetadata
from voip.signalling.events import Accept, HangUp, MemberLeft, Place, Reject, SyncComplete
from voip.signalling.ice import IceServer
from voip.signalling.ids import CallKey, Party
from voip.tracing import tracer
from voip.tracing.call_trace import MAX_STEPS
from voip.tracing.record import MAX_BYTES, Kind, Trace, encoded
from voip.tracing.tracer import MAX_LIVE, MAX_UNRUNG
from voip.tracing.verdict import verdict

KEY = CallKey("!room:test", "call")
CONFIG = CallConfig(invite_lifetime=90.0)
Pair = tuple[Traced, Traced]


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    alice, bob = Traced("alice", CONFIG), Traced("bob", CONFIG)
    alice.other, bob.other = bob, alice
    yield alice, bob
    await alice.aclose()
    await bob.aclose()


@pytest.fixture
async def bob() -> AsyncIterator[Traced]:
    device = Traced("bob", CONFIG)
    device.other = device
    yield device
    await device.aclose()


def only(device: Traced) -> Trace:
    (trace,) = device.traces.values()
    return trace


def text(trace: Trace) -> str:
    return encoded(trace).decode()


async def test_a_real_call_is_told_on_both_sides(pair: Pair) -> None:
    alice, bob = pair
    alice.driver.perform(Place(KEY, bob.party.user_id))
    await bob.saw(Incoming)
    bob.tracer.name(KEY, "0ur1d")
    bob.driver.perform(Accept(KEY))
    await asyncio.gather(alice.saw(Established), bob.saw(Established))
    alice.driver.perform(HangUp(KEY))
    await asyncio.gather(alice.is_closed(), bob.is_closed())

    ours, theirs = only(alice), only(bob)
    assert (ours.direction, theirs.direction) == ("outbound", "inbound")
    assert theirs.id == "0ur1d"
    assert not ours.rang
    assert theirs.rang
    for trace in (ours, theirs):
        assert trace.end is not None
        assert trace.end.reason == "hangup"
        assert trace.marks.established is not None
        assert trace.media is not None
        assert trace.media.connected
        assert any(pair.chosen and pair.state == "succeeded" for pair in trace.pairs)
        assert trace.ours[0].startswith("host A (IPv4, ")
        assert set(trace.ours) == set(trace.theirs)  # one machine
        assert trace.relay.missing == "the homeserver offers no TURN server"
        assert verdict(trace)[0].startswith("It went well")
        assert_tells_nothing(text(trace), own_address(), "alice:test", "bob:test", "ALICE", "BOB")
    states = [each.state for each in theirs.steps if each.state]
    assert states == ["held", "ringing", "answering", "connecting", "connected", "ended"]
    answer = step(ours, "m.call.answer")
    assert (answer.kind, answer.who) == (Kind.RECEIVED, "peer")
    assert answer.facts["answer"]["media"][0].startswith("audio sendrecv: opus")
    assert answer.facts["answer"]["candidates"]["host"] >= 1
    assert step(ours, "m.call.select_answer").facts["selected"] == "peer"
    assert step(theirs, "m.call.select_answer").facts["selected"] == "us"
    assert "took_ms" in step(ours, "offer ready").facts
    taken = [each for each in ours.steps if each.kind is Kind.TAKEN]
    assert taken[0].what == "m.call.invite"


async def test_a_relay_that_refuses_is_in_the_verdict(pair: Pair, coturn: RelayProcess) -> None:
    alice, bob = pair
    alice.servers = [IceServer((coturn.uris[0],), "user", "s3cret-token")]
    alice.driver.perform(Place(KEY, bob.party.user_id))
    await bob.saw(Incoming)
    bob.driver.perform(Accept(KEY))
    await asyncio.gather(alice.saw(Established), bob.saw(Established))
    alice.driver.perform(HangUp(KEY))
    await asyncio.gather(alice.is_closed(), bob.is_closed())
    trace = only(alice)
    assert trace.relay.servers == ["turn udp"]
    told = verdict(trace)
    assert told[0].startswith("It went well")
    assert told[-1].startswith("Besides: The relay refused the allocation: 401.")
    assert_tells_nothing(text(trace), *SECRETS)


async def test_what_comes_after_the_end_is_added(pair: Pair) -> None:
    alice, bob = pair
    alice.driver.perform(Place(KEY))
    await bob.saw(Incoming)
    bob.driver.perform(Reject(KEY))
    await asyncio.gather(alice.is_closed(), bob.is_closed())
    before = len(only(alice).steps)
    alice.hear(KEY, "hangup", {"reason": "user_hangup"}, sender="@bob:test", party_id="OTHER")
    alice.tracer.close()
    late = only(alice).steps[before:]
    (ignored,) = [each.ignored for each in late if each.ignored]
    assert ignored.why == "call_ended"
    assert [each.who for each in late if each.ignored] == ["peer's other device"]


async def test_nothing_of_a_strangers_invite_is_told(bob: Traced) -> None:
    bob.hear(KEY, "invite", invite(name="Ann Secret"))
    mdns = {"candidate": "candidate:9 1 udp 1 1f3c-45.local 9 typ host", "sdpMid": "0"}
    strange = [mdns, {"candidate": "s3cret-token"}, {"candidate": 7}, 5]
    bob.hear(KEY, "candidates", {"candidates": strange})
    bob.driver.take(SyncComplete())
    bob.hear(KEY, "candidates", {"candidates": "s3cret-token"})
    bob.hear(KEY, "s3cret-token", {"s3cret-token": {"s3cret-token": [1]}})
    bob.hear(KEY, "hangup", {"reason": "s3cret-token at 203.0.113.77"})
    trace = only(bob)
    assert_tells_nothing(text(trace), *SECRETS)
    offer = trace.steps[0].facts["offer"]
    assert offer["media"] == ["audio sendrecv: opus, red, other"]
    assert offer["candidates"] == {"host": 3, "srflx": 1}
    assert trace.theirs == [
        "host A (IPv4, private, udp)",
        "srflx B (IPv4, private, udp)",  # documentation addresses count as private
        "host C (IPv6, private, udp)",
        "host D (mDNS name, udp)",
    ]
    assert trace.end is not None
    assert trace.end.wire_reason == "another reason (28 chars)"
    assert [each.ignored.why for each in trace.steps if each.ignored] == [
        "malformed",
        "unsupported",
    ]


async def test_names_are_told_where_the_settings_say_so() -> None:
    bob = Traced("bob", CONFIG, names=True)
    bob.other = bob
    bob.hear(KEY, "invite", invite())
    bob.driver.take(SyncComplete())
    bob.hear(KEY, "hangup", {})
    await bob.aclose()
    trace = only(bob)
    assert (trace.peer, trace.room) == ("@eve:test", KEY.room_id)
    assert "203.0.113" not in text(trace)


async def test_an_invite_that_never_rings_has_a_trace(bob: Traced) -> None:
    bob.hear(KEY, "invite", invite(), age=75.0)
    trace = only(bob)
    assert trace.end is not None
    assert (trace.end.reason, trace.end.why) == ("ignored", "expired")
    assert trace.steps[0].ignored is not None
    assert "75 seconds old, of the 60" in verdict(trace)[0]


async def test_plaintext_in_an_encrypted_room_is_told(bob: Traced) -> None:
    bob.hear(KEY, "invite", invite(), encrypted=True, room_encrypted=True)
    bob.driver.take(SyncComplete())
    bob.hear(KEY, "answer", {"answer": {"type": "answer", "sdp": "v=0"}}, room_encrypted=True)
    bob.hear(KEY, "hangup", {}, encrypted=True, room_encrypted=True)
    told = verdict(only(bob))
    assert "m.call.answer" in told[-1]
    assert "unencrypted" in told[-1]


async def test_an_event_of_no_call_belongs_to_the_room(bob: Traced) -> None:
    bob.hear(KEY, "invite", invite())
    other = CallKey(KEY.room_id, "s3cret-token")
    bob.hear(other, "select_answer", {"selected_party_id": "s3cret-token"}, sender="@zoe:test")
    elsewhere = CallKey("!elsewhere:test", "x")
    bob.hear(elsewhere, "select_answer", {"selected_party_id": "Y"})
    bob.driver.take(MemberLeft(KEY.room_id, "@eve:test"))
    trace = only(bob)
    assert steps(trace).count("m.call.select_answer") == 1
    foreign = step(trace, "m.call.select_answer")
    assert foreign.who == "another person"
    assert foreign.facts["call"] == "another"
    assert foreign.ignored is not None
    assert foreign.ignored.why == "unknown_call"
    assert step(trace, "member left").facts == {"who": "peer"}
    assert_tells_nothing(text(trace), *SECRETS, "zoe")


async def test_the_timer_that_ends_a_call_is_named() -> None:
    config = CallConfig(invite_lifetime=0.05)
    alice, bob = Traced("alice", config), Traced("bob", config)
    alice.other, bob.other = bob, alice
    start = asyncio.get_running_loop().time()
    for device in (alice, bob):
        device.driver._clock = lambda: asyncio.get_running_loop().time() - start + 100
    alice.driver.perform(Place(KEY))
    await asyncio.gather(alice.is_closed(), bob.is_closed())
    for device in (alice, bob):
        await device.aclose()
        timers = [each.what for each in only(device).steps if each.kind is Kind.TIMER]
        assert timers[-1] == "the invite's lifetime"


async def test_a_call_that_is_over_is_written_though_nobody_closes_it(
    bob: Traced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracer, "CLOSES_WITHIN", 0.01)
    monkeypatch.setattr(bob.tracer, "_on_closed", lambda key: None)
    bob.hear(KEY, "invite", invite())
    bob.hear(KEY, "hangup", {})
    assert not bob.traces
    async with asyncio.timeout(5):
        while not bob.traces:  # noqa: ASYNC110  # a timer of the tracer's own
            await asyncio.sleep(0.01)


class Why(Enum):
    SECRET = "s3cret-token"


@dataclass(frozen=True, slots=True)
class SomethingNew:
    """A notice that this version does not know."""

    key: CallKey
    by: CallKey
    caller: Party
    why: Why
    said: str
    times: int
    streams: tuple[str, ...]


async def test_an_unknown_notice_is_shown_by_its_class_and_fields(bob: Traced) -> None:
    bob.hear(KEY, "invite", invite())
    notice = SomethingNew(
        KEY, KEY, Party("@eve:test", "EVE"), Why.SECRET, "s3cret-token", 3, ("s3cret-token",)
    )
    passing = Passing(Way.NOTICE, notice, bob.now)  # type: ignore[arg-type]  # it is new
    bob.observers.tell(Topic.DRIVER, passing)
    bob.tracer.close()
    facts = step(only(bob), "something new").facts
    assert facts == {
        "by": "a call",
        "caller": "peer",
        "why": "secret",
        "said": "12 chars",
        "times": 3,
        "streams": "1 items",
    }


async def test_streams_are_told_by_their_purpose_and_without_their_ids(bob: Traced) -> None:
    bob.hear(KEY, "invite", invite())
    streams = {
        "s3cret-id": StreamMetadata(purpose="m.usermedia", video_muted=True),
        "another": StreamMetadata(purpose="s3cret-purpose"),
    }
    for way, what in (
        (Way.COMMAND, SetStreams(KEY, streams)),
        (Way.NOTICE, PeerState(KEY, False, False, True, streams)),
    ):
        bob.observers.tell(Topic.DRIVER, Passing(way, what, bob.now))
    bob.tracer.close()
    trace = only(bob)
    said = "m.usermedia video muted, another purpose"
    assert step(trace, "set streams").facts == {"streams": said}
    assert step(trace, "peer state").facts["streams"] == said
    assert "s3cret" not in text(trace)


async def test_one_call_cannot_fill_the_memory_or_the_disk(bob: Traced) -> None:
    bob.hear(KEY, "invite", invite())
    many = [
        {"candidate": f"candidate:{n} 1 udp 1 10.0.{n // 250}.{n % 250} 9 typ host", "sdpMid": "0"}
        for n in range(300)
    ]
    for _ in range(3000):
        bob.hear(KEY, "candidates", {"candidates": many[:5]})
        bob.hear(KEY, "hangup", {}, party_id="STRANGER", sender="@zoe:test")
    bob.hear(KEY, "candidates", {"candidates": many})
    bob.hear(KEY, "hangup", {})
    trace = only(bob)
    assert len(trace.steps) <= 2 * MAX_STEPS + 1
    assert len(trace.theirs) <= 50
    gap = next(each for each in trace.steps if each.kind is Kind.GAP)
    assert gap.facts["steps"] > 5000
    assert steps(trace)[-1] == "ended"
    assert len(encoded(trace)) <= MAX_BYTES


async def test_a_flood_of_invites_leaves_few_traces(bob: Traced) -> None:
    for number in range(3000):
        key = CallKey("!flood:test", str(number))
        bob.hear(key, "invite", invite(), age=75.0)
    assert len(bob.traces) == MAX_UNRUNG
    bob.now += 61
    bob.hear(KEY, "invite", invite(), age=75.0)
    assert len(bob.traces) == MAX_UNRUNG + 1


async def test_calls_that_are_traced_at_once_are_bounded() -> None:
    bob = Traced("bob", CallConfig(max_unanswered=MAX_LIVE + 10))
    bob.other = bob
    for number in range(MAX_LIVE + 10):
        bob.hear(CallKey("!r:test", str(number)), "invite", {**invite(), "offer": {"sdp": "v=0"}})
    bob.tracer.close()
    assert len(bob.traces) <= MAX_LIVE
    await bob.aclose()


def test_nothing_is_made_where_nobody_watches() -> None:
    assert not Observers().watched(Topic.DRIVER)
