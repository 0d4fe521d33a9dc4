"""The demo's people and bots: an account each, known to one another from the start."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from voip.service.demo.errors import HomeserverError
from voip.service.demo.synapse import SynapseProcess

PEOPLE = {"alice": "Alice", "bob": "Bob"}
BOTS = {"recorder": "Recorder", "echo": "Echo"}
OWN = {"mybot": "My bot"}
"""For whoever writes a bot: see `own_bot`."""
MEGOLM = "m.megolm.v1.aes-sha2"


@dataclass(frozen=True)
class Account:
    localpart: str
    name: str
    user_id: str
    password: str = field(repr=False)


def set_up(synapse: SynapseProcess, data_dir: Path) -> dict[str, Account]:
    """Everybody by localpart, with a direct encrypted room for each pair that has a person in it.

    Blocks on the homeserver for a second or two. Does only what is not yet done, so it also
    completes what an earlier start began.

    :raises HomeserverError: the homeserver refused something.
    """
    names = PEOPLE | BOTS | OWN
    passwords = _passwords(data_dir / "accounts.json", list(names))
    accounts = {}
    for localpart, name in names.items():
        user_id = synapse.ensure_user(localpart, passwords[localpart], name)
        synapse.lift_rate_limits(user_id)
        accounts[localpart] = Account(localpart, name, user_id, passwords[localpart])
    puppets = {name: _Puppet(synapse, account.user_id) for name, account in accounts.items()}
    people = list(PEOPLE)
    for index, person in enumerate(people):
        for other in [*people[index + 1 :], *BOTS, *OWN]:
            _connect(puppets[person], puppets[other])
    return accounts


def _passwords(path: Path, localparts: list[str]) -> dict[str, str]:
    """From the file; made up for whoever is not in it."""
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    # A person types it, perhaps on a phone: hexadecimal has no look-alikes.
    passwords = {name: known.get(name) or secrets.token_hex(4) for name in localparts}
    path.touch(mode=0o600)
    path.write_text(json.dumps(passwords, indent=2))
    return passwords


class _Puppet:
    """Acts as one account for as long as the set-up takes."""

    def __init__(self, synapse: SynapseProcess, user_id: str) -> None:
        self.user_id = user_id
        self._synapse = synapse
        self._token = synapse.token_for(user_id)

    def request(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        return self._synapse.request(method, f"/_matrix/client/v3/{path}", body, token=self._token)

    def direct_rooms(self) -> dict[str, list[str]]:
        try:
            return self.request("GET", self._direct_path)
        except HomeserverError as error:
            if error.errcode == "M_NOT_FOUND":  # never set
                return {}
            raise

    def add_direct_room(self, user_id: str, room_id: str) -> None:
        direct = self.direct_rooms()
        direct[user_id] = [room_id, *direct.get(user_id, [])]
        self.request("PUT", self._direct_path, direct)

    @property
    def _direct_path(self) -> str:
        return f"user/{quote(self.user_id, safe='')}/account_data/m.direct"


def _connect(one: _Puppet, other: _Puppet) -> None:
    """One direct room, encrypted, both in it, and both knowing that it is theirs."""
    if one.direct_rooms().get(other.user_id):
        return
    encryption = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": MEGOLM}}
    room = one.request(
        "POST",
        "createRoom",
        {
            "preset": "trusted_private_chat",
            "is_direct": True,
            "invite": [other.user_id],
            "initial_state": [encryption],
        },
    )
    room_id = str(room["room_id"])
    other.request("POST", f"join/{quote(room_id, safe='')}", {})
    other.add_direct_room(one.user_id, room_id)
    one.add_direct_room(other.user_id, room_id)  # last: it is what says that all is done
