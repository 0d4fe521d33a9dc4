"""A bot as its author writes it: flows, and the settings that every bot here has.

bot = Bot()

@bot.on_call
async def greet(call: Call) -> None:
    await call.answer()
    await call.say("Hello.")

bot.main()
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from voip.bot import environment
from voip.bot.call import Call
from voip.bot.dialling import dialled
from voip.bot.flows import Flow
from voip.bot.phone import Phone
from voip.bot.runner import BotSettings, running_bot
from voip.media.realtime import forget_what_stays


class Bot:
    """Answers calls with the flow that `on_call` has marked, and can call out."""

    def __init__(self, settings: BotSettings | Path | None = None) -> None:
        """`settings`: a file, or what is otherwise read from the environment (`VOIP_USER_ID`, …)
        and from `voip.toml` of the working folder, when the bot starts. docs/operation.md lists
        them."""
        self._settings = settings
        self._flow: Flow | None = None
        self._phone: Phone | None = None
        self._open = contextlib.AsyncExitStack()

    def on_call(self, flow: Flow) -> Flow:
        """Mark the flow that answers calls; it is given back as it is. One for each bot: raises
        ValueError for a second one."""
        if self._flow is not None:
            raise ValueError("a bot has one flow for its calls: let it choose what to do")
        self._flow = flow
        return flow

    @property
    def phone(self) -> Phone:
        """Rooms, journal, observers. Raises RuntimeError before the bot runs."""
        if self._phone is None:
            raise RuntimeError("the bot does not run: use it in `async with bot:`, or `bot.run()`")
        return self._phone

    @property
    def user_id(self) -> str:
        return self.phone.user_id

    def call(self, target: str, *, video: bool = False) -> AbstractAsyncContextManager[Call]:
        """Call out: a user (`@…`) in the direct room, which is made where there is none, or a
        room (`!…`, `#…`).

            async with bot.call("@ann:example.org") as call:
                await call.established()
                await call.say("The door bell rings.")

        It rings inside the block, and is hung up when the block is left. What was recorded is
        posted into its room. Raises RoomError.
        """
        return dialled(self.phone, target, video=video)

    async def run(self, on_ready: Callable[[str], None] = lambda user_id: None) -> None:
        """Answer calls until cancelled; `on_ready` is told the user id when it may be called.

        Raises SettingsError with every problem of the settings at once, and what the Matrix edge,
        the store and the media say where the bot cannot start or go on.
        """
        async with self:
            on_ready(self.user_id)
            forget_what_stays()
            await self.phone.run()

    def main(self) -> None:
        """The bot as a whole program: log, signals, and problems in a person's words. Ends the
        process when the bot ends."""
        raise SystemExit(environment.run_program(self.run))

    async def __aenter__(self) -> Self:
        settings = self._settings
        if settings is None or isinstance(settings, Path):
            settings = environment.settings(settings)
        running = await self._open.enter_async_context(running_bot(settings, self._answer))
        self._phone = running.phone
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._open.aclose()
        self._phone = None

    async def _answer(self, call: Call) -> None:
        if self._flow is None:  # a bot that only calls out
            call.reject()
        else:
            await self._flow(call)
