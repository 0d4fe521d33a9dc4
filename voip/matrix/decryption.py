"""Opening encrypted room events, and knowing whose they are. Runs on nio's thread.

nio decrypts, but it loses `unsigned`, looks a session up by a claim of the sender, and checks the
sending device only where somebody verified it. So events are handed to it one by one, and what
it gives back is checked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, TypeAlias

import nio  # type: ignore[import-untyped]  # 0.26 ships no types

from voip.matrix.http import Json

ASKED_AT_MOST = 2000
"""Missing sessions that are remembered, so that each is asked for once."""


class Locked(Enum):
    """Why an encrypted event cannot be read."""

    KEY_MISSING = auto()
    """Its key has not arrived; it may yet."""
    DEVICE_UNKNOWN = auto()
    """Readable, but we do not know yet that the sending device is the sender's."""
    NEVER = auto()
    """Damaged, forged, or from before our time: waiting does not help."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What was inside an encrypted event."""

    type: str
    content: Mapping[str, object]
    device_key: str
    """The Curve25519 identity key of the sending device, which is known to be the sender's."""


Decrypted: TypeAlias = Opened | Locked


class Decryption:
    """The reading side of one nio client."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._olm = client.olm
        self._asked: dict[str, None] = {}

    def decrypt(self, room_id: str, raw: Json) -> Decrypted:
        """What is inside an `m.room.encrypted` event of a room, or why it stays closed."""
        try:
            return self._decrypt(room_id, raw)
        except BaseException:  # noqa: BLE001 - a hostile ciphertext ends with itself; a Rust panic
            return Locked.NEVER  # in vodozemac is a BaseException, and this thread gets no others

    def _decrypt(self, room_id: str, raw: Json) -> Decrypted:
        event = nio.MegolmEvent.from_dict(self._completed(room_id, raw))
        if not isinstance(event, nio.MegolmEvent):
            return Locked.NEVER
        event.room_id = room_id
        by_sender = self._olm.inbound_group_store[room_id]
        session = by_sender.get(event.sender_key, {}).get(event.session_id)
        if session is None:
            self._ask_for(event)
            return Locked.KEY_MISSING
        plain = self._client.decrypt_event(event).source
        type_, content = plain.get("type"), plain.get("content")
        # "Clients must check the room_id inside" ("m.megolm.v1.aes-sha2").
        if plain.get("room_id") != room_id or not isinstance(type_, str):
            return Locked.NEVER
        if not isinstance(content, dict):
            return Locked.NEVER
        owner = self._owned_by(event.sender, event.sender_key, session.ed25519)
        if owner is None:
            self._olm.users_for_key_query.add(event.sender)
            return Locked.DEVICE_UNKNOWN
        return Opened(type_, content, event.sender_key) if owner else Locked.NEVER

    def _completed(self, room_id: str, raw: Json) -> Json:
        """Fill in `sender_key` and `device_id`, which senders may leave out since v1.3."""
        content = dict(raw["content"])
        if not isinstance(content.get("sender_key"), str):
            for sender_key, sessions in self._olm.inbound_group_store[room_id].items():
                if content.get("session_id") in sessions:
                    content["sender_key"] = sender_key
            content.setdefault("sender_key", "")
        if not isinstance(content.get("device_id"), str):
            content["device_id"] = ""
        return {**raw, "content": content}

    def _owned_by(self, sender: str, sender_key: str, fingerprint: str) -> bool | None:
        """Whether the key is that of a device of the sender; None where we know none such yet.

        nio checks this for verified devices only. Without it, a homeserver could put anybody's
        name on an event that a room member encrypted.
        """
        if sender == self._client.user_id:
            ours = self._olm.account.identity_keys
            if sender_key == ours["curve25519"]:
                return bool(fingerprint == ours["ed25519"])
        for device in self._olm.device_store[sender].values():
            if device.curve25519 == sender_key:
                return bool(device.ed25519 == fingerprint)
        return None

    def _ask_for(self, event: Any) -> None:
        """Let nio ask for the key, or mend a broken Olm session: once per missing session."""
        if event.session_id in self._asked:
            return
        if len(self._asked) >= ASKED_AT_MOST:
            del self._asked[next(iter(self._asked))]
        self._asked[event.session_id] = None
        self._olm.check_if_wedged(event)
