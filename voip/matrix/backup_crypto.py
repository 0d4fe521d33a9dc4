"""How room keys are encrypted in a backup ("m.megolm_backup.v1.curve25519-aes-sha2"), and how an
event is read with one that came from there. Pure: nothing here asks the homeserver.

Whoever knows the backup's public key can put keys into it, the homeserver among them. So what is
read with a key from there says nothing about who sent it: it is for history, never for a live call.
"""

from __future__ import annotations

import json
from typing import Any, Self

import vodozemac

from voip.matrix.http import Json
from voip.matrix.signatures import decode_base64

ALGORITHM = "m.megolm_backup.v1.curve25519-aes-sha2"
MEGOLM = "m.megolm.v1.aes-sha2"
SECRET = "m.megolm_backup.v1"  # noqa: S105 - the name under which secret storage has the key


class BackupKey:
    """The private key of a backup. Whoever has it reads everything in it: never log one."""

    def __init__(self, pair: Any) -> None:
        self._pair = pair

    @classmethod
    def generate(cls) -> Self:
        return cls(vodozemac.PkDecryption())

    @classmethod
    def from_text(cls, text: str) -> Self:
        """:raises ValueError: it is no key."""
        raw = decode_base64(text)
        if len(raw) != 32:
            raise ValueError("A backup key has 32 bytes")
        return cls(vodozemac.PkDecryption.from_key(vodozemac.Curve25519SecretKey.from_bytes(raw)))

    def __repr__(self) -> str:
        return f"BackupKey(public={self.public!r})"

    @property
    def public(self) -> str:
        """Unpadded base64."""
        return str(self._pair.public_key.to_base64())

    @property
    def secret(self) -> str:
        return str(self._pair.key.to_base64())

    def seal(self, room_key: Json) -> Json:
        """The `session_data` of one key."""
        sealed = vodozemac.PkEncryption.from_key(self._pair.public_key).encrypt(
            json.dumps(room_key).encode()
        )
        ephemeral, mac, ciphertext = sealed.to_base64()
        return {"ciphertext": ciphertext, "mac": mac, "ephemeral": ephemeral}

    def opened(self, data: object) -> Json:
        """:raises ValueError: it was sealed for another key, or is damaged."""
        try:
            fields = [data[name] for name in ("ciphertext", "mac", "ephemeral")]  # type: ignore[index]  # guarded
            plain = json.loads(self._pair.decrypt(vodozemac.Message.from_base64(*fields)))
        except Exception as error:
            raise ValueError("A key in the backup cannot be read") from error
        if not isinstance(plain, dict):
            raise ValueError("A key in the backup is none")  # noqa: TRY004 - one error
        return plain


def room_key(exported: str, sender_key: str, fingerprint: str) -> Json:
    """What is sealed: a key that nobody forwarded to us."""
    return {
        "algorithm": MEGOLM,
        "forwarding_curve25519_key_chain": [],
        "sender_claimed_keys": {"ed25519": fingerprint},
        "sender_key": sender_key,
        "session_key": exported,
    }


def read(key: Json, room_id: str, content: Json) -> tuple[str, Json]:
    """The type and content inside an `m.room.encrypted` event.

    :raises ValueError: it cannot be read with this key, or belongs to another room.
    """
    try:
        exported = vodozemac.ExportedSessionKey(key["session_key"])
        session = vodozemac.InboundGroupSession.import_session(exported)
        message = vodozemac.MegolmMessage.from_base64(content["ciphertext"])
        plain = json.loads(session.decrypt(message).plaintext)
        room, type_, inside = plain["room_id"], plain["type"], plain["content"]
    except Exception as error:
        raise ValueError("The event cannot be read with the key from the backup") from error
    # "Clients must check the room_id inside" ("m.megolm.v1.aes-sha2").
    if room != room_id or not isinstance(type_, str) or not isinstance(inside, dict):
        raise ValueError("What is inside is not of this room")
    return type_, inside
