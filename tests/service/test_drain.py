"""How a bot ends: calls may finish, nobody new comes in, and a second signal waits for nothing."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from tests.conftest import MakeUser
from tests.service.test_cli_live import PATIENCE, VOIP, bot, environment, voip
from voip.bot import drain as draining
from voip.bot.call import Call
from voip.bot.drain import DrainSettings, drain
from voip.bot.marks import Marks
from voip.media.sounds import Sound, Tone
from voip.service.demo.synapse import SynapseProcess
from voip.service.running import Exit


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


# --- real processes, real calls ----------------------------------------------------------------


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end
        time.sleep(0.1)


def calling(settings: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    command = [*VOIP, "call", *arguments, "--json"]
    return subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, text=True)


@pytest.mark.long
def test_a_call_goes_on_after_sigterm_and_its_recording_is_posted(
    synapse: SynapseProcess, make_user: MakeUser, tmp_path: Path
) -> None:
    ann, ben, recorder = make_user(), make_user(), make_user()
    log, sound = tmp_path / "bot.log", tmp_path / "beep.wav"
    _write_tone(sound)
    more = {"VOIP_DRAIN_SECONDS": "60", "VOIP_ANNOUNCEMENT": str(sound), "VOIP_MAX_SECONDS": "8"}
    settings = environment(synapse, recorder, tmp_path, **more)
    with bot(settings, log) as process:
        first = calling(
            environment(synapse, ann, tmp_path), recorder.user_id, "--say", "One two three. " * 20
        )
        until(lambda: "is connected" in log.read_text())
        process.send_signal(signal.SIGTERM)
        until(lambda: "no more calls are taken; 1 may go on" in log.read_text())
        second = voip(environment(synapse, ben, tmp_path), "call", recorder.user_id, "--json")
        assert json.loads(second.stdout)["reason"] == "declined", second.stdout
        out, _ = first.communicate(timeout=PATIENCE)
        report = json.loads(out)
        assert report["ok"]
        assert report["seconds"] > 8, "it was not cut off"
        assert process.wait(PATIENCE) == Exit.DONE
    text = log.read_text()
    assert "ended by max_seconds" in text
    assert "are still there" not in text
    (call_json,) = Path(settings["VOIP_DATA_DIR"]).glob("recordings/*/call.json")
    (track,) = json.loads(call_json.read_text())["tracks"]
    assert track["event_id"], "posted before the end"


@pytest.mark.long
def test_when_time_is_over_calls_are_ended_and_a_second_signal_does_not_wait(
    synapse: SynapseProcess, make_user: MakeUser, tmp_path: Path
) -> None:
    ann, echo = make_user(), make_user()
    caller = environment(synapse, ann, tmp_path)
    settings = environment(synapse, echo, tmp_path, VOIP_BOT="echo", VOIP_DRAIN_SECONDS="2")
    with bot(settings, tmp_path / "1.log") as process:
        call = calling(caller, echo.user_id, "--for", "50")
        until(lambda: "is connected" in (tmp_path / "1.log").read_text())
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == Exit.DONE
        assert json.loads(call.communicate(timeout=PATIENCE)[0])["reason"] == "hung up"
    assert "1 calls are still there and are ended now" in (tmp_path / "1.log").read_text()

    with bot(settings | {"VOIP_DRAIN_SECONDS": "3600"}, tmp_path / "2.log") as process:
        call = calling(caller, echo.user_id, "--for", "50")
        until(lambda: "is connected" in (tmp_path / "2.log").read_text())
        process.send_signal(signal.SIGTERM)
        until(lambda: "may go on" in (tmp_path / "2.log").read_text())
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == -signal.SIGTERM
        call.kill()
        call.communicate(timeout=PATIENCE)


def _write_tone(path: Path) -> None:
    import wave

    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(range(256)) * 30)
