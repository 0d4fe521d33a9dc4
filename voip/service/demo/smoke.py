"""The demo without a person: say a sentence to the recorder, fetch the recording, compare.

Everything is real: the homeserver, the encrypted room, the call, the recording in the room. Only
the ears are replaced, by :mod:`voip.service.demo.likeness`.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt

from voip.bot.caller import CallOrder, place_call
from voip.bot.phone import Phone
from voip.bot.recorder import RecorderSettings
from voip.matrix.history import Message
from voip.media.sounds import Speech, Tone
from voip.media.speech import say as spoken
from voip.service.demo.bots import phone_settings, stop
from voip.service.demo.demo import Say, running_demo
from voip.service.demo.likeness import likeness
from voip.service.demo.plan import DemoOptions

SENTENCE: Final = "Seven little ships sailed slowly past the harbour wall."
ANNOUNCEMENT: Final = "Please speak after the tone."
AFTER_THE_TONE: Final = 1.0
"""Seconds from the tone's end until we speak, and less than the silence that ends a recording."""
ALIKE: Final = 0.8
CALL_WITHIN: Final = 60.0
POSTED_WITHIN: Final = 30.0
LOOK_EVERY: Final = 0.2


@dataclass
class SmokeReport:
    """How it went; what never came is None."""

    ok: bool = False
    answer_ms: int | None = None
    connected_ms: int | None = None
    first_audio_ms: int | None = None
    recorded_s: float | None = None
    speech_match: float | None = None
    posted: bool = False
    failed: str | None = None
    """The step that failed and why."""

    def as_json(self) -> dict[str, Any]:
        """``failed`` is there only when something did."""
        return {key: value for key, value in asdict(self).items() if key != "failed" or value}


class StepError(Exception):
    """A step did not do what it should have done."""


async def run_smoke(
    say: Say = print, *, said: str = SENTENCE, expected: str = SENTENCE
) -> SmokeReport:
    """Do it all on free ports in a folder that is gone afterwards, in some fifteen seconds.

    Never raises for a step that fails: the report names it. ``said`` goes into the call,
    ``expected`` is looked for in the recording.
    """
    report = SmokeReport()
    try:
        with tempfile.TemporaryDirectory(prefix="voip-smoke-") as folder:
            await _Smoke(report, say, Path(folder), said, expected).run()
    except StepError as error:
        report.failed = str(error)
        say(f"  ✗ {error}")
    report.ok = report.failed is None
    return report


@dataclass
class _Smoke:
    """One run; fills in the report as it goes."""

    report: SmokeReport
    say: Say
    folder: Path
    said: str
    expected: str

    async def run(self) -> None:
        recorder = RecorderSettings(announcement=Speech(ANNOUNCEMENT))
        options = DemoOptions(port=None, data_dir=self.folder / "demo")
        async with AsyncExitStack() as stack:
            with _step(self.say, "starting the demo"):
                demo = await stack.enter_async_context(running_demo(options, self.say, recorder))
            caller, recorder_id = demo.accounts["alice"], demo.accounts["recorder"].user_id
            settings = phone_settings(caller, demo.plan.homeserver_url, self.folder / "caller")
            with _step(self.say, "signing in the caller"):
                phone = await stack.enter_async_context(Phone(settings))
            syncing = asyncio.create_task(phone.run(), name="the caller's sync")
            stack.push_async_callback(stop, syncing)
            await self._call_and_compare(phone, recorder_id)

    async def _call_and_compare(self, phone: Phone, recorder: str) -> None:
        with _step(self.say, "the call"):
            room_id = await self._talk(phone, recorder)
        with _step(self.say, "the recording in the room"):
            message = await _posted(phone, room_id, recorder)
            self.report.posted = True
        with _step(self.say, "fetching and decrypting it"):
            file = await phone.matrix.download(message.content, self.folder / "recording.ogg")
            heard, rate = await asyncio.to_thread(decoded, file)
            self.report.recorded_s = round(len(heard) / rate, 2)
        with _step(self.say, "comparing it with what was said"):
            await self._compare(heard, rate)

    async def _talk(self, phone: Phone, recorder: str) -> str:
        """Call, wait for the announcement and the tone, speak, hang up; the room's id."""
        announcement, rate = await asyncio.to_thread(spoken, ANNOUNCEMENT)
        wait = len(announcement) / rate + Tone().seconds + AFTER_THE_TONE
        order = CallOrder(target=recorder, play=Speech(self.said), wait=wait)
        call = await asyncio.wait_for(place_call(phone, order), CALL_WITHIN)
        self.report.answer_ms = call.answer_ms
        self.report.connected_ms = call.connected_ms
        self.report.first_audio_ms = call.first_audio_ms
        if not call.ok:
            raise StepError(f"it ended with {call.reason}")
        if call.first_audio_ms is None:
            raise StepError("the announcement was not heard")
        return call.room_id

    async def _compare(self, heard: npt.NDArray[np.float32], rate: int) -> None:
        reference, its_rate = await asyncio.to_thread(spoken, self.expected)
        match = await asyncio.to_thread(likeness, reference, its_rate, heard, rate)
        self.report.speech_match = round(match, 3)
        if match < ALIKE:
            raise StepError(f"the likeness is {match:.2f}, and should be {ALIKE} at least")


async def _posted(phone: Phone, room_id: str, recorder: str) -> Message:
    """The recorder's message in the room, once it is there; it must have come encrypted."""
    async with asyncio.timeout(POSTED_WITHIN):
        while True:
            for message in await phone.matrix.recent_messages(room_id):
                if message.sender == recorder and message.content.get("msgtype") == "m.audio":
                    if not message.encrypted:
                        raise StepError("it was posted in the clear into an encrypted room")
                    return message
            await asyncio.sleep(LOOK_EVERY)


def decoded(path: Path) -> tuple[npt.NDArray[np.float32], int]:
    """All sound of a file as mono samples, and their rate in hertz. Blocks."""
    with av.open(str(path), "r") as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler("flt", "mono", stream.rate)
        frames = [part for frame in container.decode(stream) for part in resampler.resample(frame)]
        frames += resampler.resample(None)
        parts = [frame.to_ndarray()[0] for frame in frames]
        return np.concatenate([np.zeros(0, np.float32), *parts]), stream.rate


@contextmanager
def _step(say: Say, name: str) -> Iterator[None]:
    """Say when it is done; name it when it fails."""
    began = time.monotonic()
    try:
        yield
    except TimeoutError as error:
        raise StepError(f"{name}: nothing came in time") from error
    except Exception as error:
        raise StepError(f"{name}: {error or type(error).__name__}") from error
    say(f"  ✓ {name}  ({time.monotonic() - began:.1f} s)")
