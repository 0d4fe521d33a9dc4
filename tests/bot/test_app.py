"""A bot as its author writes it, on the real homeserver, with a real caller."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import pytest

import voip.bot
from tests.bot.conftest import Exchange, program
from tests.bot.test_conversation import PATIENCE, answering, until
from voip.bot import AnsweredBy, Bot, Call, CallEnded, EndReason, Speech
from voip.bot.caller import CallOrder, place_call
from voip.bot.runner import BotSettings
from voip.service.running import Exit

ROOT = Path(__file__).parents[2]
MINE = """
from voip.bot import Bot, Call

bot = Bot()


@bot.on_call
async def greet(call: Call) -> None:
    await call.answer()
    await call.say("Hello.")


bot.main()
"""


def test_every_name_of_the_package_is_there() -> None:
    assert all(getattr(voip.bot, name) is not None for name in voip.bot.__all__)
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = voip.bot.nothing_of_the_kind


def test_a_second_flow_and_a_bot_that_does_not_run_say_so() -> None:
    bot = Bot()

    @bot.on_call
    async def flow(call: Call) -> None:
        """Does nothing."""

    with pytest.raises(ValueError, match="one flow"):
        bot.on_call(flow)
    with pytest.raises(RuntimeError, match="does not run"):
        _ = bot.user_id


async def test_a_file_of_ten_lines_is_a_bot(exchange: Exchange, tmp_path: Path) -> None:
    settings = exchange.settings("bot").matrix
    mine = tmp_path / "my_bot.py"
    mine.write_text(MINE)
    process = await program(mine, settings, tmp_path)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            assert f"ready: {settings.user_id}".encode() in await process.stdout.readline()
        report = await place_call(await exchange.phone(), CallOrder(settings.user_id))
        assert report.ok, report.reason
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            assert await process.wait() == Exit.DONE
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_without_settings_it_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "my_bot.py").write_text(MINE)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "my_bot.py",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        stderr=asyncio.subprocess.PIPE,
        cwd=tmp_path,
    )
    _, told = await process.communicate()
    assert process.returncode == Exit.WRONG_INPUT
    assert b"VOIP_USER_ID" in told
    assert b"Traceback" not in told


async def test_a_flow_asks_and_the_caller_presses(exchange: Exchange) -> None:
    bot = Bot(BotSettings(exchange.settings("bot")))
    answers: asyncio.Queue[str] = asyncio.Queue()
    known = []

    @bot.on_call
    async def flow(call: Call) -> None:
        await call.ring(0.5)
        await call.answer()
        known.append(await call.who())
        answers.put_nowait(await call.gather(digits=3, prompt="Your number, please.", timeout=10))

    async with bot, asyncio.timeout(PATIENCE):
        alice = await exchange.phone()
        room = await alice.matrix.direct_room(bot.user_id)
        call = await alice.place(room, invitee=bot.user_id)
        await call.established()
        with contextlib.suppress(CallEnded):  # by the flow, while the last key still sounds
            await call.send_digits("42#")
        assert await answers.get() == "42"
        assert (await call.ended()).reason is EndReason.HANGUP
        (who,) = known
        assert (who.user_id, who.encrypted, who.verified) == (alice.user_id, True, True)


@pytest.mark.long
async def test_a_bot_calls_out_and_tells_a_person_from_a_machine(exchange: Exchange) -> None:
    bot = Bot(BotSettings(exchange.settings("bot")))
    bob = await exchange.phone("bob")
    async with bot, asyncio.timeout(PATIENCE * 2):
        for says, expected in (
            ("Hello?", AnsweredBy.PERSON),
            ("You have reached the voice mail of Bob. Leave a message.", AnsweredBy.MACHINE),
        ):
            theirs = answering(bob)
            async with bot.call(bob.user_id) as call:
                await call.established()
                bobs = await theirs
                speaking = asyncio.create_task(bobs.play(Speech(says)))
                assert await call.answered_by() is expected
            await bobs.ended()
            await asyncio.gather(speaking, return_exceptions=True)
        await until(lambda: not bot.phone._calls)
