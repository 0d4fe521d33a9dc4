"""An encrypted room with many devices, and giving them its key: the real machinery, no homeserver.

What costs time is nio's and vodozemac's part: an Olm session with each device and a message to
each with the room's key, on the one thread that the Matrix edge has for them.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from voip.matrix.folder import Folder
from voip.matrix.http import Json
from voip.matrix.machine import Machine
from voip.matrix.nio_state import NioState

ROOM: Final = "!bench:example.org"
BOT: Final = "@bot:example.org"
EACH: Final = 4
"""Devices of a person."""


class DeviceRoom:
    """Made by `open`; `share` gives a new key to all devices, as after a member came or left."""

    def __init__(self, machine: Machine, users: list[str]) -> None:
        self._machine, self._users = machine, users

    @classmethod
    async def open(cls, folder: Path, devices: int) -> DeviceRoom:
        ours = Folder(folder / "bot")
        ours.prepare()
        machine = await Machine.open(BOT, "BOT", ours)
        keys, one_time = await asyncio.to_thread(_devices, folder, devices)
        state = machine.state
        events = [
            _state("m.room.encryption", "", {"algorithm": "m.megolm.v1.aes-sha2"}),
            *(_state("m.room.member", user, {"membership": "join"}) for user in (BOT, *keys)),
        ]
        joined = {"rooms": {"join": {ROOM: {"state": {"events": events}}}}}
        await machine.run(state.take_sync, joined)
        await machine.run(state.take_members, ROOM, {"joined": {u: {} for u in (BOT, *keys)}})
        await machine.run(state.queried, {"device_keys": keys})
        await machine.run(state.claimed, {"one_time_keys": one_time})
        return cls(machine, [BOT, *keys])

    async def share(self) -> int:
        """Gives how many devices got the key."""
        state, run = self._machine.state, self._machine.run
        # Who has left and comes back makes the old key void.
        for users in (self._users[:-1], self._users):
            await run(state.take_members, ROOM, {"joined": {user: {} for user in users}})
        assert await run(state.must_share, ROOM)
        given = 0
        for devices, _ in await run(state.room_keys, ROOM):
            given += len(devices)
            await run(state.shared_with, ROOM, devices)
        await run(state.sharing_done, ROOM)
        return given


def _devices(folder: Path, count: int) -> tuple[dict[str, Json], dict[str, Json]]:
    """What a homeserver knows of them: their keys, and a one-time key of each."""
    keys: dict[str, Json] = {}
    one_time: dict[str, Json] = {}
    for number in range(count):
        user, device = f"@user{number // EACH}:example.org", f"DEVICE{number}"
        place = folder / device
        place.mkdir()
        state = NioState(user, device, place, "a pickle key")
        upload = state.keys_to_upload()
        assert upload is not None
        name, key = next(iter(upload["one_time_keys"].items()))
        keys.setdefault(user, {})[device] = upload["device_keys"]
        one_time.setdefault(user, {})[device] = {name: key}
        state.close()
    return keys, one_time


def _state(kind: str, key: str, content: Json) -> Json:
    return {
        "type": kind,
        "state_key": key,
        "sender": BOT,
        "event_id": f"${kind}{key}",
        "origin_server_ts": 1,
        "content": content,
    }
