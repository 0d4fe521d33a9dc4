"""How a bot ends: calls may finish, nobody new comes in, and a second signal waits for nothing."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import wave
from pathlib import Path
from typing import Any, cast

import pytest

from tests.bot.conftest import Exchange, eventually, posts
from tests.bot.conftest import exchange as exchange  # noqa: PLC0414 - a fixture of that folder
from tests.bot.test_trust import told
from tests.conftest import MakeUser, User
from tests.service.test_cli_live import PATIENCE, bot, environment
from voip.bot import drain as draining
from voip.bot.call import Call
from voip.bot.door import TEXTS, Refusal
from voip.bot.drain import DrainSettings, drain
from voip.bot.marks import Marks
from voip.bot.phone import Phone
from voip.media.sounds import Sound, Tone
from voip.service.demo.synapse import SynapseProcess
from voip.service.running import Exit
from voip.signalling.commands import By, EndReason


class Talking:
    """What a drain sees of a call."""

    def __init__(self, seconds: float | None, room: str = "!r:x") -> None:
        self.room_id, self.end, self.marks = room, None, Marks(established=0.0)
        self.played: list[Sound] = []
        self._seconds = seconds

    async def closed(self) -> None:
        if self._seconds is None:
            await asyncio.Event().wait()
        else:
            await asyncio.sleep(self._seconds)

    async def stop_playing(self) -> None:
        pass

    async def play(self, sound: Sound) -> None:
        self.played.append(sound)


async def drained(*calls: Talking, **settings: Any) -> list[tuple[str, str]]:
    """What the rooms were told."""
    told: list[tuple[str, str]] = []

    async def post(room: str, text: str) -> None:
        told.append((room, text))

    await drain(cast(list[Call], list(calls)), DrainSettings(**settings), post)
    return told


async def test_calls_that_finish_in_time_are_waited_for_and_hear_nothing() -> None:
    quick, quicker = Talking(0.05), Talking(0.0)
    assert await drained(quick, quicker, seconds=PATIENCE, text="bye", words=Tone()) == []
    assert quick.played == []


async def test_who_is_still_there_hears_and_reads_the_last_words() -> None:
    stays, goes = Talking(None, "!stays:x"), Talking(0.0, "!goes:x")
    told = await drained(stays, goes, seconds=0.2, text="bye", words=Tone())
    assert told == [("!stays:x", "bye")]
    assert stays.played == [Tone()]
    assert goes.played == []


async def test_without_time_they_are_told_at_once_and_without_words_nothing_is_said() -> None:
    stays = Talking(None)
    assert await drained(stays, text="bye") == [("!r:x", "bye")]
    assert await drained(stays) == []
    assert stays.played == []


async def test_progress_is_told(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draining, "PROGRESS_EVERY", 0.02)
    caplog.set_level("INFO")
    await drained(Talking(None), Talking(0.0), seconds=0.1)
    assert "no more calls are taken; 2 may go on" in caplog.text
    assert "1 calls go on" in caplog.text
    assert "1 calls are still there and are ended now" in caplog.text


# --- a real process, real calls ----------------------------------------------------------------


async def logged(log: Path, words: str) -> None:
    async def there() -> bool:
        return words in await asyncio.to_thread(log.read_text)

    await eventually(there)


async def ended(process: subprocess.Popen[str]) -> int:
    return await asyncio.to_thread(process.wait, PATIENCE)


async def call(phone: Phone, user: User) -> Call:
    room = await phone.matrix.direct_room(user.user_id)
    return await phone.place(room, invitee=user.user_id)


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_a_call_goes_on_after_sigterm_and_its_recording_is_posted(
    exchange: Exchange, synapse: SynapseProcess, make_user: MakeUser, tmp_path: Path
) -> None:
    recorder, log, sound = make_user(), tmp_path / "bot.log", tmp_path / "beep.wav"
    _write_tone(sound)
    more = {"VOIP_DRAIN_SECONDS": "100", "VOIP_ANNOUNCEMENT": str(sound), "VOIP_MAX_SECONDS": "12"}
    more["VOIP_SILENCE_SECONDS"] = "100"  # a steady tone is taken for silence in the end
    settings = environment(synapse, recorder, tmp_path, **more)
    ann, ben = await exchange.phone("ann"), await exchange.phone("ben")
    with bot(settings, log) as process:
        await ben.matrix.direct_room(recorder.user_id)  # it takes a while
        first = await call(ann, recorder)
        await first.established()
        talking = asyncio.create_task(first.play(Tone(seconds=60)))
        process.send_signal(signal.SIGTERM)
        await logged(log, "no more calls are taken; 1 may go on")
        second = await call(ben, recorder)
        assert (await second.ended()).reason is EndReason.REJECTED
        assert (await told(ben, second.room_id)) == [TEXTS[Refusal.DRAINING]]
        assert (await first.ended()).by is By.PEER
        seconds = first.marks.talked()
        assert seconds is not None
        assert seconds > 11, "it was not cut off"
        assert await ended(process) == Exit.DONE
    await asyncio.gather(talking, return_exceptions=True)
    assert "ended by max_seconds" in log.read_text()
    assert "are still there" not in log.read_text()
    assert len(await posts(ann, first.room_id)) == 1, "posted before the end"


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_when_time_is_over_calls_are_ended(
    exchange: Exchange, synapse: SynapseProcess, make_user: MakeUser, tmp_path: Path
) -> None:
    echo, log = make_user(), tmp_path / "bot.log"
    words = {"VOIP_DRAIN_SECONDS": "1", "VOIP_DRAIN_MESSAGE": "We restart."}
    ann = await exchange.phone("ann")
    with bot(environment(synapse, echo, tmp_path, VOIP_BOT="echo", **words), log) as process:
        only = await call(ann, echo)
        await only.established()
        process.send_signal(signal.SIGINT)
        assert (await only.ended()).by is By.PEER
        assert await ended(process) == Exit.DONE
    assert "1 calls are still there and are ended now" in log.read_text()
    said = await told(ann, only.room_id)
    assert said.count("We restart.") == 1  # beside the report of the call, which it posts as ever


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_a_second_signal_does_not_wait(
    exchange: Exchange, synapse: SynapseProcess, make_user: MakeUser, tmp_path: Path
) -> None:
    echo, log = make_user(), tmp_path / "bot.log"
    settings = environment(synapse, echo, tmp_path, VOIP_BOT="echo", VOIP_DRAIN_SECONDS="3600")
    ann = await exchange.phone("ann")
    with bot(settings, log) as process:
        only = await call(ann, echo)
        await only.established()
        process.send_signal(signal.SIGTERM)
        await logged(log, "may go on")
        process.send_signal(signal.SIGTERM)
        assert await ended(process) == -signal.SIGTERM


def _write_tone(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(range(256)) * 30)
