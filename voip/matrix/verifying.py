"""Emoji verification, asked for in a room or at our device: waits for one request, and carries it
through.

Clients ask in a room where a person is to be verified, and at a device where that is. What comes is
an event of either kind: `type`, `sender`, `content`, and in a room `room_id` and `event_id`.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from voip.matrix.cross_signing import PublicIdentity
from voip.matrix.errors import IdentityError
from voip.matrix.http import Json, path
from voip.matrix.machine import Machine
from voip.matrix.sas import PREFIX, Send, Stage, Us, Verification, is_fresh, transaction_of
from voip.matrix.session import Session

WAITING_AT_MOST: Final = 100
"""Events that wait to be looked at."""

Compare = Callable[[Verification], Awaitable[bool]]
SendInRoom = Callable[[str, str, Json], Awaitable[object]]
"""Room, type, content."""


class Verifier:
    """`take` is given every verification event of a sync response; `run` goes through one."""

    def __init__(self, session: Session, machine: Machine, send_in_room: SendInRoom) -> None:
        self._session, self._machine = session, machine
        self._send_in_room = send_in_room
        self._events: asyncio.Queue[Json] | None = None

    def take(self, event: Json) -> None:
        """Only while somebody waits: nobody else would compare anything."""
        if self._events is not None and self._events.qsize() < WAITING_AT_MOST:
            self._events.put_nowait(event)

    async def run(self, user_id: str | None, compare: Compare) -> Verification:
        """Wait for a request (by this person, or by anybody), show the emoji to `compare`, which
        says whether they are the same, and finish; returns it DONE or CANCELLED.

        :raises IdentityError: our device is not signed, so there is nothing to be verified.
        :raises MatrixError: the homeserver could not be asked.
        """
        self._events = asyncio.Queue()
        try:
            event = await self._requested(self._events, user_id)
            verification = await self._made(event)
            room_id = event.get("room_id")
            await self._carry_out(verification, room_id, self._events, compare)
            return verification
        finally:
            self._events = None

    async def _requested(self, events: asyncio.Queue[Json], user_id: str | None) -> Json:
        while True:
            event = await events.get()
            content, sender = event.get("content"), event.get("sender")
            if event.get("type") != f"{PREFIX}request" or not isinstance(content, dict):
                continue
            if user_id not in {None, sender} or not isinstance(sender, str):
                continue
            if "room_id" in event and content.get("to") != self._session.user_id:
                continue
            if is_fresh(content, round(time.time() * 1000)):
                return event

    async def _made(self, event: Json) -> Verification:
        sender, request = event["sender"], event["content"]
        ours = self._session.user_id
        body: Json = {"device_keys": {ours: [], sender: []}}
        answer = await self._session.request("POST", path("keys", "query"), body=body)
        identity = PublicIdentity.of(answer, ours)
        if identity is None:
            raise IdentityError("The account has no signing keys yet: start the bot once.")
        keys = await self._machine.run(self._machine.state.identity_keys)
        device_id = self._session.device_id
        us = Us(
            ours,
            device_id,
            {
                f"ed25519:{device_id}": keys["ed25519"],
                f"ed25519:{identity.master}": identity.master,
            },
        )
        return Verification(
            us,
            sender,
            request,
            lambda device: _shown(answer, sender, device),
            event.get("event_id") if "room_id" in event else None,
        )

    async def _carry_out(
        self,
        verification: Verification,
        room_id: str | None,
        events: asyncio.Queue[Json],
        compare: Compare,
    ) -> None:
        await self._send(verification, room_id, verification.ready())
        looking: asyncio.Task[bool] | None = None
        try:
            while verification.stage not in {Stage.DONE, Stage.CANCELLED}:
                coming = asyncio.create_task(events.get())
                waiting: set[asyncio.Task[Json] | asyncio.Task[bool]] = {coming}
                if looking is not None:
                    waiting.add(looking)
                try:
                    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    if not coming.done():
                        coming.cancel()
                if looking is not None and looking.done():
                    same, looking = looking.result(), None
                    sends = verification.confirm() if same else verification.refuse()
                    await self._send(verification, room_id, sends)
                if coming.done() and not coming.cancelled():
                    await self._receive(verification, room_id, coming.result())
                if verification.stage is Stage.COMPARING and looking is None:
                    looking = asyncio.create_task(_ask(compare, verification))
        finally:
            if looking is not None:
                looking.cancel()
                await asyncio.gather(looking, return_exceptions=True)

    async def _receive(self, verification: Verification, room_id: str | None, event: Json) -> None:
        content, kind = event.get("content"), str(event.get("type"))
        if event.get("sender") != verification.user_id or not isinstance(content, dict):
            return
        if event.get("room_id") != room_id:
            return
        if transaction_of(content) == verification.transaction_id:
            sends = verification.receive(kind.removeprefix(PREFIX), content)
            await self._send(verification, room_id, sends)

    async def _send(
        self, verification: Verification, room_id: str | None, sends: list[Send]
    ) -> None:
        for kind, content in sends:
            if room_id is not None:
                await self._send_in_room(room_id, f"{PREFIX}{kind}", content)
                continue
            where = path("sendToDevice", f"{PREFIX}{kind}", uuid.uuid4().hex)
            body = {"messages": {verification.user_id: {verification.device_id: content}}}
            await self._session.request("PUT", where, body=body)


async def _ask(compare: Compare, verification: Verification) -> bool:
    return await compare(verification)


def _shown(answer: Json, user_id: str, device_id: str) -> Mapping[str, str]:
    """What the homeserver shows of a person's device and of their identity."""
    devices = answer.get("device_keys", {}).get(user_id, {})
    keys = devices.get(device_id, {}).get("keys", {})
    name = f"ed25519:{device_id}"
    found = {name: keys[name]} if isinstance(keys.get(name), str) else {}
    identity = PublicIdentity.of(answer, user_id)
    return found if identity is None else found | {f"ed25519:{identity.master}": identity.master}
