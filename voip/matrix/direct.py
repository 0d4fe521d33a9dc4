"""The direct room with a person: the one that `m.direct` names, or a new encrypted one."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from voip.matrix.backoff import until_done
from voip.matrix.errors import NotJoinedError, RequestRefusedError, RoomError
from voip.matrix.http import Json, path
from voip.matrix.rooms import Rooms
from voip.matrix.session import Session

DIRECT = "m.direct"
MEGOLM = "m.megolm.v1.aes-sha2"
REQUEST_WITHIN = 30.0
HERE = {"join", "invite"}


class DirectRooms:
    """`room` may be asked at once by several: one room is made per person."""

    def __init__(self, session: Session, rooms: Rooms) -> None:
        self._session = session
        self._rooms = rooms
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._recording = asyncio.Lock()
        """`m.direct` is one object for all people: it is read, changed and written by one."""

    async def room(self, user_id: str, within: float) -> str:
        """The id of the room, once the other is in it and what is sent there will be encrypted.

        :param within: seconds to wait for the other to join.
        :raises NotJoinedError: they declined, or did not join in time.
        :raises RoomError: no room can be made with them, or it does not become encrypted.
        """
        async with self._locks[user_id]:
            room_id = await self._existing(await self._direct(), user_id)
            if room_id is None:
                room_id = await self._create(user_id)
                await self.record(user_id, room_id)
                await self._rooms.until_encrypted(room_id, within)
        if not await self._rooms.joined(room_id, user_id, within):
            raise NotJoinedError(
                f"{user_id} did not join the direct room: they must accept the invitation "
                "before they can be called."
            )
        return room_id

    async def _direct(self) -> Json:
        where = self._account_data()
        try:
            return await until_done(lambda: self._session.request("GET", where), REQUEST_WITHIN)
        except RequestRefusedError as error:
            if error.status == 404:
                return {}  # never set
            raise

    async def _existing(self, direct: Json, user_id: str) -> str | None:
        """The first of the person's direct rooms in which both of us are, or they are invited."""
        rooms = direct.get(user_id)
        for room_id in rooms if isinstance(rooms, list) else ():
            if isinstance(room_id, str) and await self._membership(room_id, user_id) in HERE:
                return room_id
        return None

    async def _membership(self, room_id: str, user_id: str) -> str | None:
        where = path("rooms", room_id, "state", "m.room.member", user_id)
        try:
            content = await until_done(lambda: self._session.request("GET", where), REQUEST_WITHIN)
        except RequestRefusedError:
            return None  # we are not in that room any more, or they never were
        value = content.get("membership")
        return value if isinstance(value, str) else None

    async def _create(self, user_id: str) -> str:
        body: Json = {
            "preset": "trusted_private_chat",
            "is_direct": True,
            "invite": [user_id],
            "initial_state": [
                {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": MEGOLM}}
            ],
        }
        try:
            answer = await until_done(
                lambda: self._session.request("POST", path("createRoom"), body=body),
                REQUEST_WITHIN,
            )
        except RequestRefusedError as error:
            raise RoomError(
                f"No room can be made with {user_id}: {error.reason or error.errcode}. "
                "Check that the user exists."
            ) from error
        room_id = answer.get("room_id")
        if not isinstance(room_id, str):
            raise RoomError("The homeserver made a room and did not say which")
        return room_id

    async def record(self, user_id: str, room_id: str) -> None:
        """Note that a room is a direct one with somebody, as clients do for both sides."""
        async with self._recording:
            direct = await self._direct()
            old = direct.get(user_id)
            rooms = old if isinstance(old, list) else []
            if room_id in rooms:
                return
            body = {**direct, user_id: [room_id, *rooms]}
            where = self._account_data()
            await until_done(lambda: self._session.request("PUT", where, body=body), REQUEST_WITHIN)

    def _account_data(self) -> str:
        return path("user", self._session.user_id, "account_data", DIRECT)
