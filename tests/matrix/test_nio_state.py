"""What matrix-nio is told and asked: real keys, and input that would stop it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.matrix.two_devices import (
    ANN,
    BOB,
    ROOM,
    Device,
    encryption,
    event,
    member,
    timeline,
)
from voip.matrix.decryption import Locked, Opened
from voip.matrix.errors import DataFolderError
from voip.matrix.nio_state import NioState
from voip.matrix.signatures import is_signed

Pair = tuple[Device, Device]
INVITE = {"call_id": "c", "candidates": [{"candidate": ""}]}


@pytest.fixture
def pair(memory: Path) -> Iterator[Pair]:
    """Ann and Bob in one encrypted room; Ann knows Bob, Bob does not know Ann yet."""
    ann, bob = Device(ANN, "ANNS", memory), Device(BOB, "BOBS", memory)
    for one in (ann, bob):
        one.join(ANN, BOB)
    ann.meet(bob)
    yield ann, bob
    for one in (ann, bob):
        one.nio.close()


def test_what_one_encrypts_the_other_opens(pair: Pair) -> None:
    ann, bob = pair
    bob.meet(ann)
    bob.nio.take_sync(ann.room_key_for(bob))
    sent = ann.encrypt("m.call.candidates", INVITE)
    assert bob.nio.decrypt(ROOM, sent) == Opened("m.call.candidates", INVITE, ann.identity_key)
    assert bob.nio.decrypt(ROOM, sent) == Opened("m.call.candidates", INVITE, ann.identity_key)
    assert ann.nio.decrypt(ROOM, sent) == Opened("m.call.candidates", INVITE, ann.identity_key)


def test_the_fields_that_senders_may_leave_out_are_found(pair: Pair) -> None:
    ann, bob = pair
    bob.meet(ann)
    bob.nio.take_sync(ann.room_key_for(bob))
    sent = ann.encrypt("m.call.invite", INVITE)
    for name in ("sender_key", "device_id"):
        del sent["content"][name]
    assert bob.nio.decrypt(ROOM, sent) == Opened("m.call.invite", INVITE, ann.identity_key)


def test_without_the_key_it_stays_closed_until_the_key_comes(pair: Pair) -> None:
    ann, bob = pair
    bob.meet(ann)
    key = ann.room_key_for(bob)
    sent = ann.encrypt("m.call.invite", INVITE)
    assert bob.nio.decrypt(ROOM, sent) is Locked.KEY_MISSING
    bob.nio.take_sync(key)
    assert isinstance(bob.nio.decrypt(ROOM, sent), Opened)


def test_an_unknown_device_is_asked_for_before_it_is_believed(pair: Pair) -> None:
    ann, bob = pair
    bob.nio.queried({"device_keys": {ANN: {}, BOB: {}}})
    bob.nio.take_sync(ann.room_key_for(bob))
    sent = ann.encrypt("m.call.invite", INVITE)
    assert bob.nio.users_to_query() == []
    assert bob.nio.decrypt(ROOM, sent) is Locked.DEVICE_UNKNOWN
    assert bob.nio.users_to_query() == [ANN]
    bob.meet(ann)
    assert isinstance(bob.nio.decrypt(ROOM, sent), Opened)


def test_a_device_that_logged_out_since_is_still_the_senders(pair: Pair) -> None:
    ann, bob = pair
    bob.meet(ann)
    bob.nio.take_sync(ann.room_key_for(bob))
    sent = ann.encrypt("m.call.hangup", INVITE)
    bob.nio.queried({"device_keys": {ANN: {}}})
    assert isinstance(bob.nio.decrypt(ROOM, sent), Opened)


def test_nobody_speaks_in_anothers_name(pair: Pair, memory: Path) -> None:
    """The homeserver says that Ann sent what another member of the room encrypted."""
    ann, bob = pair
    eve = Device("@eve:x", "EVES", memory)
    eve.join(ANN, BOB, "@eve:x")
    eve.meet(bob)
    bob.meet(ann)
    bob.meet(eve)
    bob.nio.take_sync(eve.room_key_for(bob))
    forged = {**eve.encrypt("m.call.invite", INVITE), "sender": ANN}
    assert bob.nio.decrypt(ROOM, forged) is Locked.DEVICE_UNKNOWN
    eve.nio.close()


def test_an_event_is_good_in_its_own_room_only(pair: Pair) -> None:
    ann, bob = pair
    bob.meet(ann)
    bob.nio.take_sync(ann.room_key_for(bob))
    sent = ann.encrypt("m.call.invite", INVITE)
    assert bob.nio.decrypt("!other:x", sent) is Locked.KEY_MISSING


def test_the_same_message_under_another_id_is_a_replay(pair: Pair) -> None:
    ann, bob = pair
    bob.meet(ann)
    bob.nio.take_sync(ann.room_key_for(bob))
    sent = ann.encrypt("m.call.invite", INVITE)
    assert isinstance(bob.nio.decrypt(ROOM, sent), Opened)
    assert bob.nio.decrypt(ROOM, {**sent, "event_id": "$again"}) is Locked.NEVER


@pytest.mark.parametrize(
    "change",
    [
        {"ciphertext": "garbage"},
        {"ciphertext": 7},
        {"algorithm": "m.megolm.v9"},
        {"session_id": None},
    ],
)
def test_garbled_events_never_open_and_raise_nothing(pair: Pair, change: dict[str, Any]) -> None:
    ann, bob = pair
    bob.meet(ann)
    bob.nio.take_sync(ann.room_key_for(bob))
    sent = ann.encrypt("m.call.invite", INVITE)
    sent["content"].update(change)
    assert bob.nio.decrypt(ROOM, sent) in {Locked.NEVER, Locked.KEY_MISSING}


@pytest.mark.parametrize("payload", ["[" * 40_000, "{}", '{"type": 1, "content": []}', "\x00"])
def test_a_hostile_plaintext_ends_with_itself(pair: Pair, payload: str) -> None:
    """A key holder may encrypt what is no event, or nested too deeply for the JSON parser."""
    ann, bob = pair
    bob.meet(ann)
    bob.nio.take_sync(ann.room_key_for(bob))
    session = ann.nio._client.olm.outbound_group_sessions[ROOM]
    sent = ann.encrypt("m.call.invite", INVITE)
    sent["content"]["ciphertext"] = session.encrypt(payload)
    assert bob.nio.decrypt(ROOM, sent) is Locked.NEVER


def to_device(device: Device, **content: Any) -> dict[str, Any]:
    whole = {
        "algorithm": "m.olm.v1.curve25519-aes-sha2",
        "sender_key": "KEY",
        "ciphertext": {device.identity_key: {"type": 0, "body": "garbage"}},
        **content,
    }
    return {"type": "m.room.encrypted", "sender": "@eve:x", "content": whole}


def test_one_bad_to_device_event_costs_only_itself(pair: Pair) -> None:
    ann, bob = pair
    bob.meet(ann)
    key = ann.room_key_for(bob)
    bad = [
        to_device(bob),
        to_device(bob, ciphertext={bob.identity_key: {"type": 1, "body": "AwogAAAA"}}),
        to_device(bob, ciphertext={bob.identity_key: {}}),
        to_device(bob, ciphertext=None),
        {"type": "m.room_key_request", "sender": 1, "content": {}},
        {},
    ]
    key["to_device"]["events"][:0] = bad
    bob.nio.take_sync(key)
    assert isinstance(bob.nio.decrypt(ROOM, ann.encrypt("m.call.invite", INVITE)), Opened)


def test_one_odd_state_event_costs_only_itself(pair: Pair) -> None:
    _, bob = pair
    odd = [
        {**event(ANN, "m.room.join_rules", {"join_rule": ["public"]}), "state_key": ""},
        {**event(ANN, "m.room.power_levels", {"users": "all"}), "state_key": ""},
        {"type": 5, "state_key": ""},
    ]
    good = {**event(ANN, "m.room.join_rules", {"join_rule": "public"}), "state_key": ""}
    state = {"state": {"events": [*odd, encryption(), good]}}
    infos = bob.nio.take_sync({"rooms": {"join": {"!new:x": state}}})
    assert infos["!new:x"].is_public
    assert infos["!new:x"].encrypted


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"rooms": []},
        {"rooms": {"join": []}},
        {"rooms": {"join": {"!r:x": None}, "leave": None}},
        {"to_device": {"events": "none"}, "device_lists": 3},
        {"device_one_time_keys_count": None},
    ],
)
def test_malformed_responses_are_survived(pair: Pair, raw: dict[str, Any]) -> None:
    _, bob = pair
    assert bob.nio.take_sync(raw) == {}


def test_one_time_keys_are_uploaded_again_when_none_are_left(pair: Pair) -> None:
    _, bob = pair
    bob.nio.take_sync({"device_one_time_keys_count": {"signed_curve25519": 0}})
    keys = bob.nio.keys_to_upload()
    assert keys is not None
    assert keys["one_time_keys"]


def test_a_fallback_key_is_offered_where_the_server_has_none_unused(pair: Pair) -> None:
    """MSC2732: with it a session can be made when the one-time keys have run out."""
    ann, bob = pair
    bob.nio.take_sync({"device_unused_fallback_key_types": ["signed_curve25519"]})
    assert bob.nio.keys_to_upload() is None
    bob.nio.take_sync({"device_unused_fallback_key_types": []})
    first, again = bob.nio.keys_to_upload(), bob.nio.keys_to_upload()
    assert first is not None
    assert first == again  # until the server has said that it has it
    bob.nio.uploaded({"one_time_key_counts": {"signed_curve25519": 50}})
    assert bob.nio.keys_to_upload() is None

    ((name, key),) = first["fallback_keys"].items()
    assert key["fallback"] is True
    ed25519 = bob.device_keys["keys"]["ed25519:BOBS"]
    assert is_signed(key, BOB, "BOBS", ed25519)
    bob.meet(ann)
    bob.one_time_keys = {name: key}
    bob.nio.take_sync(ann.room_key_for(bob))
    assert isinstance(bob.nio.decrypt(ROOM, ann.encrypt("m.call.invite", INVITE)), Opened)

    bob.nio.take_sync({"device_unused_fallback_key_types": []})
    next_one = bob.nio.keys_to_upload()
    assert next_one is not None
    assert next_one["fallback_keys"] != first["fallback_keys"]


def test_a_server_without_fallback_keys_is_offered_none(pair: Pair) -> None:
    _, bob = pair
    bob.nio.take_sync({"device_unused_fallback_key_types": None})
    bob.nio.take_sync({})
    assert bob.nio.keys_to_upload() is None


def test_a_device_more_is_news_and_the_first_ones_are_not(pair: Pair, memory: Path) -> None:
    ann, bob = pair
    first = {ANN: {"ANNS": ann.device_keys}}
    assert bob.nio.queried({"device_keys": first}) == []
    second = Device(ANN, "MORE", memory)
    both = {ANN: {"ANNS": ann.device_keys, "MORE": second.device_keys}}
    assert bob.nio.queried({"device_keys": both}) == [(ANN, second.identity_key)]
    assert bob.nio.queried({"device_keys": both}) == []
    assert bob.nio.queried({"device_keys": first}) == []
    assert bob.nio.queried({"device_keys": both}) == []  # it came back
    assert bob.nio.queried({"device_keys": []}) == []
    second.nio.close()


def test_news_of_devices_count_for_whoever_is_known_and_for_us(pair: Pair) -> None:
    ann, bob = pair
    bob.meet(ann)
    bob.nio.queried({"device_keys": {BOB: {}}})
    assert bob.nio.users_to_query() == []
    bob.nio.take_sync({"rooms": {"leave": {ROOM: {}}}})
    changed = [ANN, BOB, "@stranger:x", 5]
    bob.nio.take_sync({"device_lists": {"changed": changed}})
    assert bob.nio.users_to_query() == [ANN, BOB]


def test_encryption_stays_on_when_the_state_forgets_it_and_after_a_restart(
    pair: Pair, memory: Path
) -> None:
    _, bob = pair
    bob.nio.take_sync(timeline({**encryption(), "content": {}}))
    bob.nio.close()
    again = NioState(BOB, "BOBS", memory, "a pickle key")
    infos = again.take_sync(timeline(member(ANN)))
    assert infos[ROOM].encrypted
    again.close()
    bob.nio = NioState(BOB, "BOBS", memory, "a pickle key")


def test_a_new_member_means_a_new_key(pair: Pair) -> None:
    ann, bob = pair
    ann.room_key_for(bob)
    assert not ann.nio.must_share(ROOM)
    ann.nio.take_sync(timeline(member("@eve:x")))
    assert ann.nio.must_share(ROOM)
    assert ann.nio.encrypt(ROOM, "m.call.invite", INVITE) is None


def test_a_gap_means_asking_for_the_members_again(pair: Pair) -> None:
    ann, bob = pair
    ann.room_key_for(bob)
    assert ann.nio.members_known(ROOM)
    response = timeline()
    response["rooms"]["join"][ROOM]["timeline"]["limited"] = True
    ann.nio.take_sync(response)
    assert not ann.nio.members_known(ROOM)
    ann.nio.take_members(ROOM, {"joined": {ANN: {}, BOB: {}}})
    assert not ann.nio.must_share(ROOM)
    ann.nio.forget_members(ROOM)
    ann.nio.take_members(ROOM, {"joined": {ANN: {}, "@eve:x": {}}})
    assert ann.nio.must_share(ROOM)


def test_keys_that_cannot_be_read_say_what_to_do(pair: Pair, memory: Path) -> None:
    with pytest.raises(DataFolderError, match="Restore the folder, or move"):
        NioState(BOB, "BOBS", memory, "another pickle key")
