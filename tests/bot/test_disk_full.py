"""A whole bot on a disk that fills up in the middle of a call: what was recorded stays, other calls
go on, health says so; when there is room again, all is as before."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bot.conftest import SHORT, Exchange, eventually, posts
from tests.media.audio import RATE, decode
from tests.small_disks import fill, small_disk_at
from voip.bot.call import Call
from voip.bot.ending import CallEnded
from voip.bot.phone import Phone
from voip.bot.recorder import recorder
from voip.bot.runner import RunningBot
from voip.media.sounds import Tone
from voip.service.health import facts_of, judge
from voip.signalling.commands import By

MEGABYTES = 24
"""What the stores of keys, calls and sync take, and some."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """The bot's data folder, see `Exchange.settings`."""
    with small_disk_at(tmp_path / "bot", MEGABYTES) as folder:
        yield folder


async def reception(call: Call) -> None:
    """Whoever rings without a camera is recorded; with one, there is only talk."""
    if call.video:
        await call.answer()
        await call.ended()
    else:
        await recorder(call, SHORT, call.policy)


async def calls(phone: Phone, bot: RunningBot, *, video: bool = False) -> Call:
    room = await phone.matrix.direct_room(bot.phone.user_id)
    call = await phone.place(room, invitee=bot.phone.user_id, video=video)
    await call.established()
    return call


async def speak(call: Call) -> None:
    """Until it ends."""
    with contextlib.suppress(CallEnded):
        await call.play(Tone(seconds=60))


def sizes(disk: Path) -> list[int]:
    return [one.stat().st_size for one in disk.glob("recordings/*/audio.ogg")]


def files(disk: Path) -> list[Any]:
    return [json.loads(one.read_text()) for one in disk.glob("recordings/*/call.json")]


def ends(file: Any) -> list[str]:
    return [track["ended"] for track in file["tracks"]]


@pytest.mark.long
async def test_the_disk_fills_up_in_a_call(
    small_disk: Path, exchange: Exchange, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bot = await exchange.bot(flow=reception)
    alice, bob = await exchange.phone(), await exchange.phone("bob")
    talk = await calls(bob, bot, video=True)
    call = await calls(alice, bot)
    speaking = asyncio.create_task(speak(call))

    async def recorded() -> bool:
        return max(sizes(small_disk), default=0) > 8_000

    await eventually(recorded)
    ballast = fill(small_disk, 0)
    await asyncio.wait_for(speaking, 30)
    ended = await call.closed()
    assert ended.by is By.PEER
    health = judge(await facts_of(bot))
    assert not health.ok
    assert {check.name for check in health.checks if not check.ok} == {"disk", "store"}
    assert talk.end is None

    again = await calls(alice, bot)  # it rings and is answered, and cannot be recorded
    assert (await asyncio.wait_for(again.closed(), 30)).by is By.PEER
    assert talk.end is None

    ballast.unlink()
    (post,) = await posts(alice, call.room_id)
    heard = await alice.matrix.download(post.content, tmp_path / "heard.ogg")
    assert len(decode(heard)) / RATE > 1

    async def written() -> bool:
        """The last of both calls, which waited for space."""
        return [ends(one) for one in files(small_disk)] == [["disk_full"], ["disk_full"]]

    await eventually(written)
    await asyncio.wait_for(talk.play(Tone(seconds=0.2)), 10)
    talk.hang_up()
    third = await calls(alice, bot)
    await third.play(Tone(seconds=1))
    third.hang_up()
    assert len(await posts(alice, call.room_id, 2)) == 2, "and none of the one that has no byte"
    assert judge(await facts_of(bot)).checks[2].ok
