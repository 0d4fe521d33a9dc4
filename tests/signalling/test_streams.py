"""What the peer's streams are for: told to the media edge and to the bot, kept small."""

from __future__ import annotations

from typing import Any

import pytest

from tests.signalling.kit import (
    ANSWER,
    KEY,
    OFFER,
    PEER,
    Device,
    Direction,
    Item,
    of_type,
    outbound_in,
)
from tests.signalling.talk import (
    IMPOLITE,
    POLITE,
    STEPS,
    call_of,
    metadata,
    negotiate,
    talking,
    usermedia,
)
from voip.signalling import streams
from voip.signalling.commands import CreateAnswer, CreateReanswer, PeerState, SetStreams
from voip.signalling.content import StreamMetadata, Streams
from voip.signalling.events import Accept, AnswerReady, SyncComplete
from voip.signalling.states import Move, State

SIDES = pytest.mark.parametrize("side", [IMPOLITE, POLITE], ids=["impolite", "polite"])
SCREEN = StreamMetadata(purpose="m.screenshare")
UNKNOWN = StreamMetadata(purpose="org.example.hologram")
BOTH: dict[str, StreamMetadata] = {"camera": usermedia(), "screen": SCREEN}


def set_to(items: list[Item]) -> list[Streams]:
    """What the media edge is told."""
    return [item.streams for item in of_type(items, SetStreams)]


def shown(items: list[Item]) -> list[Streams | None]:
    """What the bot is told."""
    return [item.streams for item in of_type(items, PeerState)]


def test_they_are_told_when_the_call_is_answered_after_its_description() -> None:
    told = outbound_in(State.INVITED).handle(PEER.answer(streams=BOTH))
    assert (set_to(told), shown(told)) == ([BOTH], [BOTH])
    device = Device()
    device.handle(PEER.invite(streams=BOTH))
    device.handle(SyncComplete())
    assert set_to(device.handle(Accept(KEY))) == []
    told = device.handle(AnswerReady(KEY, device.request_of(CreateAnswer), ANSWER))
    assert (set_to(told), shown(told)) == ([BOTH], [BOTH])


@pytest.mark.parametrize("direction", Direction)
def test_where_nothing_is_said_nothing_is_told(direction: Direction) -> None:
    device = talking(direction)
    assert set_to(device.log) == []
    assert shown(device.log) == []
    told = device.handle(negotiate("offer"))
    assert [type(item) for item in told] == [CreateReanswer]


@SIDES
def test_a_screen_that_joins_is_told_with_its_offer_ahead_of_it_or_after_it(
    side: Direction,
) -> None:
    device = talking(side)
    assert set_to(device.handle(metadata({"camera": usermedia()}))) == [{"camera": usermedia()}]
    told = device.handle(negotiate("offer", streams=BOTH))
    assert [type(item) for item in told] == [CreateReanswer, SetStreams, PeerState]
    assert set_to(told) == [BOTH]

    ahead = talking(side)
    assert set_to(ahead.handle(metadata(BOTH))) == [BOTH]
    assert set_to(ahead.handle(negotiate("offer", streams=BOTH))) == []

    after = talking(side)
    after.handle(metadata({"camera": usermedia()}))
    assert set_to(after.handle(negotiate("offer"))) == []
    assert set_to(after.handle(metadata(BOTH))) == [BOTH]


@SIDES
def test_they_count_in_an_answer_too(side: Direction) -> None:
    device = talking(side)
    for move in (Move.WANTED, Move.OFFER_READY):
        device.handle(STEPS[move](device))
    assert set_to(device.handle(negotiate("answer", streams=BOTH))) == [BOTH]


@SIDES
def test_each_streams_mute_is_its_own(side: Direction) -> None:
    device = talking(side)
    device.handle(metadata(BOTH))
    muted = {"camera": usermedia(video=True), "screen": SCREEN}
    told = device.handle(metadata(muted))
    assert (set_to(told), shown(told)) == ([muted], [muted])
    assert device.handle(metadata(muted)) == []


@SIDES
def test_unknown_purposes_are_as_if_they_were_not_listed(side: Direction) -> None:
    device = talking(side)
    told = device.handle(metadata({"what": UNKNOWN}))
    assert (set_to(told), shown(told)) == ([{}], [{}])
    assert device.handle(metadata({"what": UNKNOWN})) == []


@SIDES
def test_a_screen_that_is_over_is_no_longer_shown_and_may_come_again_in_its_stream(
    side: Direction,
) -> None:
    """matrix-js-sdk uses the stream of the first share again, and lists that of the second."""
    device = talking(side)
    device.handle(metadata(BOTH))
    over = {"camera": usermedia()}
    told = device.handle(metadata(over))
    assert (set_to(told), shown(told)) == ([], [over])
    second = {"camera": usermedia(), "second": SCREEN}
    told = device.handle(metadata(second))
    assert (set_to(told), shown(told)) == ([BOTH | second], [second])


def many(count: int, name: str = "stream") -> dict[str, StreamMetadata]:
    return {f"{name} {number}": SCREEN for number in range(count)}


@SIDES
def test_what_is_kept_is_bounded_and_the_latest_is_among_it(side: Direction) -> None:
    device = talking(side)
    device.handle(metadata({"camera": usermedia()}))
    for number in range(100):
        device.handle(metadata(many(3, str(number))))
    (*_, last) = set_to(device.log)
    assert len(last) == streams.MAX_STREAMS
    assert {"camera", *many(3, "99")} <= last.keys()
    device.handle(metadata(many(1000)))
    talk = call_of(device)._conversation
    assert talk is not None
    assert talk._streams is not None
    assert talk._peer_says.streams is not None
    assert len(talk._streams) == len(talk._peer_says.streams) == streams.MAX_STREAMS


@SIDES
def test_an_id_that_no_description_could_have_is_not_kept(side: Direction) -> None:
    device = talking(side)
    told = device.handle(metadata({"x" * 65: SCREEN, "y" * 64: SCREEN}))
    assert set_to(told) == [{"y" * 64: SCREEN}]


def test_what_is_said_of_a_stream_is_kept_once_for_all_calls() -> None:
    one, other = (streams.usable({name: usermedia(audio=True)}) for name in ("one", "other"))
    assert one["one"] is other["other"]


@pytest.mark.parametrize("said", [None, {}, BOTH])
def test_they_end_with_their_call(said: Streams | None) -> None:
    device = talking(POLITE)
    device.handle(metadata(said or {}))
    device.handle(PEER.hangup())
    late: Any = device.handle(metadata(BOTH))
    assert set_to(late) == []


def test_an_offer_that_is_not_taken_says_nothing_of_streams() -> None:
    """It collides with ours, and its sender is to give way."""
    device = talking(IMPOLITE)
    for move in (Move.WANTED, Move.OFFER_READY):
        device.handle(STEPS[move](device))
    assert set_to(device.handle(negotiate("offer", OFFER, streams=BOTH))) == []
