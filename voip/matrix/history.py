"""Reading back what was said in a room: people's messages, which sync does not bring us."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from voip.matrix.decryption import Opened
from voip.matrix.errors import HistoryTooLongError
from voip.matrix.http import Json, path
from voip.matrix.machine import Machine
from voip.matrix.sends import MARK
from voip.matrix.session import Session
from voip.matrix.timeline import ENCRYPTED, is_encrypted, is_event

MESSAGE = "m.room.message"
PAGE = 100
MAX_PAGES = 50


@dataclass(frozen=True, slots=True)
class Message:
    """One `m.room.message`."""

    event_id: str
    sender: str
    content: Mapping[str, object] = field(repr=False)
    encrypted: bool
    from_backup: bool = False
    """Read with a key from the backup: nothing proves who sent it."""


FromBackup: TypeAlias = Callable[[str, Json], Awaitable[tuple[str, Json] | None]]


async def recent_messages(
    session: Session, machine: Machine, room_id: str, limit: int, from_backup: FromBackup
) -> list[Message]:
    """The latest messages, newest first; encrypted ones that cannot be read are left out."""
    params = {
        "dir": "b",
        "limit": str(limit),
        "filter": json.dumps({"types": [MESSAGE, ENCRYPTED]}),
    }
    page = await session.request("GET", path("rooms", room_id, "messages"), params=params)
    events = [event for event in page.get("chunk") or () if is_event(event)]
    hidden = [event for event in events if is_encrypted(event)]
    opened = await machine.decrypt_all([(room_id, event) for event in hidden])
    inside = {event["event_id"]: found for event, found in zip(hidden, opened, strict=True)}
    messages = []
    for event in events:
        found = inside.get(event["event_id"])
        type_, content = event["type"], event["content"]
        old = None
        if isinstance(found, Opened):
            type_, content = found.type, dict(found.content)
        elif found is not None and (old := await from_backup(room_id, event)) is not None:
            type_, content = old
        if type_ == MESSAGE:
            hidden_there = found is not None
            event_id, sender = event["event_id"], event["sender"]
            messages.append(Message(event_id, sender, content, hidden_there, old is not None))
    return messages


async def find_marked(session: Session, room_id: str, mark: str, since: float) -> str | None:
    """The id of the event of ours with this mark; None where there is none since then.

    A mark counts on what we sent alone: anybody may write one.

    :param since: Unix seconds, by the homeserver's clock.
    :raises TransientError: the homeserver cannot be asked now.
    :raises HistoryTooLongError: we have sent too much since to look through.
    """
    wanted = {"types": [MESSAGE, ENCRYPTED], "senders": [session.user_id]}
    params = {"dir": "b", "limit": str(PAGE), "filter": json.dumps(wanted)}
    for _ in range(MAX_PAGES):
        page = await session.request("GET", path("rooms", room_id, "messages"), params=params)
        for event in page.get("chunk") or ():
            if not is_event(event) or event["sender"] != session.user_id:
                continue
            if event["content"].get(MARK) == mark:
                return str(event["event_id"])
            if event.get("origin_server_ts", 0) < since * 1000:
                return None
        end = page.get("end")
        if not isinstance(end, str):  # "If no further events are available, this is not included"
            return None
        params["from"] = end
    raise HistoryTooLongError(
        "Too much was sent into the room since to find out whether it arrived"
    )
