"""The voicemail, with callers who do as they are told and others."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from voip.bot import BEEP, Call
from voip.bot.bots.file import parse
from voip.bot.bots.inbox import new_messages
from voip.bot.bots.voicemail import VoicemailSettings, voicemail
from voip.bot.call_file import CallFile
from voip.bot.testing import FakeCall, virtual_time
from voip.bot.testing.phone import Post
from voip.media.events import RecordingEnd

FILE = """
inbox = "!inbox:example.org"
timezone = "Europe/Berlin"
takes = 2

[[greetings]]
users = ["@boss:*"]
say = "Hello, boss."

[[greetings]]
days = ["mon", "tue", "wed", "thu", "fri"]
from = "9:00"
to = "17:00"
say = "All of us are in calls."

[[greetings]]
say = "We are closed."
voice = "de"
"""
SETTINGS = parse(FILE, VoicemailSettings)
PLAIN = VoicemailSettings(transcript=False)


def test_the_greeting_is_that_of_the_user_and_of_the_hour() -> None:
    at_eight = datetime(2026, 7, 1, 8, tzinfo=UTC)  # 10 o'clock in Berlin
    at_night = datetime(2026, 7, 1, 15, tzinfo=UTC)
    assert SETTINGS.greeting("@boss:a.b", at_night).say == "Hello, boss."
    assert SETTINGS.greeting("@ann:a.b", at_eight).say == "All of us are in calls."
    assert SETTINGS.greeting("@ann:a.b", at_night).voice == "de"
    assert "leave a message" in PLAIN.greeting("@ann:a.b", at_night).say


@virtual_time
async def test_a_message_that_ends_in_silence_is_sent_to_the_inbox() -> None:
    flow = partial(voicemail, settings=SETTINGS)
    async with FakeCall(flow) as caller:
        await caller.hears(BEEP)
        await caller.says(seconds=5)
        await caller.hears("Press 1 to send")
        caller.press("1")
        await caller.hears("on its way")
        await caller.ended()
    (message,) = caller.call.recordings
    assert message.ended is RecordingEnd.SILENCE
    assert caller.phone.matrix.files == [Post("!inbox:example.org", "audio.ogg")]


@virtual_time
async def test_a_key_ends_the_message_and_two_records_it_anew() -> None:
    async with FakeCall(partial(voicemail, settings=PLAIN)) as caller:
        await caller.hears(BEEP)
        await caller.says(seconds=5)
        caller.press("#")
        await caller.hears("Press 1 to send")
        first = caller.call.recordings[0].path
        caller.press("2")
        await caller.hears(BEEP)
        assert not first.exists()
        await caller.says(seconds=7)
        caller.press("#")
        await caller.hears("Press 1 to send")
        caller.press("3")
        await caller.hears(".ogg")
        await caller.hears("Press 1 to send")
        await caller.ended()
    (message,) = caller.call.recordings
    assert message.ended is RecordingEnd.STOPPED
    assert message.seconds > 6
    assert [one.room_id for one in caller.phone.matrix.files] == [caller.call.room_id]


@virtual_time
async def test_who_hangs_up_has_left_the_message() -> None:
    async with FakeCall(partial(voicemail, settings=PLAIN)) as caller:
        caller.press("1")  # it has heard the greeting before
        await caller.hears(BEEP)
        await caller.says(seconds=5)
        caller.hangs_up()
        await caller.ended()
    assert len(caller.phone.matrix.files) == 1


@virtual_time
async def test_what_is_too_short_is_no_message() -> None:
    async with FakeCall(partial(voicemail, settings=PLAIN)) as caller:
        for _ in range(3):
            await caller.hears(BEEP)
            await caller.waits(0.5)
            caller.press("#")
            await caller.hears("too little")
        await caller.hears("no message")
        await caller.ended()
    assert not caller.call.recordings
    assert not caller.phone.matrix.files


@virtual_time
async def test_a_message_is_as_long_as_it_may_be() -> None:
    short = VoicemailSettings(max_seconds=20, transcript=False)
    async with FakeCall(partial(voicemail, settings=short)) as caller:
        await caller.hears(BEEP)
        await caller.says(seconds=1000)
    (message,) = caller.call.recordings
    assert message.ended is RecordingEnd.MAX_SECONDS


async def leave(folder: Path, number: int, event_id: str | None) -> None:
    """What the runner keeps of a message."""
    file = CallFile("id", "!room:example.org", "c", "inbound", "@ann:a.b", "@bot:a.b", "")
    track = {"file": "audio.ogg", "event_id": event_id}
    file.tracks.append(track)
    call = folder / f"20260101T00000{number}Z-id{number}"
    await asyncio.to_thread(file.write, call)
    await asyncio.to_thread((call / "audio.ogg").write_bytes, b"OggS")


@virtual_time
async def test_an_owner_hears_what_nobody_has_reacted_to_and_then_it_is_no_longer_new() -> None:
    owned = VoicemailSettings(owners=("@alice:*",))

    async def flow(call: Call) -> None:
        for number, event in enumerate(["$one", "$two", None, "$three"]):
            await leave(call.phone.recordings, number, event)
        await call.phone.matrix.react("!room:example.org", "$two", "👍", "txn")
        await voicemail(call, owned)
        assert not await new_messages(call)

    async with FakeCall(flow) as caller:
        await caller.hears("You have 2 new messages")
        await caller.hears("Message 1")
        await caller.hears("audio.ogg")
        await caller.hears("Message 2")
        await caller.hears("That was all")
        await caller.ended()
    reacted = [one.room_id for one in caller.phone.matrix.reacted]
    assert reacted == ["$two", "$one", "$three"]
    assert not caller.call.recordings
