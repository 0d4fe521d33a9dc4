"""What a bot puts into the outbox, without a network: by policy, and through a full disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from voip.bot import deliveries as module
from voip.bot.call_file import CallFile
from voip.bot.deliveries import Deliveries
from voip.bot.keeping import KeepingSettings, Policy, Rule
from voip.delivery.webhooks import WebhookSettings
from voip.media.events import Recording, RecordingEnd
from voip.observers import Happening, Observers, Posted, Topic
from voip.signalling.ids import CallKey
from voip.store.errors import StoreFullError
from voip.store.outbox import Outbox
from voip.store.outbox_records import Draft, Kind, State

ROOM, ANN = "!r:x", "@ann:x"
FOLDER = Path("recordings/20260131T120000Z-3f2a")
SOUND = Recording(FOLDER / "audio.ogg", "audio/ogg", 3.0, 1000, RecordingEnd.SILENCE)
FILE = CallFile("3f2a", ROOM, "c", "inbound", ANN, "@bot:x", "2026-01-31T12:00:00.000Z")
SETTINGS = KeepingSettings(
    folder=Path("/copies"), webhook=WebhookSettings("https://h.example.org", "a secret")
)


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Deliveries]:
    phone: Any = SimpleNamespace(
        matrix=None, recordings=tmp_path / "recordings", observers=Observers()
    )
    outbox = await Outbox.open(tmp_path / "outbox.db")
    async with aiohttp.ClientSession() as client:
        deliveries = Deliveries(outbox, phone, SETTINGS, client)
        yield deliveries
        await deliveries._tasks.aclose()
    await outbox.close()


def kinds(drafts: list[Draft]) -> list[Kind]:
    return [draft.kind for draft in drafts]


async def test_a_recording_goes_to_every_place(made: Deliveries) -> None:
    drafts = made.after_call(FILE, [SOUND], FOLDER)
    assert kinds(drafts) == [Kind.POST, Kind.COPY, Kind.COPY, Kind.WEBHOOK]


async def test_a_file_without_a_byte_goes_nowhere(made: Deliveries) -> None:
    """The disk was full when it began."""
    empty = replace(SOUND, size=0, seconds=0.0, ended=RecordingEnd.DISK_FULL)
    assert made.after_call(FILE, [empty], FOLDER) == made.after_call(FILE, [], FOLDER)


async def test_the_policy_of_its_room_and_person_counts(made: Deliveries) -> None:
    made.settings = replace(SETTINGS, rules=(Rule({"post": False, "store": False}, user=ANN),))
    assert kinds(made.after_call(FILE, [SOUND], FOLDER)) == [Kind.WEBHOOK]
    made.settings = replace(SETTINGS, policy=Policy(store=False))
    assert kinds(made.after_call(FILE, [SOUND], FOLDER)) == [Kind.POST, Kind.WEBHOOK]


async def test_of_a_call_whose_consent_was_taken_back_nothing_leaves(made: Deliveries) -> None:
    """Also after a crash, which leaves it to `call.json` to say so."""
    file = replace(FILE, consent={"by": "staying", "revoked": {"by": ANN, "how": "digit"}})
    drafts = made.after_crash(file, [SOUND], FOLDER)
    assert kinds(drafts) == [Kind.REDACTION, Kind.ERASURE, Kind.WEBHOOK]
    assert drafts[1].payload["target"] == "local"
    assert drafts[2].payload["body"]["event"] == "call.ended"


async def test_through_a_full_disk_it_is_written_down_once_there_is_space(
    made: Deliveries, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "PUT_AGAIN", 0.01)
    put, tries = made.outbox.put, 0

    async def sometimes(drafts: Any) -> Any:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise StoreFullError("no space left")
        return await put(drafts)

    monkeypatch.setattr(made.outbox, "put", sometimes)
    await made.put(made.after_call(FILE, [SOUND], FOLDER))
    assert len(await made.outbox.entries([State.WAITING])) == 4
    assert caplog.text.count("no space left") == 1


async def test_events_are_written_down_in_their_order_and_bounded(
    made: Deliveries, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "MAX_NOTED", 3)
    for number in range(5):
        made.note(Draft(Kind.WEBHOOK, str(number), "webhook", {}))
    assert made._noting is not None
    await asyncio.wait({made._noting})
    assert [entry.key for entry in await made.outbox.entries(State)] == ["2", "1", "0"]
    assert "an event is lost" in caplog.text


async def test_an_inbox_is_where_recordings_go_and_where_they_are_taken_out(
    made: Deliveries,
) -> None:
    """Also after a crash: `call.json` says so."""
    file = replace(FILE, inbox="!inbox:x")
    (post, *_) = made.after_crash(file, [SOUND], FOLDER)
    assert (post.kind, post.payload["room_id"]) == (Kind.POST, "!inbox:x")
    taken_back = replace(file, consent={"revoked": {"by": ANN, "how": "digit"}})
    (redaction, *_) = made.after_call(taken_back, [SOUND], FOLDER)
    assert (redaction.kind, redaction.payload["room_id"]) == (Kind.REDACTION, "!inbox:x")


async def test_whoever_watches_is_told_what_became_of_a_post_of_its_call(made: Deliveries) -> None:
    told: list[Happening] = []
    made._observers.subscribe(Topic.POST, told.append)
    file = replace(FILE, inbox="!inbox:x")
    await made.put(made.after_call(file, [SOUND], FOLDER))
    (entry,) = [one for one in await made.outbox.entries([State.WAITING]) if one.kind is Kind.POST]
    assert await made.waiting() == 4
    made._on_over(entry, ok=False)
    (posted,) = told
    assert isinstance(posted, Posted)
    assert (posted.key, posted.ok) == (CallKey(ROOM, "c"), False)


async def test_words_are_put_beside_a_recording_unless_it_was_taken_back(
    made: Deliveries, tmp_path: Path
) -> None:
    folder = tmp_path / "recordings" / FOLDER.name
    call: Any = SimpleNamespace(folder=folder, policy=Policy())
    await asyncio.to_thread(replace(FILE, inbox="!inbox:x").write, folder)
    await made.post_words(call, "hello")
    (entry,) = await made.outbox.entries(State)
    assert (entry.kind, entry.payload["room_id"]) == (Kind.NOTICE, "!inbox:x")
    await made._on_done(entry, "$words")
    file = await asyncio.to_thread(CallFile.read, folder)
    assert file is not None
    assert file.words == "$words"
    await made.erase_revoked(FOLDER.name, ANN, "reaction")
    (taken,) = [one for one in await made.outbox.entries(State) if one.kind is Kind.REDACTION]
    assert taken.payload["of"] == entry.key
    assert taken.payload["event_id"] == "$words"
    before = len(await made.outbox.entries(State))
    call.policy = Policy(post=False)
    await made.post_words(call, "hello again")
    assert len(await made.outbox.entries(State)) == before
