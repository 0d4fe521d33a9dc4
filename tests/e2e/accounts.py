"""An account that acts through the homeserver's own interface: makes rooms, posts, reads back."""

from __future__ import annotations

import itertools
import json
import urllib.request
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote

from tests.conftest import User
from voip.service.demo.synapse import SynapseProcess

ENCRYPTION = {
    "type": "m.room.encryption",
    "state_key": "",
    "content": {"algorithm": "m.megolm.v1.aes-sha2"},
}


@dataclass
class Account:
    """Blocking; a request to the homeserver beside us takes milliseconds."""

    synapse: SynapseProcess
    user: User
    token: str
    _numbers: Any = field(default_factory=itertools.count)

    @classmethod
    def of(cls, synapse: SynapseProcess, user: User) -> Self:
        body = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": user.localpart},
            "password": user.password,
        }
        answer = synapse.request("POST", "/_matrix/client/v3/login", body)
        return cls(synapse, user, answer["access_token"])

    def request(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        return self.synapse.request(method, f"/_matrix/client/v3{path}", body, token=self.token)

    def direct_room(self, other: Account, *, encrypted: bool = False) -> str:
        """A room with the two of us, direct for both; its id."""
        room_id = self.room(invite=[other], direct=True, encrypted=encrypted)
        other.request("POST", f"/join/{quote(room_id)}", {})
        self._set_direct(room_id, other)
        other._set_direct(room_id, self)
        return room_id

    def room(
        self,
        *,
        name: str | None = None,
        invite: list[Account] | None = None,
        direct: bool = False,
        encrypted: bool = False,
    ) -> str:
        body: dict[str, object] = {
            "preset": "trusted_private_chat",
            "is_direct": direct,
            "invite": [each.user.user_id for each in invite or []],
            "initial_state": [ENCRYPTION] if encrypted else [],
        }
        if name is not None:
            body["name"] = name
        return str(self.request("POST", "/createRoom", body)["room_id"])

    def send(self, room_id: str, content: dict[str, object], kind: str = "m.room.message") -> None:
        path = f"/rooms/{quote(room_id)}/send/{kind}/{next(self._numbers)}"
        self.request("PUT", path, content)

    def upload(self, data: bytes, mimetype: str) -> str:
        """The ``mxc:`` address of a file in the media repository."""
        request = urllib.request.Request(  # noqa: S310  # the homeserver of this test
            f"{self.synapse.url}/_matrix/media/v3/upload",
            data=data,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": mimetype},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            found: dict[str, str] = json.load(answer)
        return found["content_uri"]

    def event_types(self, room_id: str) -> list[str]:
        """The types of the room's newest events, as the homeserver sees them."""
        path = f"/rooms/{quote(room_id)}/messages?dir=b&limit=100"
        return [event["type"] for event in self.request("GET", path)["chunk"]]

    def _set_direct(self, room_id: str, other: Account) -> None:
        path = f"/user/{quote(self.user.user_id)}/account_data/m.direct"
        self.request("PUT", path, {other.user.user_id: [room_id]})
