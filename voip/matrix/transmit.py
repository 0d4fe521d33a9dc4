"""One try at sending one event: encrypt where the room is encrypted, PUT, read the answer."""

from __future__ import annotations

from voip.matrix.errors import RequestRefusedError, RoomError, SendRefusedError, ServerTroubleError
from voip.matrix.http import Json, path
from voip.matrix.keys import Keys
from voip.matrix.rooms import Rooms
from voip.matrix.sends import MARK, REDACTION, OutgoingEvent
from voip.matrix.session import Session

TRY_WITHIN = 10.0
"""Seconds of silence after which the same is sent again."""
KNOWN_WITHIN = 10.0
"""Seconds for sync to tell us of a new room: before that we cannot know if it is encrypted."""


class Transmitter:
    """What the send queue calls."""

    def __init__(
        self, session: Session, keys: Keys, rooms: Rooms, *, try_within: float = TRY_WITHIN
    ) -> None:
        self._session = session
        self._keys = keys
        self._rooms = rooms
        self._try_within = try_within

    async def __call__(self, event: OutgoingEvent) -> str:
        """The event id.

        :raises TransientError: try again.
        :raises SendRefusedError: never again.
        """
        try:
            info = await self._rooms.settled(event.room_id, KNOWN_WITHIN)
        except RoomError as error:
            raise SendRefusedError(str(error)) from error
        try:
            answer = await self._put(event, encrypted=info.encrypted)
        except RequestRefusedError as error:
            raise _refused(event, error) from error
        event_id = answer.get("event_id")
        if not isinstance(event_id, str):
            raise ServerTroubleError("The homeserver's answer has no event_id")
        return event_id

    async def _put(self, event: OutgoingEvent, *, encrypted: bool) -> Json:
        type_, content = event.type, dict(event.content)
        if type_ == REDACTION:  # has a path of its own, and is never encrypted
            where = path(
                "rooms", event.room_id, "redact", str(content.pop("redacts")), event.txn_id
            )
            return await self._session.request("PUT", where, body=content, timeout=self._try_within)
        if encrypted:
            type_, content = await self._keys.encrypt(event.room_id, type_, content)
        if event.mark is not None:
            content[MARK] = event.mark
        where = path("rooms", event.room_id, "send", type_, event.txn_id)
        return await self._session.request("PUT", where, body=content, timeout=self._try_within)


def _refused(event: OutgoingEvent, error: RequestRefusedError) -> SendRefusedError:
    what = f"{event.type} in {event.room_id}"
    if error.errcode == "M_FORBIDDEN" or error.status == 403:
        advice = (
            "ask a moderator of the room to let us speak there (power level for events), "
            "or to invite us again."
        )
        return SendRefusedError(f"We may not send {what}: {advice}", error.errcode)
    if error.errcode == "M_TOO_LARGE" or error.status == 413:
        return SendRefusedError(f"{what} is larger than an event may be (64 KiB).", error.errcode)
    return SendRefusedError(f"The homeserver does not take {what} ({error}).", error.errcode)
