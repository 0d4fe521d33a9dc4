"""Shipped bots on the real homeserver, whose callers are phones in encrypted rooms."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.bot.conftest import Exchange
from tests.conftest import MakeUser
from voip.bot.call import Call
from voip.bot.phone import Phone, PhoneSettings
from voip.bot.runner import BotKind, BotSettings, RunningBot, running_bot
from voip.service.demo.synapse import SynapseProcess


class Shipping:
    """Runs a shipped bot with a file of its own, and calls it."""

    def __init__(self, exchange: Exchange, folder: Path, stack: AsyncExitStack) -> None:
        self.exchange = exchange
        self._folder = folder
        self._stack = stack

    async def bot(
        self, kind: BotKind, file: str | None = None, account: PhoneSettings | None = None
    ) -> RunningBot:
        path = None
        if file is not None:
            path = self._folder / f"{kind.value}.toml"
            path.write_text(file)
        settings = BotSettings(account or self.exchange.settings("bot"), kind, file=path)
        return await self._stack.enter_async_context(running_bot(settings))

    async def call(self, phone: Phone, bot: RunningBot) -> Call:
        """Connected, in an encrypted room."""
        room = await phone.matrix.direct_room(bot.phone.user_id)
        call = await phone.place(room, invitee=bot.phone.user_id)
        await call.established()
        info = phone.matrix.room_info(room)
        assert info is not None
        assert info.encrypted
        return call


@pytest.fixture
async def shipping(
    synapse: SynapseProcess, make_user: MakeUser, tmp_path: Path
) -> AsyncIterator[Shipping]:
    async with AsyncExitStack() as stack:
        exchange = Exchange(synapse, make_user, tmp_path, stack)
        yield Shipping(exchange, tmp_path, stack)
