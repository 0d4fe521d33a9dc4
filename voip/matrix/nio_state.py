"""matrix-nio's client without its network: room state, devices, keys, encryption.

Everything here blocks (nio's store is SQLite, its Olm work is synchronous) and belongs to ONE
thread: `machine.py` owns it. nio is fed in small portions, because one bad to-device event or one
odd state event makes nio raise out of a whole sync response (0.26: a garbled Olm body or session
key is not caught), which would then come again for ever.
"""

from __future__ import annotations

import hashlib
import itertools
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nio  # type: ignore[import-untyped]  # 0.26 ships no types
from nio.store import SqliteStore  # type: ignore[import-untyped]  # as above

from voip.matrix.backup_crypto import room_key
from voip.matrix.decryption import Decryption
from voip.matrix.errors import DataFolderError
from voip.matrix.http import Json
from voip.matrix.signatures import signed

log = logging.getLogger(__name__)
# nio logs events that fail its schemas with their content: call descriptions, addresses, messages.
logging.getLogger("nio").setLevel(logging.CRITICAL)

CURVE = "signed_curve25519"


@dataclass(frozen=True, slots=True)
class RoomInfo:
    """What is known of a joined room."""

    room_id: str
    name: str
    encrypted: bool
    is_public: bool
    """Anyone may join without an invitation (`m.room.join_rules`)."""
    joined_count: int | None
    """Members by the server's summary; None where it gave none."""


@dataclass(frozen=True, slots=True)
class ExportedKey:
    """One room key for the backup."""

    room_id: str
    session_id: str
    first_index: int
    """Of the first message that can be read with it."""
    content: Json = field(repr=False)


class NioState:
    """One device's state. Made from disk, kept on disk."""

    def __init__(self, user_id: str, device_id: str, folder: Path, pickle_key: str) -> None:
        # The device id is the server's choice: hashed, it cannot lead out of the folder.
        name = hashlib.sha256(f"{user_id}\0{device_id}".encode()).hexdigest()[:16]
        config = nio.ClientConfig(store=SqliteStore, store_name=f"{name}.db", pickle_key=pickle_key)
        self._client = nio.Client(user_id, device_id, store_path=str(folder), config=config)
        try:
            # The token only tells nio that it is logged in: the requests are ours.
            self._client.restore_login(user_id, device_id, "not used")
        except Exception as error:  # whatever SQLite, peewee or vodozemac call a damaged store
            raise DataFolderError(
                f"The encryption keys in {folder} cannot be read ({type(error).__name__}). "
                "Restore the folder, or move the data folder away to start as a new device."
            ) from error
        self._olm = self._client.olm
        self._numbers = itertools.count(1)
        self._wants_fallback_key = False
        self.decrypt = Decryption(self._client).decrypt

    def close(self) -> None:
        self._client.store.database.close()

    # --- in: what a sync response says --------------------------------------------------------

    def take_sync(self, raw: Json) -> dict[str, RoomInfo]:
        """Take keys, device changes and room state; return the rooms that were touched."""
        for event in _dicts(_at(raw, "to_device", "events")):
            if str(event.get("type")).startswith("m.key.verification."):
                continue  # ours (`verifying.py`): nio knows the older protocol and would cancel
            self._guarded({"to_device": {"events": [event]}}, "a to-device event")
        joined = _at(raw, "rooms", "join")
        for room_id, room in joined.items() if isinstance(joined, dict) else ():
            if isinstance(room, dict):
                self._take_room(room_id, room)
        left = _at(raw, "rooms", "leave")
        for room_id in left if isinstance(left, dict) else ():
            self._client.rooms.pop(room_id, None)
        self._take_device_news(raw)
        touched = joined if isinstance(joined, dict) else {}
        return {
            room_id: self._info(room_id) for room_id in touched if room_id in self._client.rooms
        }

    def _take_room(self, room_id: str, room: Json) -> None:
        timeline = [event for event in _dicts(_at(room, "timeline", "events")) if _is_state(event)]
        state = list(_dicts(_at(room, "state", "events")))
        summary = room.get("summary")
        whole: Json = {"state": {"events": state}, "timeline": {"events": timeline}}
        if isinstance(summary, dict):
            whole["summary"] = summary
        if not self._fed({"rooms": {"join": {room_id: whole}}}):
            for event in state + timeline:
                part = {"rooms": {"join": {room_id: {"state": {"events": [event]}}}}}
                self._guarded(part, "a state event")
        if _at(room, "timeline", "limited") is True:
            # Members may have changed in the gap: ask again before the next encrypted event.
            self.forget_members(room_id)

    def _take_device_news(self, raw: Json) -> None:
        part: Json = {
            key: raw[key] for key in ("device_lists", "device_one_time_keys_count") if key in raw
        }
        self._guarded(part, "device changes")
        # nio 0.26 drops news of people whom it knows from rooms without a list of members.
        changed = _at(raw, "device_lists", "changed")
        if isinstance(changed, list):
            tracked = self._olm.tracked_users | {self._client.user_id}
            self._olm.add_changed_users(
                {user for user in changed if isinstance(user, str)} & tracked
            )
        count = _at(raw, "device_one_time_keys_count", CURVE)
        if "device_one_time_keys_count" in raw and not count:
            # nio 0.26 takes a count of zero for no count, and would never upload again.
            self._olm.uploaded_key_count = 0
        unused = raw.get("device_unused_fallback_key_types")
        if isinstance(unused, list):  # absent: the server knows no fallback keys
            self._wants_fallback_key = CURVE not in unused

    def _guarded(self, part: Json, what: str) -> None:
        if not self._fed(part):
            log.warning("Skipped %s that matrix-nio cannot take", what)

    def _fed(self, part: Json) -> bool:
        """Hand nio a sync response that holds only `part`."""
        try:
            response = nio.SyncResponse.from_dict({"next_batch": str(next(self._numbers)), **part})
            if not isinstance(response, nio.SyncResponse):
                return False
            self._client.receive_response(response)
        except BaseException:  # noqa: BLE001 - what remote input does inside nio ends here; a Rust
            return False  # panic in vodozemac is a BaseException, and this thread gets no others
        return True

    # --- rooms --------------------------------------------------------------------------------

    def _info(self, room_id: str) -> RoomInfo:
        room = self._client.rooms[room_id]
        count = room.summary.joined_member_count if room.summary else None
        return RoomInfo(
            room_id,
            str(room.named_room_name() or ""),
            bool(room.encrypted),
            room.join_rule == "public",
            count,
        )

    def members_known(self, room_id: str) -> bool:
        return bool(self._client.rooms[room_id].members_synced)

    def forget_members(self, room_id: str) -> None:
        room = self._client.rooms.get(room_id)
        if room is not None:
            room.members_synced = False

    def take_members(self, room_id: str, answer: Json) -> None:
        """The answer of `/joined_members`. Whoever is new must get a new key, and gets one."""
        before = set(self._client.rooms[room_id].users)
        self._receive(nio.JoinedMembersResponse.from_dict(answer, room_id))
        if before != set(self._client.rooms[room_id].users):
            self._client.invalidate_outbound_session(room_id)

    # --- writing ------------------------------------------------------------------------------

    def must_share(self, room_id: str) -> bool:
        """The room has no session yet, or one that expired or was made for other members."""
        return bool(self._olm.should_share_group_session(room_id))

    def sessions_to_claim(self, room_id: str) -> dict[str, list[str]]:
        return dict(self._client.get_missing_sessions(room_id))

    def room_keys(self, room_id: str) -> list[tuple[set[tuple[str, str]], Json]]:
        """The to-device messages that give the room's key to every device in it, in batches."""
        users = list(self._client.rooms[room_id].users)
        return list(
            self._olm.share_group_session_parallel(room_id, users, ignore_unverified_devices=True)
        )

    def shared_with(self, room_id: str, devices: set[tuple[str, str]]) -> None:
        self._receive(nio.ShareGroupSessionResponse(room_id, devices))

    def sharing_done(self, room_id: str) -> None:
        """Devices without an Olm session are left out: they gave no one-time key."""
        self._olm.outbound_group_sessions[room_id].shared = True

    def share_again(self, room_id: str) -> None:
        """The room's session is to be shared with those who were left out."""
        session = self._olm.outbound_group_sessions.get(room_id)
        if session is not None:
            session.shared = False

    def encrypt(self, room_id: str, type_: str, content: Json) -> tuple[str, Json] | None:
        """The type and content to send; None where the key must be shared (again) before."""
        try:
            encrypted: tuple[str, Json] = self._client.encrypt(room_id, type_, content)
        except (nio.GroupEncryptionError, nio.MembersSyncError):
            return None
        return encrypted

    # --- keys of ours and of others --------------------------------------------------------------

    def keys_to_upload(self) -> Json | None:
        keys: Json = self._olm.share_keys() if self._client.should_upload_keys else {}
        if self._wants_fallback_key:
            keys["fallback_keys"] = self._fallback_keys()
        if not keys:
            return None
        # Kept before they leave: the server must never hand out a key that we have lost.
        self._olm.save_account()
        return keys

    def _fallback_keys(self) -> Json:
        """What the server hands out when the one-time keys have run out (MSC2732).

        The key before it stays good, for messages that are on their way.
        """
        account = self._olm.account._account
        if not account.fallback_key:  # else one was offered that the server may not have taken
            account.generate_fallback_key()
        keys = {}
        for name, key in account.fallback_key.items():
            content: Json = {"key": key.to_base64(), "fallback": True}
            keys[f"{CURVE}:{name}"] = signed(
                content, self._client.user_id, self._client.device_id, self.sign
            )
        return keys

    def uploaded(self, answer: Json) -> None:
        self._wants_fallback_key = False
        counts = answer.get("one_time_key_counts")
        count = counts.get(CURVE, 0) if isinstance(counts, dict) else 0
        self._client.receive_response(nio.KeysUploadResponse(0, count))

    def identity_keys(self) -> dict[str, str]:
        """Our device's own `curve25519` and `ed25519` key."""
        return dict(self._olm.account.identity_keys)

    def sign(self, message: bytes) -> str:
        """With our device's own key."""
        return str(self._olm.account.sign(message.decode()))

    def exported_keys(self, known: frozenset[str], most: int) -> list[ExportedKey]:
        """Room keys that we have, without those of the known sessions; `most` at most."""
        sessions = (each for each in self._olm.inbound_group_store if each.id not in known)
        return [
            ExportedKey(
                session.room_id,
                session.id,
                session.first_known_index,
                room_key(
                    session.export_session(session.first_known_index),
                    session.sender_key,
                    session.ed25519,
                ),
            )
            for session in itertools.islice(sessions, most)
        ]

    def users_to_query(self) -> list[str]:
        return sorted(self._client.users_for_key_query)

    def queried(self, answer: Json) -> list[tuple[str, str]]:
        """Take the answer; return (user, Curve25519 key) of devices that people have got since."""
        users = answer.get("device_keys")
        named = users if isinstance(users, dict) else {}
        before = {user: self._device_keys(user) for user in named}
        self._receive(nio.KeysQueryResponse.from_dict(answer))
        return [
            (user, key)
            for user, known in before.items()
            if known and user != self._client.user_id
            for key in self._device_keys(user) - known
        ]

    def _device_keys(self, user_id: str) -> set[str]:
        return {device.curve25519 for device in self._olm.device_store[user_id].values()}

    def wedged(self) -> dict[str, list[str]]:
        """Devices with which a new Olm session is needed."""
        if not self._client.should_claim_keys:
            return {}
        return dict(self._client.get_users_for_key_claiming())

    def claimed(self, answer: Json) -> None:
        self._receive(nio.KeysClaimResponse.from_dict(answer))

    def to_device_messages(self) -> list[Any]:
        return list(self._client.outgoing_to_device_messages)

    def to_device_sent(self, message: Any) -> None:
        self._client.receive_response(nio.ToDeviceResponse(message))

    def _receive(self, response: Any) -> None:
        if isinstance(response, nio.ErrorResponse):
            log.warning("The homeserver's %s cannot be read", type(response).__name__)
        else:
            self._client.receive_response(response)


def _at(raw: object, *keys: str) -> Any:
    """The value at a path of keys, or an empty dict where there is none."""
    for key in keys:
        raw = raw.get(key, {}) if isinstance(raw, dict) else {}
    return raw


def _dicts(values: object) -> Iterator[Json]:
    if isinstance(values, Iterable):
        for value in values:
            if isinstance(value, dict):
                yield value


def _is_state(event: Json) -> bool:
    return "state_key" in event
