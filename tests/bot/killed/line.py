"""A bot's process that is killed and started again, and somebody who calls it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import sys
import wave
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import av

from tests.bot.conftest import ROOT, eventually
from tests.bot.killed.points import ORDER, Point
from tests.media.audio import RATE, decode
from voip.bot.ending import CallEnded
from voip.bot.phone import Phone, PhoneSettings
from voip.matrix.history import Message
from voip.media.sounds import Tone

PATIENCE = 30.0
SAYS = 2.2
"""Seconds of the caller's tone."""
LIVE = "SELECT count(*) FROM live_call"
WAITS = "SELECT count(*) FROM entry WHERE state = 'waiting'"
POSTED = "SELECT count(*) FROM entry WHERE kind = 'post' AND state = 'done'"


class Line:
    """One account of a bot, one caller, one encrypted room; call after call."""

    def __init__(self, settings: PhoneSettings, alice: Phone) -> None:
        self.settings, self.alice = settings, alice
        self.user_id = settings.matrix.user_id
        self.data = settings.data_dir
        self.recordings = self.data / "recordings"
        self._folder = self.data.parent
        self._process: Process | None = None
        self._talking: asyncio.Task[None] | None = None
        self._read: set[str] = set()
        self._files, self._posted = self.files, 0
        """Before this call."""

    @property
    def files(self) -> set[Path]:
        """Of sound, whole or not."""
        return set(self.recordings.glob("*/audio*.ogg"))

    async def begin(self) -> None:
        """The bot runs, and nothing of another call is left, also where that one went wrong."""
        (self._folder / ORDER).unlink(missing_ok=True)
        if self._talking is not None and not self._talking.done():
            self._talking.cancel()
            await asyncio.gather(self._talking, return_exceptions=True)
            await self.kill()
        await self.start()
        await self.news()
        self._files, self._posted = self.files, count(self._outbox, POSTED)

    async def start(self) -> None:
        """As an operator does, unless it runs; returns when it says that it is ready."""
        if self._process is not None and self._process.returncode is None:
            return
        with (self._folder / "bot.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.bot.killed.killed_bot",
                env=self._environment(),
                cwd=self._folder,
                stdout=PIPE,
                stderr=log,
            )
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), PATIENCE)
        assert line.startswith(b"ready: "), line

    async def end(self) -> int:
        """By SIGTERM; its status."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
        return await asyncio.wait_for(self._process.wait(), PATIENCE)

    async def kill(self) -> None:
        """Where `end` has not ended it."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def killed_at(self, point: Point) -> None:
        """In a call, which may go on."""
        (self._folder / ORDER).write_text(point.name)
        assert self._process is not None
        self._talking = asyncio.create_task(self._call())
        assert await asyncio.wait_for(self._process.wait(), PATIENCE) == -signal.SIGKILL
        (self._folder / ORDER).unlink()
        assert count(self.data / "journal.db", LIVE) <= 1

    async def over(self) -> None:
        """For the caller."""
        assert self._talking is not None
        await asyncio.wait_for(self._talking, PATIENCE)

    @property
    def new_files(self) -> set[Path]:
        return self.files - self._files

    async def settled(self) -> None:
        """Nothing waits, and every file of sound is posted."""

        async def posted() -> bool:
            new = count(self._outbox, POSTED) - self._posted
            return count(self._outbox, WAITS) == 0 and new == len(self.new_files)

        await eventually(posted)

    async def news(self) -> list[Message]:
        """What the caller reads in the room that was not there before."""
        room = await self.alice.matrix.direct_room(self.user_id)
        messages = await self.alice.matrix.recent_messages(room)
        new = [one for one in messages if one.event_id not in self._read]
        self._read |= {one.event_id for one in new}
        return new

    @property
    def _outbox(self) -> Path:
        return self.data / "outbox.db"

    async def _call(self) -> None:
        """Speak when the recording has begun, then hang up; the bot may be gone at any time."""
        folders = set(self.recordings.glob("*/call.json"))
        room = await self.alice.matrix.direct_room(self.user_id)
        call = await self.alice.place(room, invitee=self.user_id)

        async def recording() -> bool:
            return call.end is not None or set(self.recordings.glob("*/call.json")) > folders

        try:
            await call.established()
            await eventually(recording)
            await call.play(Tone(seconds=SAYS))
        except CallEnded:
            pass
        finally:
            call.hang_up()
        await call.closed()

    def _environment(self) -> dict[str, str]:
        greeting = self._folder / "greeting.wav"
        with wave.open(str(greeting), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(bytes(1600))
        return os.environ | {
            "PYTHONPATH": str(ROOT),
            "VOIP_HOMESERVER": self.settings.matrix.homeserver,
            "VOIP_USER_ID": self.user_id,
            "VOIP_PASSWORD": self.settings.matrix.password or "",
            "VOIP_DATA_DIR": str(self.data),
            "VOIP_ANNOUNCEMENT": str(greeting),
        }


def seconds_in(file: Path) -> float:
    """As a kill left it."""
    with contextlib.suppress(av.FFmpegError):  # nothing in it yet
        return len(decode(file)) / RATE
    return 0.0


def count(database: Path, query: str) -> int:
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        (number,) = connection.execute(query).fetchone()
    return int(number)
