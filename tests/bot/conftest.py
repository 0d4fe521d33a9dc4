"""Phones and bots on the real homeserver."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.conftest import MakeUser
from tests.matrix.conftest import Person
from voip.bot.call import Call
from voip.bot.flows import Flow
from voip.bot.keeping import KeepingSettings
from voip.bot.phone import Phone, PhoneSettings
from voip.bot.recorder import RecorderSettings
from voip.bot.runner import BotKind, BotSettings, RunningBot, running_bot
from voip.bot.trust import Unverified
from voip.matrix.cross_signing import PrivateIdentity
from voip.matrix.history import Message
from voip.matrix.http import Json
from voip.matrix.settings import MatrixSettings
from voip.media.engine import MediaEngine
from voip.media.leg import Leg
from voip.media.settings import MediaSettings
from voip.media.sounds import Tone
from voip.service.demo.synapse import SynapseProcess

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0
OFFER = ROOT / "tests" / "media" / "sdp" / "chromium-audio.sdp"
PLAIN = KeepingSettings()
SHORT = RecorderSettings(announcement=Tone(seconds=0.2), until_silence=1.5, max_seconds=30)


async def program(file: Path, account: MatrixSettings, folder: Path) -> asyncio.subprocess.Process:
    """A bot in a file of its own, started with this account; its data lie in ``folder``."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(file),
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "VOIP_HOMESERVER": account.homeserver,
            "VOIP_USER_ID": account.user_id,
            "VOIP_PASSWORD": account.password or "",
            "VOIP_DATA_DIR": str(folder / "data"),
        },
        stdout=asyncio.subprocess.PIPE,
        cwd=folder,
    )


class Exchange:
    """Gives phones and bots, each with an account of its own, and ends them."""

    def __init__(
        self, synapse: SynapseProcess, make_user: MakeUser, folder: Path, stack: AsyncExitStack
    ) -> None:
        self.homeserver = synapse.url
        self._synapse = synapse
        self._make_user = make_user
        self._folder = folder
        self._stack = stack

    def settings(self, name: str, workers: int = 0) -> PhoneSettings:
        """For a new account; its data is in a folder of that name."""
        user = self._make_user()
        folder = self._folder / name
        matrix = MatrixSettings(
            self.homeserver, user.user_id, folder / "matrix", password=user.password
        )
        return PhoneSettings(matrix, folder, name, MediaSettings(workers=workers))

    async def phone(
        self, name: str = "alice", identity: PrivateIdentity | None = None, workers: int = 0
    ) -> Phone:
        """A phone; `identity`: one that the account has from elsewhere, so we cannot sign it."""
        settings = self.settings(name, workers)
        if identity is not None:
            await asyncio.to_thread(self._publish, settings.matrix, identity)
        return await self._stack.enter_async_context(Phone(settings))

    def _publish(self, matrix: MatrixSettings, identity: PrivateIdentity) -> None:
        client = "/_matrix/client/v3"
        body = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": matrix.user_id},
            "password": matrix.password,
        }
        token = self._synapse.request("POST", f"{client}/login", body)["access_token"]
        keys = identity.upload(matrix.user_id)
        self._synapse.request("POST", f"{client}/keys/device_signing/upload", keys, token=token)

    async def bot(
        self,
        kind: BotKind = BotKind.RECORDER,
        flow: Flow | None = None,
        *,
        recorder: RecorderSettings = SHORT,
        max_calls: int = 50,
        unverified: Unverified = Unverified.ALLOW,
        workers: int = 0,
        keeping: KeepingSettings = PLAIN,
    ) -> RunningBot:
        phone = self.settings("bot", workers)
        settings = BotSettings(phone, kind, recorder, max_calls, unverified, keeping=keeping)
        return await self._stack.enter_async_context(running_bot(settings, flow))


@pytest.fixture
async def exchange(
    synapse: SynapseProcess, make_user: MakeUser, tmp_path: Path
) -> AsyncIterator[Exchange]:
    async with AsyncExitStack() as stack:
        yield Exchange(synapse, make_user, tmp_path, stack)


@pytest.fixture
async def eve(exchange: Exchange, make_user: MakeUser, tmp_path: Path) -> AsyncIterator[Person]:
    """Who sends and sees bare events."""
    user = make_user()
    folder = tmp_path / "eve"
    settings = MatrixSettings(exchange.homeserver, user.user_id, folder, password=user.password)
    person = Person(user, settings)
    await person.start()
    yield person
    await person.stop()


def browser_invite(call_id: str) -> Json:
    """A real browser's, who is never heard of again."""
    return {
        "call_id": call_id,
        "version": "1",
        "party_id": "eve",
        "lifetime": 60_000,
        "offer": {"type": "offer", "sdp": OFFER.read_text()},
    }


def leg_of(call: Call) -> Leg:
    """The media of a call, as they are inside the engine of this process."""
    engine = call._phone.media
    assert isinstance(engine, MediaEngine)
    return engine._calls[call.key]


async def eventually(what: Callable[[], Awaitable[object]], within: float = PATIENCE) -> None:
    """Ask again and again until it is true; other processes give no event to wait for."""
    async with asyncio.timeout(within):
        while not await what():  # noqa: ASYNC110  # there is no event to wait for
            await asyncio.sleep(0.1)


async def posts(
    phone: Phone, room_id: str, count: int = 1, within: float = PATIENCE
) -> list[Message]:
    """The recordings in a room, once there are so many."""
    found: list[Message] = []

    async def enough() -> bool:
        messages = await phone.matrix.recent_messages(room_id)
        found[:] = [m for m in messages if m.content.get("msgtype") in {"m.audio", "m.video"}]
        return len(found) >= count

    await eventually(enough, within)
    return found
