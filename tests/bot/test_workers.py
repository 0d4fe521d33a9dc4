"""Bots whose media are in worker processes, called over the real homeserver."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from tests.bot.conftest import PATIENCE, Exchange, eventually, posts
from tests.bot.test_conversation import answering
from tests.media.audio import RATE, SENTENCE, decode, speech
from tests.media.workers.pools import kill, worker_of
from voip.bot.call import Call
from voip.bot.caller import CallOrder, place_call
from voip.bot.phone import Phone
from voip.bot.runner import RunningBot
from voip.media.sounds import Speech, Tone
from voip.media.workers.pool import MediaPool
from voip.media.workers.process import WorkerProcess
from voip.service.demo.likeness import likeness
from voip.signalling.commands import By, EndReason
from voip.signalling.content import Capabilities
from voip.store.traces import list_traces
from voip.tracing.record import decoded
from voip.tracing.verdict import verdict


def pool_of(phone: Phone) -> MediaPool:
    assert isinstance(phone.media, MediaPool)
    return phone.media


def worker(bot: RunningBot, call: Call) -> WorkerProcess:
    """The bot's worker that carries what the other side has placed."""
    return worker_of(pool_of(bot.phone), call.key)


async def placed(caller: Phone, bot: RunningBot) -> Call:
    room = await caller.matrix.direct_room(bot.phone.user_id)
    call = await caller.place(room, invitee=bot.phone.user_id)
    await call.established()
    return call


async def test_a_recorder_with_workers_posts_what_was_said(
    exchange: Exchange, tmp_path: Path
) -> None:
    bot, alice = await exchange.bot(workers=2), await exchange.phone()
    order = CallOrder(bot.phone.user_id, play=Speech(SENTENCE), wait=1.0, seconds=20)
    report = await place_call(alice, order)
    assert report.ok, report.reason
    (message,) = await posts(alice, report.room_id)
    heard = await alice.matrix.download(message.content, tmp_path / "heard.ogg")
    assert likeness(speech(), RATE, decode(heard), RATE) > 0.8
    assert pool_of(bot.phone).live == 0


async def test_a_worker_that_is_killed_costs_its_call_and_nothing_of_what_it_recorded(
    exchange: Exchange, tmp_path: Path
) -> None:
    bot = await exchange.bot(workers=2)
    alice, carol = await exchange.phone("alice"), await exchange.phone("carol")
    hers, carols = await placed(alice, bot), await placed(carol, bot)
    assert worker(bot, hers) is not worker(bot, carols)
    talking = asyncio.create_task(carols.play(Tone(), loop=True))
    await asyncio.sleep(1.5)  # the announcement and the tone
    await hers.play(Speech(SENTENCE))
    kill(worker(bot, hers))

    ended = await asyncio.wait_for(hers.closed(), PATIENCE)
    assert (ended.by, ended.wire_reason) == (By.PEER, "unknown_error")
    (message,) = await posts(alice, hers.room_id)
    heard = await alice.matrix.download(message.content, tmp_path / "heard.ogg")
    # At most the last second is gone, and the sentence's end with it.
    assert likeness(speech()[: -2 * RATE], RATE, decode(heard), RATE) > 0.8

    folder = next(
        folder
        for folder in bot.phone.recordings.iterdir()
        if json.loads((folder / "call.json").read_text())["caller"] == alice.user_id
    )

    async def told() -> bool:
        return bool(json.loads((folder / "call.json").read_text())["tracks"][0]["event_id"])

    await eventually(told)
    kept = json.loads((folder / "call.json").read_text())
    assert (kept["end"]["reason"], kept["end"]["by"]) == ("media_crashed", "fault")
    (track,) = kept["tracks"]
    assert (track["ended"], track["event_id"]) == ("repaired", message.event_id)

    async def traced() -> bool:
        traces = bot.phone.settings.data_dir / "traces"
        said = [verdict(decoded((traces / one.name).read_bytes())) for one in list_traces(traces)]
        return any("media worker that carried the call died" in lines[0] for lines in said)

    await eventually(traced)
    assert carols.end is None  # and her call goes on
    talking.cancel()
    carols.hang_up()
    await carols.closed()
    await posts(carol, carols.room_id)


async def test_after_a_worker_died_new_calls_are_answered(exchange: Exchange) -> None:
    bot, alice = await exchange.bot(workers=1), await exchange.phone()
    first = await placed(alice, bot)
    kill(worker(bot, first))
    assert (await asyncio.wait_for(first.closed(), PATIENCE)).by is By.PEER
    second = await placed(alice, bot)
    second.hang_up()
    assert (await second.closed()).reason is EndReason.HANGUP


async def test_whom_we_connect_is_in_the_worker_of_the_first(exchange: Exchange) -> None:
    alice, bob = await exchange.phone("alice", workers=2), await exchange.phone("bob")
    answered = answering(bob)
    ours = await alice.place(await alice.matrix.direct_room(bob.user_id), invitee=bob.user_id)
    await ours.established()
    theirs = await asyncio.wait_for(answered, PATIENCE)
    ours.peer_can = Capabilities()  # as matrix-js-sdk's: it is connected through us
    carol = await exchange.phone("carol")
    at_carol = answering(carol)
    transfer = asyncio.create_task(ours.transfer(carol.user_id))
    hers = await asyncio.wait_for(at_carol, PATIENCE)
    async with hers.listen() as sound, asyncio.timeout(PATIENCE):
        playing = asyncio.create_task(theirs.play(Tone(seconds=60)))
        while abs(await anext(sound)).max() < 1000:
            pass
        playing.cancel()
    theirs.hang_up()
    await asyncio.wait_for(transfer, PATIENCE)
