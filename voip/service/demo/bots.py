"""The demo's bots, as tasks of this process."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from voip.bot.phone import PhoneSettings
from voip.bot.recorder import RecorderSettings
from voip.bot.runner import BotKind, BotSettings, RunningBot, running_bot
from voip.matrix.settings import MatrixSettings
from voip.media.sounds import Tone
from voip.service.demo.accounts import BOTS, Account


def phone_settings(account: Account, homeserver: str, folder: Path) -> PhoneSettings:
    """A device of an account that keeps everything in ``folder``."""
    matrix = MatrixSettings(
        homeserver=homeserver,
        user_id=account.user_id,
        data_dir=folder / "matrix",
        password=account.password,
        device_name="demo",
    )
    return PhoneSettings(matrix=matrix, data_dir=folder, name=account.localpart)


def can_speak() -> bool:
    """Whether the speech extra is installed."""
    return importlib.util.find_spec("espeakng_loader") is not None


def recorder_settings() -> RecorderSettings:
    """As shipped, but with a tone for an announcement where there is no speech."""
    return RecorderSettings() if can_speak() else RecorderSettings(announcement=Tone(660, 0.8))


@asynccontextmanager
async def running_bots(
    accounts: dict[str, Account], homeserver: str, folder: Path, recorder: RecorderSettings
) -> AsyncIterator[list[asyncio.Task[None]]]:
    """All bots, logged in and answering; each task lasts until its bot fails or we stop it.

    :raises MatrixError: a bot cannot log in.
    """
    async with AsyncExitStack() as stack:
        tasks = []
        for name in BOTS:
            settings = BotSettings(
                phone=phone_settings(accounts[name], homeserver, folder / name),
                bot=BotKind(name),
                recorder=recorder,
            )
            bot = await stack.enter_async_context(running_bot(settings))
            tasks.append(asyncio.create_task(bot.phone.run(), name=f"{name} bot"))
            stack.push_async_callback(stop, tasks[-1])
            await _ready(bot, tasks[-1])
        yield tasks


async def _ready(bot: RunningBot, running: asyncio.Task[None]) -> None:
    """Wait until the bot hears calls; raises what ended it before."""
    ready = asyncio.create_task(bot.phone.matrix.ready())
    try:
        await asyncio.wait({ready, running}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
    finally:
        ready.cancel()


async def stop(task: asyncio.Task[None]) -> None:
    """Whoever watches the task is told of its failure; here it only has to end."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await task
