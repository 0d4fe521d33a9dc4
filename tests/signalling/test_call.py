"""What both directions share: timers, hangup reasons, failures of the media."""

from __future__ import annotations

import pytest

from tests.signalling.kit import (
    KEY,
    LIVE,
    PATHS,
    PEER,
    ROOM,
    US,
    Device,
    Direction,
    Item,
    device_in,
    of_type,
    plain,
    sends,
)
from voip.signalling import call
from voip.signalling.commands import By, CloseMedia, Ended, EndReason, Incoming, SendEvent
from voip.signalling.config import CallConfig
from voip.signalling.events import (
    HangUp,
    LocalCandidates,
    MediaFailed,
    MediaProblem,
    MemberLeft,
    OfferReady,
    Place,
    SendFailed,
    SendProblem,
)
from voip.signalling.ice import Candidate
from voip.signalling.ids import CallKey
from voip.signalling.states import TIMERS, State

OUT, IN = Direction.OUTBOUND, Direction.INBOUND

# --- timers ---------------------------------------------------------------------------------


def closed(reason: EndReason, by: By, *, rang: bool, wire: str | None = None) -> list[Item]:
    return [CloseMedia(KEY), Ended(KEY, reason, by, rang, wire)]


UNANSWERED = [
    sends(US.hangup("invite_timeout")),
    *closed(EndReason.NOT_ANSWERED, By.TIME, rang=False, wire="invite_timeout"),
]
NO_PATH_IN_TIME = sends(US.hangup("ice_failed"))

TIMEOUTS: dict[tuple[Direction, State], tuple[float, list[Item]]] = {
    (OUT, State.PREPARING): (20, closed(EndReason.MEDIA_FAILED, By.FAULT, rang=False)),
    (OUT, State.INVITING): (90, UNANSWERED),
    (OUT, State.INVITED): (90, UNANSWERED),
    (OUT, State.CONNECTING): (
        30,
        [
            NO_PATH_IN_TIME,
            *closed(EndReason.CONNECT_TIMEOUT, By.FAULT, rang=False, wire="ice_failed"),
        ],
    ),
    (IN, State.HELD): (60, [Ended(KEY, EndReason.NOT_ANSWERED, By.TIME, rang=False)]),
    (IN, State.SETTLING): (1, [Incoming(KEY, PEER.party, video=False)]),
    (IN, State.RINGING): (60, [Ended(KEY, EndReason.NOT_ANSWERED, By.TIME, rang=True)]),
    (IN, State.ANSWERING): (
        20,
        [sends(US.reject()), *closed(EndReason.MEDIA_FAILED, By.FAULT, rang=True)],
    ),
    (IN, State.CONNECTING): (
        30,
        [
            NO_PATH_IN_TIME,
            *closed(EndReason.CONNECT_TIMEOUT, By.FAULT, rang=True, wire="ice_failed"),
        ],
    ),
}
"""After how many seconds each state's timer fires, and what follows."""


def test_every_timer_is_expected() -> None:
    assert set(TIMEOUTS) == {(direction, state) for direction, state in LIVE if state in TIMERS}


@pytest.mark.parametrize(("direction", "state"), TIMEOUTS, ids=lambda part: part.value)
def test_a_timer_fires_on_time(direction: Direction, state: State) -> None:
    seconds, told = TIMEOUTS[direction, state]
    device = device_in(direction, state)
    assert device.calls.deadline() == device.now + seconds
    assert device.wait(seconds - 0.001) == []
    assert plain(device.wait(0.001)) == told
    if state is State.SETTLING:  # it goes on, for what is left of the invite's lifetime
        assert device.state() is State.RINGING
        device.wait(60)
    assert device.state() is State.ENDED
    assert device.calls.deadline() is None


@pytest.mark.parametrize(("direction", "state"), TIMEOUTS, ids=lambda part: part.value)
def test_a_timer_dies_with_its_state(direction: Direction, state: State) -> None:
    seconds, _ = TIMEOUTS[direction, state]
    device = device_in(direction, state)
    device.wait(seconds - 1)
    if state is State.SETTLING:  # what it leads to beside its timer: we call who is calling us
        reached = State.ANSWERING
        device.handle(Place(CallKey(KEY.room_id, "zzz"), PEER.user_id))
    else:
        path = list(PATHS[direction])
        reached = path[path.index(state) + 1]
        device.handle(PATHS[direction][reached](device, KEY))
    device.wait(1.5)
    # What is held rings for what is left of the invite's lifetime, and no longer.
    expected = State.ENDED if state is State.HELD else reached
    assert device.state() is expected


@pytest.mark.parametrize(("direction", "state"), LIVE, ids=lambda part: part.value)
def test_an_end_leaves_no_timer(direction: Direction, state: State) -> None:
    device = device_in(direction, state)
    device.handle(LocalCandidates(KEY, (Candidate("candidate:1 …", "0"),)))
    device.handle(HangUp(KEY))
    assert device.calls.deadline() is None
    assert device.wait(1000) == []


@pytest.mark.parametrize("direction", Direction)
def test_what_is_connected_waits_for_nothing(direction: Direction) -> None:
    device = device_in(direction, State.CONNECTED)
    assert device.calls.deadline() is None


def test_the_durations_are_settings() -> None:
    config = CallConfig(prepare_timeout=1, invite_lifetime=2, connect_timeout=3)
    waits = [
        (device := device_in(OUT, state, config)).calls.deadline() == device.now + seconds
        for state, seconds in (
            (State.PREPARING, 1),
            (State.INVITING, 2),
            (State.INVITED, 2),
            (State.CONNECTING, 3),
        )
    ]
    assert all(waits)


# --- hangup reasons -------------------------------------------------------------------------

REASONS = {
    "user_hangup": EndReason.HANGUP,
    "user_busy": EndReason.BUSY,
    "invite_timeout": EndReason.NOT_ANSWERED,
    "ice_failed": EndReason.NO_PATH,
    "ice_timeout": EndReason.MEDIA_LOST,
    "user_media_failed": EndReason.PEER_FAILED,
    "unknown_error": EndReason.PEER_FAILED,
    "answered_elsewhere": EndReason.ANSWERED_ELSEWHERE,
    "signalling_timeout": EndReason.PEER_FAILED,
    # Made up by a client, and tolerated.
    "replaced": EndReason.HANGUP,
    "no such reason": EndReason.HANGUP,
}


def test_every_hangup_reason_is_expected() -> None:
    assert set(call._BY_HANGUP) <= set(REASONS)


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("reason", REASONS)
def test_a_hangup_says_why(direction: Direction, reason: str) -> None:
    device = device_in(direction, State.CONNECTED)
    device.handle(PEER.hangup(reason))
    ended = device.last(Ended)
    assert (ended.reason, ended.by, ended.wire_reason) == (REASONS[reason], By.PEER, reason)


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("reason", REASONS)
def test_our_hangup_says_why(direction: Direction, reason: str) -> None:
    device = device_in(direction, State.CONNECTED)
    told = device.handle(HangUp(KEY, reason))
    assert plain(of_type(told, SendEvent)) == [sends(US.hangup(reason))]
    ended = device.last(Ended)
    assert (ended.reason, ended.by, ended.wire_reason) == (REASONS[reason], By.US, reason)


# --- failures of the media ------------------------------------------------------------------

PROBLEMS = {
    MediaProblem.BAD_DESCRIPTION: (EndReason.BAD_DESCRIPTION, "unknown_error"),
    MediaProblem.NO_COMMON_CODEC: (EndReason.NO_COMMON_CODEC, "unknown_error"),
    MediaProblem.INTERNAL: (EndReason.MEDIA_FAILED, "user_media_failed"),
    MediaProblem.ICE_FAILED: (EndReason.NO_PATH, "ice_failed"),
    MediaProblem.CONNECT_TIMEOUT: (EndReason.CONNECT_TIMEOUT, "ice_failed"),
    MediaProblem.LOST: (EndReason.MEDIA_LOST, "ice_timeout"),
    MediaProblem.CRASHED: (EndReason.MEDIA_CRASHED, "unknown_error"),
}
MEDIA = [(direction, state) for direction, state in LIVE if state in call.WITH_MEDIA]


def test_every_media_problem_is_expected() -> None:
    assert set(PROBLEMS) == set(MediaProblem)


@pytest.mark.parametrize(("direction", "state"), MEDIA, ids=lambda part: part.value)
@pytest.mark.parametrize("problem", MediaProblem, ids=lambda problem: problem.name)
def test_a_failure_of_the_media_is_said_and_closes_it(
    direction: Direction, state: State, problem: MediaProblem
) -> None:
    reason, wire = PROBLEMS[problem]
    device = device_in(direction, state)
    said: list[Item] = [sends(US.hangup(wire))]
    if state is State.PREPARING:  # nobody knows of the call yet
        said = []
    elif state is State.ANSWERING:  # no answer was sent yet
        said = [sends(US.reject())]
    told = plain(device.handle(MediaFailed(KEY, problem)))
    assert told[:-2] == said
    assert told[-2] == CloseMedia(KEY)
    heard = wire if state not in {State.PREPARING, State.ANSWERING} else None
    assert told[-1] == Ended(KEY, reason, By.FAULT, direction is IN, heard)


# --- members --------------------------------------------------------------------------------


@pytest.mark.parametrize(("direction", "state"), LIVE, ids=lambda part: part.value)
def test_the_other_party_leaving_the_room_is_a_hangup(direction: Direction, state: State) -> None:
    device = device_in(direction, state)
    told = device.handle(MemberLeft(ROOM, PEER.user_id))
    assert of_type(told, SendEvent) == []
    ended = device.last(Ended)
    assert (ended.reason, ended.by) == (EndReason.LEFT_ROOM, By.PEER)


@pytest.mark.parametrize(("direction", "state"), LIVE, ids=lambda part: part.value)
def test_our_leaving_the_room_ends_the_call(direction: Direction, state: State) -> None:
    device = device_in(direction, state)
    told = device.handle(MemberLeft(ROOM, US.user_id))
    assert of_type(told, SendEvent) == []  # the homeserver would refuse it
    ended = device.last(Ended)
    assert (ended.reason, ended.by) == (EndReason.LEFT_ROOM, By.US)


@pytest.mark.parametrize(("direction", "state"), LIVE, ids=lambda part: part.value)
@pytest.mark.parametrize(
    "elsewhere",
    [MemberLeft(ROOM, "@stranger:example.org"), MemberLeft("!other:example.org", PEER.user_id)],
)
def test_others_may_come_and_go(direction: Direction, state: State, elsewhere: MemberLeft) -> None:
    device = device_in(direction, state)
    assert device.handle(elsewhere) == []
    assert device.state() is state


# --- requests -------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", Direction)
def test_every_request_has_a_number_of_its_own(direction: Direction) -> None:
    device = device_in(direction, State.ENDED)
    numbers = [item.request for item in device.log if hasattr(item, "request")]
    assert len(set(numbers)) == len(numbers)


def test_results_may_outlive_their_call() -> None:
    device = device_in(OUT, State.ENDED)
    results = (
        OfferReady(KEY, 1, "v=0"),
        SendFailed(KEY, 2, SendProblem.REFUSED),
        MediaFailed(KEY, MediaProblem.LOST),
    )
    assert [device.handle(result) for result in results] == [[], [], []]
    assert Device().handle(results[0]) == []
