"""A store that was damaged: it is set aside, and what is on the disk leaves all the same, once."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.bot.conftest import SHORT, Exchange, posts
from tests.bot.test_consent import placed
from voip.bot.runner import BotSettings, running_bot
from voip.media.sounds import Tone
from voip.store.outbox_records import Kind, State


@pytest.mark.parametrize("store", ["outbox.db", "journal.db"])
async def test_recordings_are_found_again_and_posted_once(
    exchange: Exchange, store: str, caplog: pytest.LogCaptureFixture
) -> None:
    """One recording was posted, which nobody knows any more; another one was not."""
    alice = await exchange.phone()
    settings = BotSettings(exchange.settings("bot"), recorder=SHORT)
    data = settings.phone.data_dir
    async with running_bot(settings) as bot:
        call = await placed(alice, bot)
        await call.play(Tone(seconds=0.5))
        await call.closed()
        (post,) = await posts(alice, call.room_id)
        await bot.deliveries.idle()
    (first,) = (data / "recordings").iterdir()
    kept = json.loads((first / "call.json").read_text())
    kept["tracks"][0]["event_id"] = None
    (first / "call.json").write_text(json.dumps(kept))
    second = first.with_name(first.name + "b")
    shutil.copytree(first, second)
    (data / store).write_bytes(b"no database at all" * 500)

    async with running_bot(settings) as bot:
        assert len(await posts(alice, call.room_id, 2)) == 2
        await bot.deliveries.idle()
        entries = await bot.deliveries.outbox.entries([State.WAITING, State.GIVEN_UP])
        assert [entry for entry in entries if entry.kind is Kind.POST] == []
    assert len(await posts(alice, call.room_id, 2)) == 2
    assert "set aside" in caplog.text
    assert list(data.glob(f"{store}.damaged-*"))
    if store == "outbox.db":
        told = json.loads((first / "call.json").read_text())
        assert told["tracks"][0]["event_id"] == post.event_id
    assert json.loads((second / "call.json").read_text())["tracks"][0]["event_id"]
