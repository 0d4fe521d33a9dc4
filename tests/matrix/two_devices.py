"""Two real devices without a homeserver: what they would exchange is handed over by the test."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

from voip.matrix.http import Json
from voip.matrix.nio_state import NioState

ROOM = "!room:x"
ANN, BOB = "@ann:x", "@bob:x"
_numbers = itertools.count(1)


@dataclass
class Uploaded:
    """Somebody else's device, as far as the homeserver knows it."""

    user_id: str
    device_id: str
    device_keys: Json
    one_time_keys: Json


class Device:
    """One device, in an encrypted room with everyone of `users`."""

    def __init__(self, user_id: str, device_id: str, folder: Path) -> None:
        self.user_id = user_id
        self.device_id = device_id
        self.nio = NioState(user_id, device_id, folder, "a pickle key")
        keys = self.nio.keys_to_upload()
        assert keys is not None
        self.device_keys: Json = keys["device_keys"]
        self.one_time_keys: Json = keys["one_time_keys"]
        self.nio.uploaded({"one_time_key_counts": {"signed_curve25519": len(self.one_time_keys)}})

    @property
    def identity_key(self) -> str:
        return str(self.device_keys["keys"][f"curve25519:{self.device_id}"])

    def join(self, *users: str, room_id: str = ROOM) -> None:
        state = [encryption(), *(member(user) for user in users)]
        self.nio.take_sync({"rooms": {"join": {room_id: {"state": {"events": state}}}}})
        self.nio.take_members(room_id, {"joined": {user: {} for user in users}})

    def meet(self, other: Device | Uploaded) -> None:
        """What /keys/query says of the other."""
        self.nio.queried({"device_keys": {other.user_id: {other.device_id: other.device_keys}}})

    def room_key_for(self, other: Device | Uploaded, room_id: str = ROOM) -> Json:
        """Claim, share, and return the sync response that brings the other the room's key."""
        key_id, key = other.one_time_keys.popitem()
        self.nio.claimed({"one_time_keys": {other.user_id: {other.device_id: {key_id: key}}}})
        events = []
        for devices, messages in self.nio.room_keys(room_id):
            content = messages["messages"][other.user_id][other.device_id]
            events.append({"type": "m.room.encrypted", "sender": self.user_id, "content": content})
            self.nio.shared_with(room_id, devices)
        self.nio.sharing_done(room_id)
        return {"to_device": {"events": events}}

    def encrypt(self, type_: str, content: Json, room_id: str = ROOM) -> Json:
        """A whole `m.room.encrypted` event, as a timeline has it."""
        encrypted = self.nio.encrypt(room_id, type_, content)
        assert encrypted is not None
        return event(self.user_id, "m.room.encrypted", encrypted[1])


def event(sender: str, type_: str, content: Json, *, age: float = 0.0) -> Json:
    return {
        "type": type_,
        "sender": sender,
        "event_id": f"${next(_numbers)}",
        "origin_server_ts": 1_000,
        "content": content,
        "unsigned": {"age": age * 1000},
    }


def member(user: str, membership: str = "join") -> Json:
    made = event(user, "m.room.member", {"membership": membership})
    return {**made, "state_key": user}


def encryption() -> Json:
    made = event(ANN, "m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"})
    return {**made, "state_key": ""}


def timeline(*events: Json, room_id: str = ROOM) -> Json:
    return {"rooms": {"join": {room_id: {"timeline": {"events": list(events)}}}}}
