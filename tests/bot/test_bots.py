"""The bots that ship, called by a phone of ours over the real homeserver."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from tests.bot.conftest import Exchange, eventually, posts
from tests.media.audio import RATE, SENTENCE, decode, speech
from voip.bot.call import Call
from voip.bot.caller import CallOrder, CallReport, place_call
from voip.bot.phone import Phone
from voip.bot.runner import BotKind, RunningBot
from voip.matrix.http import path
from voip.media.sounds import Speech, Tone
from voip.service.demo.likeness import likeness
from voip.signalling.commands import By, EndReason

SAYS = Speech(SENTENCE)


async def call(phone: Phone, bot: RunningBot, **order: object) -> CallReport:
    return await place_call(phone, CallOrder(bot.phone.user_id, **order))  # type: ignore[arg-type]


async def test_the_recorder_posts_what_was_said_into_an_encrypted_room(
    exchange: Exchange, tmp_path: Path
) -> None:
    bot, alice = await exchange.bot(), await exchange.phone()
    report = await call(alice, bot, play=SAYS, wait=1.0, seconds=20)
    assert report.ok, report.reason
    (message,) = await posts(alice, report.room_id)
    assert message.encrypted
    assert message.sender == bot.phone.user_id
    content = message.content
    assert content["msgtype"] == "m.audio"
    assert "org.matrix.msc3245.voice" in content
    heard = await alice.matrix.download(content, tmp_path / "heard.ogg")
    assert likeness(speech(), RATE, decode(heard), RATE) > 0.8
    info = content["info"]
    assert isinstance(info, dict)
    assert info["size"] == heard.stat().st_size
    assert abs(info["duration"] / 1000 - len(decode(heard)) / RATE) < 0.1

    (folder,) = bot.phone.recordings.iterdir()
    assert {file.name for file in folder.iterdir()} == {"audio.ogg", "call.json"}
    await bot.deliveries.idle()
    kept = json.loads((folder / "call.json").read_text())
    assert kept["caller"] == alice.user_id
    assert kept["end"]["by"] == "us"
    assert kept["tracks"][0]["ended"] == "silence"
    assert kept["tracks"][0]["event_id"] == message.event_id
    assert not await bot.phone.journal.live_calls()
    assert not await bot.phone.journal.pending_sends()


async def test_the_recording_is_kept_when_the_caller_hangs_up(exchange: Exchange) -> None:
    bot, alice = await exchange.bot(), await exchange.phone()
    report = await call(alice, bot, play=Tone(seconds=60), wait=1.0, seconds=8)
    assert report.ok, report.reason
    await posts(alice, report.room_id)
    (folder,) = bot.phone.recordings.iterdir()
    kept = json.loads((folder / "call.json").read_text())
    assert kept["tracks"][0]["ended"] == "call_ended"
    assert kept["end"] == {
        "reason": "hangup",
        "text": "hung up",
        "by": "peer",
        "wire_reason": "user_hangup",
    }


async def test_the_echo_plays_back_what_it_hears(exchange: Exchange, tmp_path: Path) -> None:
    bot, alice = await exchange.bot(BotKind.ECHO), await exchange.phone()
    heard = tmp_path / "heard.ogg"
    report = await call(alice, bot, play=SAYS, wait=6.0, seconds=16, record=heard)
    assert report.ok, report.reason
    assert likeness(speech(), RATE, decode(heard), RATE) > 0.8


async def test_two_calls_at_once_do_not_hear_each_other(exchange: Exchange) -> None:
    bot = await exchange.bot()
    alice, carol = await exchange.phone("alice"), await exchange.phone("carol")
    reports = await asyncio.gather(
        call(alice, bot, play=SAYS, wait=0.5, seconds=20),
        call(carol, bot, play=Tone(seconds=3), wait=0.5, seconds=20),
    )
    assert all(report.ok for report in reports), reports
    await posts(alice, reports[0].room_id)
    await posts(carol, reports[1].room_id)
    matches = [
        likeness(speech(), RATE, decode(folder / "audio.ogg"), RATE)
        for folder in bot.phone.recordings.iterdir()
    ]
    assert max(matches) > 0.8
    assert min(matches) < 0.5


async def test_beyond_its_limit_a_bot_declines(exchange: Exchange) -> None:
    bot = await exchange.bot(max_calls=0)
    report = await call(await exchange.phone(), bot)
    assert not report.ok
    assert report.reason == EndReason.REJECTED.value


async def test_a_flow_that_fails_ends_its_own_call_alone(exchange: Exchange) -> None:
    calls: list[Call] = []

    async def flow(incoming: Call) -> None:
        calls.append(incoming)
        await incoming.answer()
        if len(calls) == 2:
            raise ValueError("on purpose")
        await incoming.ended()

    bot = await exchange.bot(flow=flow)
    alice, carol = await exchange.phone("alice"), await exchange.phone("carol")
    room = await alice.matrix.direct_room(bot.phone.user_id)
    first = await alice.place(room, invitee=bot.phone.user_id)
    await first.established()
    failed = await call(carol, bot)
    assert failed.reason == EndReason.PEER_FAILED.value
    assert first.end is None
    first.hang_up()
    assert (await first.closed()).reason is EndReason.HANGUP
    await calls[0].closed()


async def test_a_bot_that_is_transferred_begins_anew_with_the_other(exchange: Exchange) -> None:
    served: list[Call] = []

    async def flow(incoming: Call) -> None:
        served.append(incoming)
        await incoming.answer()
        await incoming.ended()

    bot = await exchange.bot(flow=flow, max_calls=1)
    alice, carol = await exchange.phone("alice"), await exchange.phone("carol")
    rang: asyncio.Queue[Call] = asyncio.Queue()
    carol.on_call = rang.put_nowait
    room = await alice.matrix.direct_room(bot.phone.user_id)
    first = await alice.place(room, invitee=bot.phone.user_id)
    await first.established()
    transfer = asyncio.create_task(first.transfer(carol.user_id))
    at_carol = await asyncio.wait_for(rang.get(), 20)
    await at_carol.answer()
    await transfer
    former, new = served
    assert (former.key, new.key) == (first.key, at_carol.key)
    assert (await former.closed()).by is By.US
    at_carol.hang_up()
    assert (await new.closed()).by is By.PEER

    async def forgotten() -> bool:
        return not await bot.phone.journal.live_calls()

    await eventually(forgotten)


async def test_where_the_bot_may_not_send_it_does_not_stay_in_the_call(
    exchange: Exchange,
) -> None:
    bot, alice = await exchange.bot(), await exchange.phone()
    body = {
        "preset": "private_chat",
        "invite": [bot.phone.user_id],
        "power_level_content_override": {"events_default": 100},
    }
    made = await alice.matrix.session.request("POST", path("createRoom"), body=body)
    room = str(made["room_id"])
    await alice.matrix.rooms.known(room, 10)
    assert await alice.matrix.rooms.joined(room, bot.phone.user_id, 10)
    refused = asyncio.get_running_loop().create_future()
    serve = bot.phone.on_call

    def watch(incoming: Call) -> None:
        assert serve is not None
        serve(incoming)
        refused.set_result(incoming)

    bot.phone.on_call = watch
    outgoing = await alice.place(room, invitee=bot.phone.user_id)
    end = await (await asyncio.wait_for(refused, 20)).closed()
    assert end.reason is EndReason.SEND_REFUSED
    outgoing.hang_up()
    await outgoing.closed()
