"""In an encrypted room a party is also its device: whoever has another key cannot speak for it."""

from __future__ import annotations

import pytest

from tests.signalling.kit import (
    HOST,
    KEY,
    NO_CAPABILITIES,
    OUR_OTHER,
    PEER,
    PEERS_OTHER,
    STRANGER,
    US,
    Device,
    Direction,
    Remote,
    at,
    bring,
    of_type,
    outbound_in,
    why,
)
from tests.signalling.talk import metadata, negotiate, usermedia
from voip.signalling.commands import AddCandidates, Answered, IgnoreReason, Incoming
from voip.signalling.config import CallConfig
from voip.signalling.events import Accept, Received, SyncComplete
from voip.signalling.states import State


def sealed(event: Received, key: str = "key of the phone") -> Received:
    return at(event, encrypted=True, room_encrypted=True, device_key=key)


def forged(event: Received) -> Received:
    """The homeserver has a device of its own in the room, and says what it likes."""
    return sealed(event, "key of the homeserver")


def talking_to_the_phone() -> Device:
    device = outbound_in(State.INVITED)
    device.handle(sealed(PEER.answer()))
    assert device.state() is State.CONNECTING
    return device


SAYS = [
    PEER.hangup(),
    PEER.candidates(HOST),
    negotiate("offer"),
    metadata({"stream": usermedia(audio=True)}),
    PEER.writes("m.call.hangup", {"call_id": KEY.call_id}),
]


@pytest.mark.parametrize("said", SAYS, ids=[event.type for event in SAYS])
def test_what_another_key_says_for_the_peer_changes_nothing(said: Received) -> None:
    device = talking_to_the_phone()
    assert why(device.handle(forged(said))) == [IgnoreReason.WRONG_DEVICE]
    assert device.state() is State.CONNECTING
    assert why(device.handle(sealed(said))) == []


@pytest.mark.parametrize("said", SAYS, ids=[event.type for event in SAYS])
def test_what_comes_in_the_clear_changes_nothing(said: Received) -> None:
    device = talking_to_the_phone()
    told = device.handle(at(said, room_encrypted=True))
    assert why(told) == [IgnoreReason.PLAINTEXT]
    assert why(device.handle(said)) == [IgnoreReason.WRONG_DEVICE]  # as if it were not encrypted
    assert device.state() is State.CONNECTING


def test_a_forged_answer_of_a_party_that_spoke_before_is_not_chosen() -> None:
    device = outbound_in(State.INVITED)
    device.handle(sealed(PEER.candidates(HOST)))
    assert why(device.handle(forged(PEER.answer()))) == [IgnoreReason.WRONG_DEVICE]
    told = device.handle(sealed(PEER.answer()))
    assert Answered(KEY, PEER.party, NO_CAPABILITIES) in told
    assert of_type(told, AddCandidates) == [AddCandidates(KEY, (HOST,))]


def test_a_plaintext_answer_is_not_chosen() -> None:
    device = outbound_in(State.INVITED)
    told = device.handle(at(PEER.answer(), room_encrypted=True))
    assert why(told) == [IgnoreReason.PLAINTEXT]
    assert device.state() is State.INVITED


def test_the_caller_is_the_device_of_its_invite() -> None:
    device = Device()
    device.handle(sealed(PEER.invite()))
    assert why(device.handle(forged(PEER.hangup()))) == [IgnoreReason.WRONG_DEVICE]
    assert why(device.handle(forged(PEER.select(OUR_OTHER.party)))) == [IgnoreReason.WRONG_DEVICE]
    device.handle(forged(PEER.invite()))
    assert of_type(device.handle(SyncComplete()), Incoming)


def test_what_came_before_the_invite_counts_only_from_its_device() -> None:
    device = Device()
    device.handle(forged(PEER.hangup()))
    device.handle(forged(PEER.candidates(HOST)))
    device.handle(sealed(PEER.invite()))
    assert of_type(device.handle(SyncComplete()), Incoming)
    assert of_type(device.handle(Accept(KEY)), AddCandidates) == []


def test_candidates_before_the_invite_count_from_its_device() -> None:
    device = Device()
    device.handle(sealed(PEER.candidates(HOST)))
    device.handle(sealed(PEER.invite()))
    device.handle(SyncComplete())
    told = device.handle(Accept(KEY))
    assert of_type(told, AddCandidates) == [AddCandidates(KEY, (HOST,))]


def test_another_device_of_ours_has_its_own_key() -> None:
    device = Device()
    device.handle(sealed(PEER.invite()))
    assert why(device.handle(sealed(OUR_OTHER.answer(), "key of our other"))) == []
    assert device.state() is State.ENDED


def test_what_does_not_count_binds_nobody() -> None:
    """Else a member of the room could speak first for the party that is about to answer."""
    device = outbound_in(State.INVITED, CallConfig(max_parties=1))
    for party in (PEER, STRANGER, PEERS_OTHER):
        assert why(device.handle(forged(party.select(US.party)))) == [IgnoreReason.WRONG_PARTY]
    device.handle(sealed(PEER.answer()))
    assert device.state() is State.CONNECTING


@pytest.mark.parametrize("direction", Direction)
def test_a_party_that_was_heard_in_the_clear_is_bound_once_it_encrypts(
    direction: Direction,
) -> None:
    """The room became encrypted in the middle of the call."""
    device = bring(Device(), direction, State.CONNECTED)
    device.handle(sealed(metadata({"stream": usermedia(audio=True)})))
    assert why(device.handle(forged(PEER.hangup()))) == [IgnoreReason.WRONG_DEVICE]
    assert why(device.handle(PEER.hangup())) == [IgnoreReason.WRONG_DEVICE]
    device.handle(sealed(PEER.hangup()))
    assert device.state() is State.ENDED


def test_how_many_parties_are_remembered_is_bounded() -> None:
    device = outbound_in(State.INVITED, CallConfig(max_parties=2))
    parties = [Remote(PEER.user_id, f"DEVICE-{number}") for number in range(4)]
    for party in parties:
        device.handle(sealed(party.candidates(HOST), party.party_id))
    known = device.calls._registry._calls[KEY]._device_keys or {}
    assert len(known) == 2
