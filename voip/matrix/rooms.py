"""What is known of the rooms we are in, and whose invitations into new ones we accept."""

from __future__ import annotations

import asyncio
import contextlib
import fnmatch
import logging
from collections.abc import Awaitable, Callable, Iterator

from voip.matrix.backoff import until_done
from voip.matrix.errors import MatrixError, RequestRefusedError, RoomError, TransientError
from voip.matrix.http import Json, path
from voip.matrix.nio_state import RoomInfo
from voip.matrix.session import Session
from voip.matrix.timeline import events_of, membership, rooms_of

log = logging.getLogger(__name__)

JOIN_WITHIN = 120.0
"""Seconds of trying to join a room that we were invited to; federation can be slow."""
INVITATION_SETTLES = 15.0
"""Seconds for which a refused join is tried again; see `Rooms.enter`."""
JOINS_AT_MOST = 100
"""Invitations that are being accepted at one time; a flood of more waits for the next sync."""


class Rooms:
    """Fed by each sync response (`take`), asked by everyone."""

    def __init__(self, session: Session, invite_patterns: tuple[str, ...]) -> None:
        self._session = session
        self._patterns = invite_patterns
        self._infos: dict[str, RoomInfo] = {}
        self._joining: dict[str, asyncio.Task[None]] = {}
        self._plain: set[str] = set()
        """Rooms whose state has no encryption; sync tells when one gets it."""
        self._known: list[tuple[str, bool, asyncio.Future[RoomInfo]]] = []
        """(room, only when encrypted, who waits)"""
        self._expected: list[tuple[str, asyncio.Future[None]]] = []
        """Rooms into which somebody said that we will be invited."""
        self._moves: list[tuple[str, str, asyncio.Future[str]]] = []
        self.joined_direct: Callable[[str, str], Awaitable[None]] | None = None
        """Called with (inviter, room) after joining a room that is meant as a direct one."""

    # --- what sync says -----------------------------------------------------------------------

    def take(self, raw: Json, touched: dict[str, RoomInfo]) -> None:
        """Note the changes in a sync response, and begin to join where we are invited."""
        self._infos.update(touched)
        for room_id, encrypted, waiting in self._known:
            info = touched.get(room_id)
            if info is not None and info.encrypted >= encrypted and not waiting.done():
                waiting.set_result(info)
        for room_id in rooms_of(raw, "leave"):
            self._infos.pop(room_id, None)
            self._plain.discard(room_id)
        for room_id, room in rooms_of(raw, "invite").items():
            self._consider(room_id, room)
            for expected, invited in self._expected:
                if expected == room_id and not invited.done():
                    invited.set_result(None)
        if self._moves:
            for room_id, room in rooms_of(raw, "join").items():
                self._tell_moves(room_id, [*events_of(room, "state"), *events_of(room, "timeline")])

    def _tell_moves(self, room_id: str, events: list[Json]) -> None:
        changes = dict(filter(None, map(membership, events)))
        for watched, user_id, waiting in self._moves:
            value = changes.get(user_id) if watched == room_id else None
            if value in {"join", "leave", "ban"} and not waiting.done():
                waiting.set_result(value)

    # --- what is asked ------------------------------------------------------------------------

    def info(self, room_id: str) -> RoomInfo | None:
        """None where we are not in the room, or sync has not told us of it yet."""
        return self._infos.get(room_id)

    async def known(self, room_id: str, within: float) -> RoomInfo:
        """Wait until sync has told us of a room that we have just joined or made.

        :raises RoomError: we are not in the room, or sync is late by so many seconds.
        """
        if room_id in self._infos:
            return self._infos[room_id]
        entry = room_id, False, asyncio.get_running_loop().create_future()
        self._known.append(entry)
        try:
            if not await self._are_in(room_id):
                raise RoomError(f"We are not in room {room_id}: invite {self._session.user_id}.")
            return await asyncio.wait_for(entry[-1], within)
        except TimeoutError:
            raise RoomError(f"Nothing is known of room {room_id} yet: try again.") from None
        finally:
            self._known.remove(entry)

    async def settled(self, room_id: str, within: float) -> RoomInfo:
        """`known`, for whoever is about to send: never plain where the room's state says otherwise.

        Sync may show a new room event by event, its encryption after its members.

        :raises RoomError: as `known`, or sync does not tell of the encryption in time.
        """
        info = await self.known(room_id, within)
        if info.encrypted or room_id in self._plain:
            return info
        if await self._says_encrypted(room_id):
            return await self.until_encrypted(room_id, within)
        self._plain.add(room_id)
        return self._infos.get(room_id, info)

    async def until_encrypted(self, room_id: str, within: float) -> RoomInfo:
        """Wait until sync has told that a room is encrypted. :raises RoomError: it does not."""
        info = self._infos.get(room_id)
        if info is not None and info.encrypted:
            return info
        entry = room_id, True, asyncio.get_running_loop().create_future()
        self._known.append(entry)
        try:
            return await asyncio.wait_for(entry[-1], within)
        except TimeoutError:
            raise RoomError(
                f"Room {room_id} is encrypted, and sync does not say so: try again."
            ) from None
        finally:
            self._known.remove(entry)

    async def _says_encrypted(self, room_id: str) -> bool:
        where = path("rooms", room_id, "state", "m.room.encryption")
        try:
            await self._session.request("GET", where)
        except RequestRefusedError as error:
            if error.status == 404:
                return False
            raise RoomError(f"We are not in room {room_id} any more: invite us again.") from error
        return True

    async def _are_in(self, room_id: str) -> bool:
        where = path("rooms", room_id, "state", "m.room.member", self._session.user_id)
        try:
            content = await self._session.request("GET", where)
        except RequestRefusedError:
            return False
        return content.get("membership") == "join"

    async def joined(self, room_id: str, user_id: str, within: float) -> bool:
        """Wait until a person is in the room. False: they declined, or time is over."""
        moved: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        entry = room_id, user_id, moved
        self._moves.append(entry)  # before asking, so that no move falls between
        try:
            if user_id in await self.members(room_id):
                return True
            return await asyncio.wait_for(moved, within) == "join"
        except TimeoutError:
            return False
        finally:
            self._moves.remove(entry)

    async def members(self, room_id: str) -> dict[str, str]:
        """User id → display name (the id where there is none) of those who are in the room."""
        answer = await self._session.request("GET", path("rooms", room_id, "joined_members"))
        joined = answer.get("joined")
        names = {}
        for user_id, profile in joined.items() if isinstance(joined, dict) else ():
            name = profile.get("display_name") if isinstance(profile, dict) else None
            names[user_id] = name if isinstance(name, str) and name else user_id
        return names

    @contextlib.contextmanager
    def expecting(self, room_id: str) -> Iterator[asyncio.Future[None]]:
        """Done when an invitation into this room comes, whoever invites us."""
        invited: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._expected.append((room_id, invited))
        try:
            yield invited
        finally:
            self._expected.remove((room_id, invited))

    # --- invitations --------------------------------------------------------------------------

    def _consider(self, room_id: str, room: object) -> None:
        inviter, direct = _invitation(room, self._session.user_id)
        if inviter is None or room_id in self._joining:
            return
        if not any(fnmatch.fnmatchcase(inviter, pattern) for pattern in self._patterns):
            log.info("Left an invitation by %s alone: not on the allow-list", inviter)
        elif len(self._joining) < JOINS_AT_MOST:
            task = asyncio.create_task(self._join(room_id, inviter if direct else None))
            self._joining[room_id] = task
            task.add_done_callback(lambda _: self._joining.pop(room_id, None))

    async def _join(self, room_id: str, direct_with: str | None) -> None:
        try:
            await self.enter(room_id)
            if direct_with is not None and self.joined_direct is not None:
                await self.joined_direct(direct_with, room_id)
        except MatrixError as error:
            log.warning("A room we were invited to could not be joined: %s", error)

    async def enter(self, room_id: str) -> None:
        """Join a room that we were invited to. :raises MatrixError: that is refused, or takes too
        long.
        """
        clock = asyncio.get_running_loop().time
        settled = clock() + INVITATION_SETTLES

        async def join() -> None:
            try:
                await self._session.request("POST", path("rooms", room_id, "join"), body={})
            except RequestRefusedError as error:
                # The inviter's homeserver takes an invitation into its room only when ours has
                # signed it (server-server API, "Inviting to a room"), and by then we know of it.
                if error.errcode == "M_FORBIDDEN" and clock() < settled:
                    raise TransientError(str(error)) from error
                raise

        await until_done(join, JOIN_WITHIN)

    async def aclose(self) -> None:
        tasks = list(self._joining.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _invitation(room: object, our_id: str) -> tuple[str | None, bool]:
    """Who invited us, and if to a direct room, by the member event in the stripped state."""
    stripped = room.get("invite_state") if isinstance(room, dict) else None
    events = stripped.get("events") if isinstance(stripped, dict) else None
    for event in events if isinstance(events, list) else ():
        # Stripped events have no event_id, so they are no full events.
        if isinstance(event, dict) and isinstance(event.get("content"), dict):
            sender, key = event.get("sender"), event.get("state_key")
            invited = event["content"].get("membership") == "invite"
            if event.get("type") == "m.room.member" and key == our_id and invited:
                direct = event["content"].get("is_direct") is True
                return (sender if isinstance(sender, str) else None), direct
    return None, False
