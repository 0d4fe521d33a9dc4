"""Reactions to a message: who has reacted, and one of our own.

They are sent as they are in encrypted rooms too, as clients do: the relation has to be readable for
the homeserver in any case (client-server API, "Aggregations of child events").
"""

from __future__ import annotations

from typing import Any, Final

from voip.matrix.http import Json, escaped, path
from voip.matrix.session import Session

RELATIONS: Final = "/_matrix/client/v1"
"""Where `/relations` is; it is no part of v3."""
AT_MOST: Final = 50


async def reactions(session: Session, room_id: str, event_id: str) -> list[tuple[str, str]]:
    """Who reacted with what, the latest `AT_MOST`. Raises MatrixError."""
    where = escaped("rooms", room_id, "relations", event_id, "m.annotation", "m.reaction")
    answer = await session.request("GET", RELATIONS + where, params={"limit": str(AT_MOST)})
    return read_reactions(answer)


def read_reactions(answer: Json) -> list[tuple[str, str]]:
    """Sender and key of each; what is malformed is left out."""
    found = []
    chunk: Any = answer.get("chunk")
    for event in chunk if isinstance(chunk, list) else ():
        content = event.get("content") if isinstance(event, dict) else None
        relation = content.get("m.relates_to") if isinstance(content, dict) else None
        sender, key = (
            event.get("sender") if isinstance(event, dict) else None,
            relation.get("key") if isinstance(relation, dict) else None,
        )
        if isinstance(sender, str) and isinstance(key, str):
            found.append((sender, key))
    return found


async def react(session: Session, room_id: str, event_id: str, key: str, txn_id: str) -> None:
    """React to a message; the same `txn_id` does so once. Raises MatrixError."""
    relation = {"rel_type": "m.annotation", "event_id": event_id, "key": key}
    where = path("rooms", room_id, "send", "m.reaction", txn_id)
    await session.request("PUT", where, body={"m.relates_to": relation})
