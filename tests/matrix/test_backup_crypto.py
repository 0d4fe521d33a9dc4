"""The encryption of the backup of room keys."""

from __future__ import annotations

import json

import pytest
import vodozemac

from voip.matrix.backup_crypto import BackupKey, read, room_key

ROOM = "!room:x"


def encrypted(room_id: object = ROOM, type_: object = "m.room.message") -> tuple[str, str]:
    """An exported room key, and what was encrypted with it."""
    session = vodozemac.GroupSession()
    inbound = vodozemac.InboundGroupSession(session.session_key)
    plain = {"room_id": room_id, "type": type_, "content": {"body": "hello"}}
    ciphertext = session.encrypt(json.dumps(plain).encode()).to_base64()
    key = inbound.export_at(0)
    assert key is not None
    return key.to_base64(), ciphertext


def test_what_is_sealed_can_be_opened_and_read() -> None:
    exported, ciphertext = encrypted()
    key = BackupKey.generate()
    sealed = BackupKey.from_text(key.secret).seal(room_key(exported, "curve", "ed"))
    opened = key.opened(sealed)
    assert opened["sender_key"] == "curve"
    assert exported not in json.dumps(sealed)
    assert read(opened, ROOM, {"ciphertext": ciphertext}) == ("m.room.message", {"body": "hello"})


def test_another_key_opens_nothing() -> None:
    sealed = BackupKey.generate().seal({"a": 1})
    with pytest.raises(ValueError, match="cannot be read"):
        BackupKey.generate().opened(sealed)


@pytest.mark.parametrize("data", [None, 7, {}, {"ciphertext": "x", "mac": "y", "ephemeral": "z"}])
def test_what_is_no_key_is_said_to_be_none(data: object) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        BackupKey.generate().opened(data)


@pytest.mark.parametrize("text", ["", "short", "!!!", "A" * 100])
def test_what_is_no_private_key(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        BackupKey.from_text(text)


def test_an_event_of_another_room_is_not_read() -> None:
    for wrong in ({"room_id": "!other:x"}, {"type_": 7}):
        exported, ciphertext = encrypted(**wrong)
        with pytest.raises(ValueError, match="not of this room"):
            read(room_key(exported, "c", "e"), ROOM, {"ciphertext": ciphertext})
    with pytest.raises(ValueError, match="cannot be read"):
        read(room_key("nonsense", "c", "e"), ROOM, {"ciphertext": "x"})


def test_the_private_key_is_in_no_repr() -> None:
    key = BackupKey.generate()
    assert key.secret not in repr(key)
