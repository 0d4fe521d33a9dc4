"""The examples do what they say."""

from __future__ import annotations

import asyncio
import runpy
from pathlib import Path
from typing import Any

import pytest

from tests.bot.conftest import Exchange, program
from voip.bot.call import Call
from voip.bot.sphinx import Sphinx
from voip.bot.utterances import Utterances
from voip.media.sounds import Speech
from voip.signalling.commands import By

pytest.importorskip("pocketsphinx")
ROOT = Path(__file__).parents[2]
HEARS = ROOT / "examples" / "hears.py"
PATIENCE = 60


async def words(heard: Utterances, sphinx: Sphinx) -> str:
    """What is said next."""
    async with asyncio.timeout(PATIENCE):
        return (await sphinx.transcribe(await anext(heard))).text


async def test_the_bot_that_hears_says_what_was_said_to_it(exchange: Exchange) -> None:
    example: dict[str, Any] = runpy.run_path(str(HEARS))

    async def flow(call: Call) -> None:
        await example["hears"](call, understands)

    async with (
        Sphinx(example["ANSWERS"]) as understands,
        Sphinx([f"you said {one}" for one in example["ANSWERS"]]) as sphinx,
    ):
        bot, alice = await exchange.bot(flow=flow), await exchange.phone()
        room = await alice.matrix.direct_room(bot.phone.user_id)
        call = await alice.place(room, invitee=bot.phone.user_id)
        await call.established()
        async with call.utterances() as heard:
            async with asyncio.timeout(PATIENCE):
                question = await anext(heard)
            assert question.seconds > 1
            assert 0 <= question.began < question.ended < PATIENCE
            for answer in ("yes", "no"):
                await call.play(Speech(answer))
                assert await words(heard, sphinx) == f"you said {answer}"
            await call.play(Speech("goodbye"))
            async with asyncio.timeout(PATIENCE):
                end = await call.ended()
    assert end.by is By.PEER


async def test_it_runs_as_a_program(exchange: Exchange, tmp_path: Path) -> None:
    settings = exchange.settings("bot").matrix
    process = await program(HEARS, settings, tmp_path)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            assert settings.user_id.encode() in await process.stdout.readline()
    finally:
        process.kill()
        await process.communicate()
