"""A Matrix edge without a homeserver: what it is asked to send is taken at once.

It takes the place of `voip.matrix.edge.MatrixEdge` in the process of a bot, so that nothing but the
bot is measured: signalling, journal, media, flow, outbox. Each call is from somebody else, in a
room of its own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from voip.matrix.files import MediaFile
from voip.matrix.sends import OutgoingEvent
from voip.matrix.settings import MatrixSettings
from voip.signalling.content import Answer, CallContent, Hangup, Invite, SelectAnswer
from voip.signalling.events import Received, RemoteEvent, SyncComplete

DEVICE = "BOT"
PHONE = "PHONE"
"""The party of each caller."""
LIFETIME = 60.0


class NoHomeserver:
    """Has the methods and fields of MatrixEdge that a bot uses."""

    def __init__(self, settings: MatrixSettings, deliver: Callable[[RemoteEvent], None]) -> None:
        self._deliver = deliver
        self.user_id, self.device_id = settings.user_id, DEVICE
        self.turn = SimpleNamespace(reason="there is no homeserver")
        self.on_new_device = self.on_room_event = None
        self.posted: dict[str, Path] = {}
        """The recording that was posted into each room."""
        self._answers: dict[str, asyncio.Future[str]] = {}
        self._events = 0

    async def start(self) -> None:
        pass

    async def run(self) -> None:
        await asyncio.get_running_loop().create_future()

    async def ready(self) -> None:
        self._deliver(SyncComplete())

    async def aclose(self) -> None:
        pass

    # --- the callers ---

    async def call(self, number: int, offer: str) -> tuple[str, float]:
        """An invite comes in; gives the answer to it, and when the invite came (Unix time)."""
        room_id = room_of(number)
        answer = self._answers[room_id] = asyncio.get_running_loop().create_future()
        at = time.time()
        self._from_caller(
            number, Invite(call_id=str(number), party_id=PHONE, offer=offer, lifetime=LIFETIME)
        )
        self._deliver(SyncComplete())
        return await answer, at

    def hang_up(self, number: int) -> None:
        self._from_caller(number, Hangup(call_id=str(number), party_id=PHONE))

    def _from_caller(self, number: int, content: CallContent) -> None:
        self._events += 1
        self._deliver(
            Received(
                room_of(number),
                f"${self._events}",
                f"@caller-{number}:example.org",
                content.event_type,
                content.to_wire(),
                age=0.0,
            )
        )

    # --- what the bot asks ---

    async def send(self, event: OutgoingEvent) -> str:
        self._events += 1
        answer = self._answers.pop(event.room_id, None) if event.type == Answer.event_type else None
        if answer is not None:
            description: Any = event.content["answer"]
            answer.set_result(description["sdp"])
            number = int(str(event.content["call_id"]))
            selects = SelectAnswer(
                call_id=str(number),
                party_id=PHONE,
                selected_party_id=str(event.content["party_id"]),
            )
            # Not before the bot knows that its answer is sent, as with a homeserver.
            asyncio.get_running_loop().call_soon(self._from_caller, number, selects)
        return f"${self._events}"

    async def post_text(self, room_id: str, body: str, txn_id: str) -> str:
        return f"${txn_id}"

    async def upload(self, room_id: str, file: MediaFile, within: float) -> dict[str, Any]:
        self.posted[room_id] = file.path
        return {"msgtype": "m.audio", "body": file.name}

    async def post(self, room_id: str, content: object, txn_id: str, deadline: float) -> str:
        return f"${txn_id}"

    async def find_posted(self, room_id: str, txn_id: str, since: float) -> str | None:
        return None

    async def redact(
        self, room_id: str, event_id: str, reason: str, txn_id: str, deadline: float
    ) -> str:
        return f"${txn_id}"

    async def ice_servers(self) -> list[Any]:
        return []

    def room_info(self, room_id: str) -> None:
        return None


def room_of(number: int) -> str:
    return f"!{number}:example.org"
