"""Renegotiation: each event in each state, for either side. Stories are in `test_negotiation`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import pytest

from tests.signalling.kit import ANSWER, KEY, OFFER, PEER, Device, Direction, Item, plain
from tests.signalling.talk import (
    ANSWERS,
    HOLD,
    IMPOLITE,
    OFFERS,
    PATHS,
    POLITE,
    STEPS,
    negotiate,
    standing,
    talking,
)
from voip.signalling.commands import (
    ApplyAnswer,
    CreateReanswer,
    CreateReoffer,
    Ignored,
    IgnoreReason,
    NegotiationFailed,
    Renegotiated,
    Rollback,
)
from voip.signalling.events import (
    AnswerApplied,
    AnswerReady,
    Event,
    MediaFailed,
    MediaProblem,
    OfferReady,
    SendFailed,
    SendProblem,
    Sent,
)
from voip.signalling.states import NEGOTIATION, Move, Negotiating, State

STATES = tuple(PATHS)
"""The cells below stand for these states, in this order."""


@dataclass(frozen=True)
class Then:
    told: tuple[Item, ...] = ()
    state: Negotiating | None = None


QUIET: Final = Then()
Cell: TypeAlias = Then | IgnoreReason
UNASKED: Final = IgnoreReason.WRONG_STATE
MINE_COUNTS: Final = IgnoreReason.COLLISION
INTERNAL: Final = MediaProblem.INTERNAL


def begins(item: Item, state: Negotiating) -> Then:
    return Then((item,), state)


def fails(why: str, *first: Item) -> Then:
    return Then((*first, NegotiationFailed(KEY, why)), Negotiating.STABLE)


REANSWER = begins(CreateReanswer(KEY, 0, OFFER), Negotiating.ANSWERING)
BROKEN = fails(INTERNAL.value, Rollback(KEY))


def awaited(device: Device) -> int:
    """The number of the media request that is awaited, or of the latest one."""
    if standing(device) is Negotiating.STABLE:
        return 999
    return max(device.request_of(kind) for kind in (CreateReoffer, CreateReanswer, ApplyAnswer))


def offer_not_sent(problem: SendProblem) -> Callable[[Device], Event]:
    return lambda device: SendFailed(KEY, device.request_of("m.call.negotiate") or 999, problem)


EVENTS: dict[str, tuple[Callable[[Device], Event], tuple[Cell, ...]]] = {
    "a change is wanted": (
        STEPS[Move.WANTED],
        (begins(CreateReoffer(KEY, 0, HOLD), Negotiating.OFFERING), QUIET, QUIET, QUIET, QUIET),
    ),
    "an answer": (
        STEPS[Move.ANSWER_RECEIVED],
        (
            UNASKED,
            UNASKED,
            begins(ApplyAnswer(KEY, 0, ANSWER), Negotiating.APPLYING),
            UNASKED,
            UNASKED,
        ),
    ),
    "our offer is ready": (
        STEPS[Move.OFFER_READY],
        (QUIET, Then((OFFERS,), Negotiating.OFFERED), QUIET, QUIET, QUIET),
    ),
    "our answer is ready": (
        STEPS[Move.ANSWER_READY],
        (*(QUIET,) * 4, Then((ANSWERS, Renegotiated(KEY)), Negotiating.STABLE)),
    ),
    "the answer is applied": (
        STEPS[Move.ANSWER_APPLIED],
        (*(QUIET,) * 3, Then((Renegotiated(KEY),), Negotiating.STABLE), QUIET),
    ),
    "the media failed": (
        lambda device: MediaFailed(KEY, INTERNAL, awaited(device)),
        (QUIET, BROKEN, QUIET, BROKEN, fails(INTERNAL.value)),
    ),
    "our offer is refused": (
        offer_not_sent(SendProblem.REFUSED),
        (QUIET, QUIET, fails(SendProblem.REFUSED.value, Rollback(KEY)), QUIET, QUIET),
    ),
    "our offer may be lost": (offer_not_sent(SendProblem.UNREACHABLE), (QUIET,) * 5),
    "our offer is sent": (
        lambda device: Sent(KEY, device.request_of("m.call.negotiate") or 999),
        (QUIET,) * 5,
    ),
    "the result of an older request": (lambda _: OfferReady(KEY, 999, OFFER), (QUIET,) * 5),
    "an older answer": (lambda _: AnswerReady(KEY, 999, ANSWER), (QUIET,) * 5),
    "an older answer is applied": (lambda _: AnswerApplied(KEY, 999), (QUIET,) * 5),
    "an older request failed": (lambda _: MediaFailed(KEY, INTERNAL, 999), (QUIET,) * 5),
}
OFFER_COMES: dict[Direction, tuple[Cell, ...]] = {
    IMPOLITE: (REANSWER, MINE_COUNTS, MINE_COUNTS, QUIET, QUIET),
    POLITE: (REANSWER, REANSWER, REANSWER, QUIET, QUIET),
}

CASES = [
    pytest.param(side, state, step, cell, id=f"{side.value}-{state.value}-{name}")
    for side in (IMPOLITE, POLITE)
    for name, (step, cells) in [
        *EVENTS.items(),
        ("an offer", (STEPS[Move.OFFER_RECEIVED], OFFER_COMES[side])),
    ]
    for state, cell in zip(STATES, cells, strict=True)
]


@pytest.mark.parametrize(("side", "state", "step", "cell"), CASES)
def test_an_event_in_a_state(
    side: Direction, state: Negotiating, step: Callable[[Device], Event], cell: Cell
) -> None:
    device = talking(side, state)
    told = plain(device.handle(step(device)))
    if isinstance(cell, IgnoreReason):
        event = negotiate("offer")
        assert told == [Ignored(event.room_id, PEER.user_id, event.type, cell)]
        assert standing(device) is state
    else:
        assert told == list(cell.told)
        assert standing(device) is (cell.state or state)
    assert device.state() is State.CONNECTED


def test_the_table_has_every_row_and_no_other() -> None:
    """A row that no event above pulls would be dead; `test_an_event_in_a_state` pulls the rest."""
    assert set(NEGOTIATION) == set(STATES) == set(Negotiating)
    pulled = {
        (state, cell.state)
        for _, cells in [*EVENTS.values(), *((None, cells) for cells in OFFER_COMES.values())]
        for state, cell in zip(STATES, cells, strict=True)
        if isinstance(cell, Then) and cell.state is not None
    }
    rows = {(state, target) for state, row in NEGOTIATION.items() for target in row.values()}
    assert pulled == rows
    assert {move for row in NEGOTIATION.values() for move in row} == set(Move)


@pytest.mark.parametrize("side", [IMPOLITE, POLITE])
@pytest.mark.parametrize("state", [state for state in STATES if state is not Negotiating.STABLE])
def test_whoever_is_waited_for_has_a_time(side: Direction, state: Negotiating) -> None:
    device = talking(side, state)
    most = 60.0 if state is Negotiating.OFFERED else 20.0
    assert device.wait(most - 0.1) == []
    told = device.wait(0.1)
    rollback = [] if state is Negotiating.ANSWERING else [Rollback(KEY)]
    assert told == [*rollback, NegotiationFailed(KEY, "nobody answered in time")]
    assert standing(device) is Negotiating.STABLE
    assert device.calls.deadline() is None
