"""Consent, with a real caller, a real homeserver and a real bot: told, given, taken back."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.bot.conftest import SHORT, Exchange, eventually, posts
from tests.delivery.receiver import SECRET, Receiver
from voip.bot.call import Call, CallEnded
from voip.bot.keeping import ConsentBy, KeepingSettings, Policy
from voip.bot.phone import Phone
from voip.bot.runner import RunningBot
from voip.delivery.webhooks import WebhookSettings
from voip.matrix.http import path
from voip.media.sounds import Tone
from voip.store.outbox_records import Kind, State

ASKING = KeepingSettings(Policy(consent=ConsentBy.DIGIT))


async def placed(alice: Phone, bot: RunningBot) -> Call:
    room = await alice.matrix.direct_room(bot.phone.user_id)
    call = await alice.place(room, invitee=bot.phone.user_id)
    await call.established()
    return call


async def notices(alice: Phone, room_id: str, count: int = 1) -> list[Any]:
    found: list[Any] = []

    async def enough() -> bool:
        messages = await alice.matrix.recent_messages(room_id)
        found[:] = [one for one in messages if one.content.get("msgtype") == "m.notice"]
        return len(found) >= count

    await eventually(enough)
    return found


async def react(alice: Phone, room_id: str, event_id: str, key: str) -> None:
    relation = {"rel_type": "m.annotation", "event_id": event_id, "key": key}
    where = path("rooms", room_id, "send", "m.reaction", alice.new_id())
    body = {"m.relates_to": relation}
    await alice.matrix.session.request("PUT", where, body=body)


def folder_of(bot: RunningBot) -> Path:
    (folder,) = bot.phone.recordings.iterdir()
    return folder


def call_json(bot: RunningBot) -> Any:
    return json.loads((folder_of(bot) / "call.json").read_text())


async def test_the_room_is_told_and_a_reaction_deletes_the_recording_everywhere(
    exchange: Exchange, tmp_path: Path
) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    async with Receiver() as receiver:
        keeping = KeepingSettings(
            folder=copies, key=bytes(32), webhook=WebhookSettings(receiver.url, SECRET)
        )
        bot, alice, carol = (
            await exchange.bot(keeping=keeping),
            await exchange.phone(),
            await exchange.phone("carol"),
        )
        call = await placed(alice, bot)
        (notice,) = await notices(alice, call.room_id)
        assert notice.sender == bot.phone.user_id
        body = {"user_id": carol.user_id}
        where = path("rooms", call.room_id, "invite")
        await alice.matrix.session.request("POST", where, body=body)
        await carol.matrix.join(call.room_id)
        told, _ = await notices(alice, call.room_id, 2)
        assert told.content["body"].startswith(f"🔴 {carol.user_id}, ")
        await call.play(Tone(seconds=0.5))
        await call.closed()
        (post,) = await posts(alice, call.room_id)
        await bot.deliveries.idle()
        kept = call_json(bot)
        assert kept["consent"] | {"at": None} == {
            "by": "staying",
            "at": None,
            "notice": notice.event_id,
            "revoked": None,
        }
        name = folder_of(bot).name
        assert {one.name for one in (copies / name).iterdir()} == {
            "audio.ogg.sealed",
            "call.json.sealed",
        }
        assert receiver.events() == [
            "call.ringing",
            "call.answered",
            "call.ended",
            "recording.ready",
            "recording.posted",
        ]
        assert receiver.told[-1].body["recording"]["event_id"] == post.event_id

        await react(carol, call.room_id, notice.event_id, "❌")  # not hers to say
        await react(alice, call.room_id, notice.event_id, "👍")  # says nothing
        await react(alice, call.room_id, notice.event_id, "❌\ufe0f")

        async def gone() -> bool:
            await bot.deliveries.idle()
            return not (folder_of(bot) / "audio.ogg").exists()

        await eventually(gone)
        await bot.deliveries.idle()
        assert call_json(bot)["consent"]["revoked"]["by"] == alice.user_id
        assert call_json(bot)["consent"]["revoked"]["how"] == "reaction"
        assert [one.name for one in (copies / name).iterdir()] == ["call.json.sealed"]
        raw = await alice.matrix.session.request(
            "GET", path("rooms", call.room_id, "event", post.event_id)
        )
        assert raw["content"] == {}
        assert raw["unsigned"]["redacted_because"]["sender"] == bot.phone.user_id


async def test_without_the_digit_nothing_is_recorded(exchange: Exchange) -> None:
    asking = replace(SHORT, question=Tone(seconds=0.2), until_silence=1.5)
    bot, alice = await exchange.bot(keeping=ASKING, recorder=asking), await exchange.phone()
    call = await placed(alice, bot)
    await asyncio.sleep(0.5)
    with contextlib.suppress(CallEnded):  # the bot may be quicker than the key is let go
        await call.send_digits("2")
    await call.closed()
    await bot.deliveries.idle()
    assert not bot.phone.recordings.exists()
    assert await bot.deliveries.outbox.entries(State) == []


@pytest.mark.long
async def test_the_digit_agrees_and_another_takes_it_back(exchange: Exchange) -> None:
    asking = replace(SHORT, question=Tone(seconds=0.2), until_silence=20)
    bot, alice = await exchange.bot(keeping=ASKING, recorder=asking), await exchange.phone()
    call = await placed(alice, bot)
    await asyncio.sleep(0.5)
    await call.send_digits("1")
    await notices(alice, call.room_id)
    assert call_json(bot)["consent"]["by"] == "digit"

    async def recording() -> bool:
        return (folder_of(bot) / "audio.ogg").exists()

    await eventually(recording)
    await call.play(Tone(seconds=0.5))
    await call.send_digits("0")
    await call.closed()

    async def done() -> bool:
        await bot.deliveries.idle()
        return not await bot.phone.journal.live_calls()

    await eventually(done)
    assert [one.name for one in folder_of(bot).iterdir()] == ["call.json"]
    revoked = call_json(bot)["consent"]["revoked"]
    assert (revoked["by"], revoked["how"]) == (alice.user_id, "digit")
    entries = await bot.deliveries.outbox.entries(State)
    assert {entry.kind for entry in entries} == {Kind.NOTICE, Kind.REDACTION, Kind.ERASURE}


async def test_a_flow_that_does_not_ask_may_not_record_where_that_is_the_policy(
    exchange: Exchange,
) -> None:
    async def flow(call: Call) -> None:
        await call.answer()
        await call.record(max_seconds=1)

    bot, alice = await exchange.bot(keeping=ASKING, flow=flow), await exchange.phone()
    call = await placed(alice, bot)
    ended = await call.closed()
    assert ended.wire_reason == "unknown_error"
    assert not bot.phone.recordings.exists()


@pytest.mark.long
async def test_old_recordings_go_and_their_posts_with_them(exchange: Exchange) -> None:
    keeping = KeepingSettings(Policy(retention=3600, notice=False))
    bot, alice = await exchange.bot(keeping=keeping), await exchange.phone()
    call = await placed(alice, bot)
    await call.play(Tone(seconds=0.5))
    await call.closed()
    (post,) = await posts(alice, call.room_id)
    await bot.deliveries.idle()
    assert await bot.deliveries.expire() == 0
    now = bot.deliveries.outbox.now
    bot.deliveries.outbox.now = lambda: now() + 3700
    assert await bot.deliveries.expire() == 1
    await bot.deliveries.idle()
    assert list(bot.phone.recordings.iterdir()) == []
    where = path("rooms", call.room_id, "event", post.event_id)
    raw = await alice.matrix.session.request("GET", where)
    assert raw["content"] == {}
    assert await bot.deliveries.expire() == 0


@pytest.mark.long
async def test_whoever_may_redact_the_notice_takes_the_consent_back(exchange: Exchange) -> None:
    """In the middle of the recording, which is stopped then."""
    long = replace(SHORT, until_silence=20)
    bot, alice = await exchange.bot(recorder=long), await exchange.phone()
    call = await placed(alice, bot)
    (notice,) = await notices(alice, call.room_id)
    where = path("rooms", call.room_id, "redact", notice.event_id, alice.new_id())
    await alice.matrix.session.request("PUT", where, body={})
    await call.closed()

    async def done() -> bool:
        await bot.deliveries.idle()
        return not await bot.phone.journal.live_calls()

    await eventually(done)
    assert [one.name for one in folder_of(bot).iterdir()] == ["call.json"]
    assert call_json(bot)["consent"]["revoked"]["how"] == "redaction"
    assert Kind.POST not in {e.kind for e in await bot.deliveries.outbox.entries(State)}
