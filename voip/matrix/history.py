"""Reading back what was said in a room: people's messages, which sync does not bring us."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from voip.matrix.decryption import Opened
from voip.matrix.http import path
from voip.matrix.machine import Machine
from voip.matrix.session import Session
from voip.matrix.timeline import ENCRYPTED, is_encrypted, is_event

MESSAGE = "m.room.message"


@dataclass(frozen=True, slots=True)
class Message:
    """One `m.room.message`."""

    event_id: str
    sender: str
    content: Mapping[str, object] = field(repr=False)
    encrypted: bool


async def recent_messages(
    session: Session, machine: Machine, room_id: str, limit: int
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
        if isinstance(found, Opened):
            type_, content = found.type, dict(found.content)
        if type_ == MESSAGE:
            messages.append(Message(event["event_id"], event["sender"], content, found is not None))
    return messages
