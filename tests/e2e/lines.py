"""A phone of ours and matrix-js-sdk, with an encrypted room of their own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.e2e.jssdk import JsCall, JsClient
from voip.bot.call import Call, CallEnded
from voip.bot.phone import Phone
from voip.media.sounds import Tone

PATIENCE = 30.0


@dataclass
class Line:
    js: JsClient
    phone: Phone
    room_id: str
    rang: asyncio.Queue[Call] = field(default_factory=asyncio.Queue)
    """Calls that rang on our phone."""
    _humming: list[asyncio.Task[None]] = field(default_factory=list)

    @classmethod
    async def connect(cls, js: JsClient, phone: Phone) -> Line:
        """Make the room and wait until both may call in it."""
        room_id = await phone.matrix.direct_room(js.user_id)
        await js.ready(room_id, phone.user_id)
        line = cls(js, phone, room_id)
        phone.on_call = line.rang.put_nowait
        return line

    async def ringing(self) -> Call:
        """The next call that rings on our phone."""
        return await asyncio.wait_for(self.rang.get(), PATIENCE)

    def hum(self, ours: Call) -> None:
        """Sound from us to the end of the call: 50 packets a second, where silence has few."""
        self._humming.append(asyncio.create_task(_hum(ours)))

    async def js_calls(self, *, video: bool = False) -> tuple[JsCall, Call]:
        """matrix-js-sdk calls, and our phone answers."""
        theirs = await self.js.place(self.room_id, self.phone.user_id, video=video)
        ours = await self.ringing()
        await ours.answer()
        await theirs.connected()
        return theirs, ours

    async def we_call(self, *, video: bool = False) -> tuple[JsCall, Call]:
        """Our phone calls, and matrix-js-sdk answers."""
        ours = await self.phone.place(self.room_id, invitee=self.js.user_id, video=video)
        theirs = await self.js.ringing()
        await theirs.answer()
        await ours.established()
        await theirs.connected()
        return theirs, ours


async def _hum(ours: Call) -> None:
    with contextlib.suppress(CallEnded):
        while True:
            await ours.play(Tone(seconds=5))


async def until(what: Callable[[], object]) -> None:
    """Wait until something on our side is so, where nothing tells."""
    async with asyncio.timeout(PATIENCE):
        while not what():  # noqa: ASYNC110  # there is no event to wait for
            await asyncio.sleep(0.05)
