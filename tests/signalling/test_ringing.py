"""Which invites ring, and what a bot that starts makes of the room's history."""

from __future__ import annotations

import pytest

from tests.signalling.kit import (
    HOST,
    KEY,
    OUR_OTHER,
    PEER,
    ROOM,
    STRANGER,
    US,
    Device,
    at,
    of_type,
    why,
)
from voip.signalling.commands import (
    Ignored,
    IgnoreReason,
    Incoming,
)
from voip.signalling.config import CallConfig
from voip.signalling.errors import CallExists
from voip.signalling.events import Accept, Place, Received, SyncComplete
from voip.signalling.ids import CallKey

WEEK = 7 * 24 * 3600.0


SETTLES = CallConfig().late_settles


def rings(device: Device) -> bool:
    """Once the sync is processed, and what may be late with the invite has had its time."""
    return bool(of_type(device.handle(SyncComplete()) + device.wait(SETTLES), Incoming))


# --- which invites ring ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("invite", "reason"),
    [
        (at(PEER.invite(), age=60.0), IgnoreReason.EXPIRED),
        (at(PEER.invite(), age=WEEK), IgnoreReason.EXPIRED),
        (PEER.invite(lifetime=0.0), IgnoreReason.EXPIRED),
        (PEER.invite(invitee=STRANGER.user_id), IgnoreReason.NOT_FOR_US),
        (OUR_OTHER.invite(invitee=PEER.user_id), IgnoreReason.NOT_FOR_US),
        (OUR_OTHER.invite(), IgnoreReason.OWN_CALL),
        (US.invite(), IgnoreReason.OWN_ECHO),
        (at(PEER.invite(), room_public=True), IgnoreReason.PUBLIC_ROOM),
        (at(PEER.invite(), room_encrypted=True), IgnoreReason.PLAINTEXT),
        (PEER.writes("m.call.invite", {}), IgnoreReason.MALFORMED),
        (PEER.writes("m.call.member", {}), IgnoreReason.UNSUPPORTED),
    ],
)
def test_an_invite_that_may_not_ring(invite: Received, reason: IgnoreReason) -> None:
    device = Device()
    assert why(device.handle(invite)) == [reason]
    assert not rings(device)
    assert len(device.calls) == 0
    assert device.calls.deadline() is None


@pytest.mark.parametrize(
    "invite",
    [
        PEER.invite(),
        PEER.invite(invitee=US.user_id),
        at(PEER.invite(), age=59.9 - SETTLES),
        at(PEER.invite(), room_encrypted=True, encrypted=True),
        OUR_OTHER.invite(invitee=US.user_id),  # somebody may call themselves
    ],
)
def test_an_invite_that_rings(invite: Received) -> None:
    device = Device()
    assert device.handle(invite) == []
    assert rings(device)


def test_the_reason_never_quotes_the_event() -> None:
    told = Device().handle(PEER.writes("m.call.invite", {"call_id": "secret", "party_id": 7}))
    assert told == [
        Ignored(
            ROOM,
            PEER.user_id,
            "m.call.invite",
            IgnoreReason.MALFORMED,
            "party_id: must be a string",
        )
    ]


def test_invites_that_wait_are_bounded_and_a_free_place_is_used() -> None:
    device = Device(config=CallConfig(max_unanswered=2))
    calls = [PEER.of(CallKey(ROOM, name)) for name in ("one", "two", "three", "four")]
    told = [why(device.handle(call.invite())) for call in calls[:3]]
    assert told == [[], [], [IgnoreReason.TOO_MANY]]
    device.handle(SyncComplete())
    device.handle(Accept(calls[0].key))
    assert why(device.handle(calls[3].invite())) == []


def test_what_follows_an_invite_that_may_not_ring_is_known_as_such() -> None:
    device = Device()
    device.handle(PEER.invite(invitee=STRANGER.user_id))
    assert why(device.handle(PEER.candidates(HOST))) == [IgnoreReason.CALL_ENDED]
    assert why(device.handle(STRANGER.answer())) == [IgnoreReason.CALL_ENDED]


# --- history on start -----------------------------------------------------------------------


def test_a_week_of_history_rings_nothing_and_keeps_nothing() -> None:
    device = Device()
    for day in range(7):
        caller = PEER.of(CallKey(ROOM, f"day-{day}"))
        age = WEEK - day * 24 * 3600.0
        for event in (
            caller.candidates(HOST),
            caller.invite(),
            OUR_OTHER.of(caller.key).answer(),
            caller.select(OUR_OTHER.party),
            caller.hangup(),
        ):
            device.handle(at(event, age=age))
    # The last call was placed seconds ago, and nobody has answered it.
    device.handle(at(PEER.of(CallKey(ROOM, "now")).invite(), age=10.0))
    told = device.handle(SyncComplete()) + device.wait(SETTLES)
    assert of_type(told, Incoming) == told == [Incoming(CallKey(ROOM, "now"), PEER.party, False)]
    assert (
        why(device.log)
        == [
            IgnoreReason.UNKNOWN_CALL,
            IgnoreReason.EXPIRED,
            *[IgnoreReason.CALL_ENDED] * 3,
        ]
        * 7
    )


def test_a_call_that_ended_before_a_restart_does_not_ring_again() -> None:
    device = Device(ended_before=[KEY])
    assert why(device.handle(at(PEER.invite(), age=5.0))) == [IgnoreReason.CALL_ENDED]
    with pytest.raises(CallExists):
        device.handle(Place(KEY))
