"""Every row of the transition table, reached by real events, and its drawing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.signalling.kit import (
    ANSWER,
    BESIDE,
    END,
    KEY,
    LIVE,
    NO_CAPABILITIES,
    OFFER,
    PATHS,
    PEER,
    ROOM,
    US,
    Device,
    Direction,
    Item,
    Step,
    device_in,
    plain,
    sends,
)
from tools import draw_states
from voip.signalling.commands import (
    Answered,
    ApplyAnswer,
    By,
    Calling,
    CloseMedia,
    CreateAnswer,
    CreateOffer,
    Ended,
    EndReason,
    Established,
    Incoming,
    Replaced,
)
from voip.signalling.config import CallConfig
from voip.signalling.events import Event, HangUp, Place, SyncComplete
from voip.signalling.ids import CallKey
from voip.signalling.states import (
    TIMERS,
    TRANSITIONS,
    Move,
    Negotiating,
    State,
    Timer,
    Trigger,
)

OUT, IN = Direction.OUTBOUND, Direction.INBOUND
CROSSING = CallKey(ROOM, "zzz")
"""Ours, to whoever calls us."""

CHOSEN: list[Item] = [
    sends(US.select(PEER.party)),
    ApplyAnswer(KEY, 0, ANSWER),
    Answered(KEY, PEER.party, NO_CAPABILITIES),
]
LESSER = PEER.of(CallKey(ROOM, "call-0"))
"""The peer in a call whose id wins in glare."""
REPLACED: list[Item] = [CloseMedia(KEY), Replaced(KEY, LESSER.key, PEER.party)]
DECLINED: Item = sends(US.reject())
HUNG_UP: Item = sends(US.hangup())


def over(reason: EndReason, *, rang: bool, wire: str | None = None) -> Item:
    return Ended(KEY, reason, By.US, rang, wire)


MOVES: dict[tuple[Direction, State, Trigger], list[Item]] = {
    (OUT, State.PREPARING, Trigger.OFFER_READY): [
        sends(US.invite(lifetime=90.0, invitee=PEER.user_id)),
        sends(US.candidates(END)),
    ],
    (OUT, State.INVITING, Trigger.INVITE_SENT): [Calling(KEY)],
    (OUT, State.INVITING, Trigger.ANSWER_CHOSEN): CHOSEN,
    (OUT, State.INVITED, Trigger.ANSWER_CHOSEN): CHOSEN,
    (OUT, State.CONNECTING, Trigger.MEDIA_CONNECTED): [Established(KEY)],
    **{
        (OUT, state, Trigger.REPLACED): [*told, *REPLACED]
        for state, told in (
            (State.PREPARING, []),
            (State.INVITING, [HUNG_UP]),
            (State.INVITED, [HUNG_UP]),
        )
    },
    (OUT, State.PREPARING, Trigger.END): [CloseMedia(KEY), over(EndReason.HANGUP, rang=False)],
    **{
        (OUT, state, Trigger.END): [
            HUNG_UP,
            CloseMedia(KEY),
            over(EndReason.HANGUP, rang=False, wire="user_hangup"),
        ]
        for state in (State.INVITING, State.INVITED, State.CONNECTING, State.CONNECTED)
    },
    (IN, State.HELD, Trigger.SYNC_COMPLETE): [Incoming(KEY, PEER.party, video=False)],
    (IN, State.HELD, Trigger.LATE): [],
    (IN, State.HELD, Trigger.ACCEPTED): [CreateAnswer(KEY, 0, OFFER)],
    (IN, State.SETTLING, Trigger.SETTLED): [Incoming(KEY, PEER.party, video=False)],
    (IN, State.SETTLING, Trigger.ACCEPTED): [
        CreateOffer(CROSSING, 0, video=False),
        CloseMedia(CROSSING),
        Replaced(CROSSING, KEY, PEER.party),
        CreateAnswer(KEY, 0, OFFER),
    ],
    (IN, State.SETTLING, Trigger.END): [DECLINED, over(EndReason.REJECTED, rang=False)],
    (IN, State.RINGING, Trigger.ACCEPTED): [CreateAnswer(KEY, 0, OFFER)],
    (IN, State.ANSWERING, Trigger.ANSWER_READY): [
        sends(US.answer()),
        Answered(KEY, PEER.party, NO_CAPABILITIES),
        sends(US.candidates(END)),
    ],
    (IN, State.CONNECTING, Trigger.MEDIA_CONNECTED): [Established(KEY)],
    (IN, State.HELD, Trigger.END): [DECLINED, over(EndReason.REJECTED, rang=False)],
    (IN, State.RINGING, Trigger.END): [DECLINED, over(EndReason.REJECTED, rang=True)],
    (IN, State.ANSWERING, Trigger.END): [
        DECLINED,
        CloseMedia(KEY),
        over(EndReason.REJECTED, rang=True),
    ],
    **{
        (IN, state, Trigger.END): [
            HUNG_UP,
            CloseMedia(KEY),
            over(EndReason.HANGUP, rang=True, wire="user_hangup"),
        ]
        for state in (State.CONNECTING, State.CONNECTED)
    },
}
"""What each transition asks and tells. END has many causes; here somebody hangs up."""


def _settled(device: Device, _key: CallKey) -> Event:
    """Time passes, and whatever comes finds that it has."""
    device.now += CallConfig().late_settles
    return SyncComplete()


STEPS: Mapping[Trigger, Step] = {
    Trigger.OFFER_READY: PATHS[OUT][State.INVITING],
    Trigger.INVITE_SENT: PATHS[OUT][State.INVITED],
    Trigger.ANSWER_CHOSEN: PATHS[OUT][State.CONNECTING],
    Trigger.SYNC_COMPLETE: PATHS[IN][State.RINGING],
    Trigger.LATE: PATHS[IN][State.RINGING],
    Trigger.SETTLED: _settled,
    Trigger.ACCEPTED: PATHS[IN][State.ANSWERING],
    Trigger.ANSWER_READY: PATHS[IN][State.CONNECTING],
    Trigger.MEDIA_CONNECTED: PATHS[IN][State.CONNECTED],
    Trigger.REPLACED: lambda *_: LESSER.invite(),
    Trigger.END: lambda _, key: HangUp(key),
}
"""The event that pulls each trigger."""


def held_after_glare() -> Device:
    """The peer called while we prepared a call to it: its call is answered without being asked."""
    device = Device()
    device.handle(Place(CallKey(ROOM, "ours"), PEER.user_id))
    device.handle(PEER.invite())
    return device


def test_every_row_of_the_table_is_expected() -> None:
    rows = {(state, trigger) for state, row in TRANSITIONS.items() for trigger in row}
    assert {(state, trigger) for _, state, trigger in MOVES} == rows
    assert {
        (direction, state, trigger) for direction, state in LIVE for trigger in TRANSITIONS[state]
    } == set(MOVES)
    assert set(STEPS) == set(Trigger)


@pytest.mark.parametrize(
    ("direction", "state", "trigger"),
    MOVES,
    ids=lambda part: part.value,
)
def test_a_transition(direction: Direction, state: State, trigger: Trigger) -> None:
    device, step = device_in(direction, state), STEPS[trigger]
    match state, trigger:
        case State.HELD, Trigger.ACCEPTED:
            device, step = held_after_glare(), STEPS[Trigger.SYNC_COMPLETE]
        case State.HELD, Trigger.LATE:
            device = Device()
            device.handle(BESIDE[State.SETTLING][0](device, KEY))
        case State.SETTLING, Trigger.ACCEPTED:  # nobody here can: we call who is calling us
            step = lambda *_: Place(CROSSING, PEER.user_id)  # noqa: E731
    told = device.handle(step(device, KEY))
    assert device.state() is TRANSITIONS[state][trigger]
    assert plain(told) == MOVES[direction, state, trigger]


def test_every_state_has_a_row_and_only_the_end_has_no_exit() -> None:
    assert set(TRANSITIONS) == set(State)
    assert [state for state, row in TRANSITIONS.items() if not row] == [State.ENDED]


def test_whatever_lives_can_end() -> None:
    assert all(
        row[Trigger.END] is State.ENDED
        for state, row in TRANSITIONS.items()
        if state is not State.ENDED
    )


def test_only_a_call_that_is_connected_may_last_for_ever() -> None:
    assert set(State) - set(TIMERS) == {State.CONNECTED, State.ENDED}
    assert set(TIMERS.values()) == set(Timer)


def test_the_drawing_says_what_each_state_and_trigger_means() -> None:
    assert set(draw_states.STATES) == set(State)
    assert set(draw_states.TRIGGERS) == set(Trigger)
    assert set(draw_states.NEGOTIATING) == set(Negotiating)
    assert set(draw_states.MOVES) == set(Move)
    reached = {target for row in TRANSITIONS.values() for target in row.values()}
    assert set(draw_states.BEGINNINGS) == set(State) - reached


def test_the_drawing_is_fresh() -> None:
    assert draw_states.main(["--check"]) == 0, "run python -m tools.draw_states"


def test_a_stale_drawing_is_noticed_and_drawn_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(draw_states, "DRAWING", tmp_path / "states.md")
    assert draw_states.main(["--check"]) == 1
    assert "python -m tools.draw_states" in capsys.readouterr().err
    assert draw_states.main([]) == 0
    assert draw_states.main(["--check"]) == 0
