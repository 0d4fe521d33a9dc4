"""What a crash leaves is cleared up on the next start: hung up, repaired, posted once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from tests.bot.conftest import Exchange, browser_invite, eventually, posts
from tests.matrix.conftest import Person
from tests.media.audio import RATE, SENTENCE, decode, speech
from voip.bot.phone import PhoneSettings
from voip.bot.runner import BotSettings, running_bot
from voip.media.sounds import Speech
from voip.service.demo.likeness import likeness
from voip.signalling.commands import By
from voip.signalling.ids import CallKey
from voip.store.journal import Journal
from voip.store.records import Direction, JournaledCall
from voip.store.traces import list_traces


async def start_bot(settings: PhoneSettings) -> Process:
    """`voip bot` as an operator runs it; returns when it says that it is ready."""
    password = settings.matrix.password
    assert password is not None
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("voip")),
        "bot",
        env=os.environ
        | {
            "VOIP_HOMESERVER": settings.matrix.homeserver,
            "VOIP_USER_ID": settings.matrix.user_id,
            "VOIP_PASSWORD": password,
            "VOIP_DATA_DIR": str(settings.data_dir),
            "VOIP_BOT": "recorder",
            "VOIP_ANNOUNCEMENT": "Hi.",
        },
        cwd=settings.data_dir.parent,
        stdout=PIPE,
    )
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 30)
    assert line.startswith(b"ready: "), line
    return process


async def end(process: Process, how: signal.Signals) -> None:
    if process.returncode is None:
        process.send_signal(how)
    await asyncio.wait_for(process.communicate(), 30)


async def test_a_killed_bot_hangs_up_and_posts_when_it_comes_back(
    exchange: Exchange, tmp_path: Path
) -> None:
    settings = exchange.settings("bot")
    alice = await exchange.phone()
    bot = await start_bot(settings)
    try:
        room = await alice.matrix.direct_room(settings.matrix.user_id)
        call = await alice.place(room, invitee=settings.matrix.user_id)
        await call.established()
        await asyncio.sleep(2.5)  # the announcement and the tone
        await call.play(Speech(SENTENCE))
    finally:
        await end(bot, signal.SIGKILL)
    (folder,) = (settings.data_dir / "recordings").iterdir()
    assert json.loads((folder / "call.json").read_text())["end"] is None
    assert call.end is None

    bot = await start_bot(settings)
    try:
        ended = await asyncio.wait_for(call.closed(), 30)
        assert ended.by is By.PEER
        assert ended.wire_reason == "unknown_error"
        (message,) = await posts(alice, room)
        heard = await alice.matrix.download(message.content, tmp_path / "heard.ogg")
        # At most the last second is gone, and the sentence's end with it.
        assert likeness(speech()[: -2 * RATE], RATE, decode(heard), RATE) > 0.8

        async def told() -> bool:
            return bool(json.loads((folder / "call.json").read_text())["tracks"][0]["event_id"])

        await eventually(told)
        kept = json.loads((folder / "call.json").read_text())
        assert kept["end"]["reason"] == "crashed"
        assert kept["tracks"][0]["ended"] == "repaired"
        (trace,) = list_traces(settings.data_dir / "traces")
        assert trace.id == kept["id"]
        assert kept["tracks"][0]["event_id"] == message.event_id
    finally:
        await end(bot, signal.SIGTERM)
    assert bot.returncode == 0

    bot = await start_bot(settings)  # and once more: nothing is left to do
    await end(bot, signal.SIGTERM)
    assert len(await posts(alice, room)) == 1


async def test_a_call_that_died_does_not_ring_again(exchange: Exchange, eve: Person) -> None:
    """The process died before it had kept its place in the sync: the invite comes once more."""
    settings = BotSettings(exchange.settings("bot"))
    async with running_bot(settings) as bot:
        them = bot.phone.user_id
        room = await eve.edge.direct_room(them)
    journal = await Journal.open(settings.phone.data_dir / "journal.db")
    await journal.call_began(
        JournaledCall(CallKey(room, "again"), "BOT", Direction.INBOUND, eve.user.user_id, "bot")
    )
    await journal.close()
    await eve.say(room, "m.call.invite", browser_invite("again"))
    async with running_bot(settings) as bot:
        await eve.say(room, "m.call.invite", browser_invite("next"))

        async def next_rings() -> bool:
            return "next" in calls(eve, "m.call.answer")

        await eventually(next_rings)
        assert calls(eve, "m.call.answer") == ["next"]
        assert calls(eve, "m.call.hangup") == ["again"]


def calls(eve: Person, type_: str) -> list[object]:
    return [one.content["call_id"] for one in eve.calls() if one.type == type_]
