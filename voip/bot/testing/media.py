"""The media of a call in a test: nothing sounds, and everything takes the time that it takes."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np

from voip.bot.testing.sounds import seconds_of, words_of
from voip.bot.testing.voice import Reader, Voice
from voip.media.errors import (
    AlreadyBridged,
    AlreadyRecording,
    AlreadySpeaking,
    CallClosed,
    NotSpeaking,
    UnknownCall,
)
from voip.media.events import MediaDirection, MediaStats, Recording, RecordingEnd
from voip.media.libopus import Rate, Samples
from voip.media.sounds import Played, Sound
from voip.media.utterance import Utterance
from voip.media.voice import SpeechRules
from voip.signalling.ids import CallKey

FRAME: Final = 0.02
"""Seconds of the samples that a listener gets at a time."""


@dataclass(slots=True)
class Leg:
    """What a call has of the media, and what its other side hears."""

    voice: Voice
    on_recording: Callable[[Recording], None]
    up: asyncio.Event = field(default_factory=asyncio.Event)
    """The call is connected."""
    heard: list[str] = field(default_factory=list)
    """What was played or said, in words, since the beginning."""
    hearing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when one more is heard."""
    keys: str = ""
    """That we pressed."""
    masks: int = 0
    bridged: CallKey | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Sounds are heard one after the other."""
    playing: dict[int, asyncio.Event] = field(default_factory=dict)
    """By the sound's name: what stops it."""
    recording: asyncio.Task[None] | None = None
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    """Stops the recording."""
    stopped_by: RecordingEnd = RecordingEnd.STOPPED
    line: Rate | None = None
    takes: int = 0


class FakeMedia:
    """Implements `CallMedia`."""

    def __init__(self) -> None:
        self.legs: dict[CallKey, Leg] = {}
        self._readers: dict[int, Reader] = {}
        self._numbers = itertools.count(1)

    def add(self, key: CallKey, leg: Leg) -> None:
        self.legs[key] = leg

    async def close(self, key: CallKey) -> None:
        leg = self.legs.pop(key)
        leg.voice.end()
        for stop in leg.playing.values():
            stop.set()
        if leg.recording is not None:
            await leg.recording

    def _leg(self, key: CallKey) -> Leg:
        if key not in self.legs:
            raise UnknownCall
        return self.legs[key]

    # --- what is heard there ---

    async def prepare(self, sound: Sound, *, gain_db: float = 0.0, loop: bool = False) -> None:
        """Every sound is ready."""

    async def play(
        self,
        key: CallKey,
        sound: Sound,
        *,
        gain_db: float = 0.0,
        loop: bool = False,
        name: int = 0,
    ) -> Played:
        leg = self._leg(key)
        stop = leg.playing[name] = asyncio.Event()
        try:
            async with leg.turn:
                await leg.up.wait()
                if stop.is_set():
                    return Played(ended=False, seconds=0.0)
                leg.heard.append(words_of(sound))
                leg.hearing.set()
                return await self._sound(key, None if loop else seconds_of(sound), stop)
        finally:
            del leg.playing[name]

    async def _sound(self, key: CallKey, seconds: float | None, stop: asyncio.Event) -> Played:
        clock = asyncio.get_running_loop()
        began = clock.time()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await stop.wait()
        if key not in self.legs:
            raise CallClosed
        return Played(not stop.is_set(), round(clock.time() - began, 2))

    async def stop_playing(self, key: CallKey, *, name: int | None = None) -> None:
        for each, stop in self._leg(key).playing.items():
            if name in {None, each}:
                stop.set()

    async def send_digits(
        self, key: CallKey, digits: str, *, seconds: float = 0.1, gap: float = 0.07
    ) -> None:
        leg = self._leg(key)
        for digit in digits:
            leg.keys += digit
            await asyncio.sleep(seconds + gap)

    async def open_line(self, key: CallKey, rate: Rate = 48_000) -> None:
        leg = self._leg(key)
        if leg.line is not None:
            raise AlreadySpeaking
        leg.line = rate

    async def share_line(self, key: CallKey, other: CallKey) -> None:
        self._leg(key)
        self._leg(other)

    async def write_line(self, key: CallKey, data: bytes) -> None:
        leg = self._leg(key)
        if leg.line is None:
            raise NotSpeaking
        await asyncio.sleep(len(data) / 2 / leg.line)

    async def clear_line(self, key: CallKey) -> float:
        self._leg(key)
        return 0.0

    async def close_line(self, key: CallKey, *, drop: bool = False) -> None:
        self._leg(key).line = None

    # --- what is heard of there ---

    async def start_recording(
        self,
        key: CallKey,
        folder: Path,
        *,
        until_silence: float | None = None,
        max_seconds: float | None = None,
        both: bool = False,
    ) -> None:
        leg = self._leg(key)
        if leg.recording is not None and not leg.recording.done():
            raise AlreadyRecording
        leg.stop = asyncio.Event()
        leg.takes += 1
        take = self._take(leg, folder, until_silence, max_seconds, both)
        leg.recording = asyncio.create_task(take)

    async def _take(
        self,
        leg: Leg,
        folder: Path,
        until_silence: float | None,
        max_seconds: float | None,
        both: bool,
    ) -> None:
        number, began = leg.takes, asyncio.get_running_loop().time()
        by_itself = asyncio.ensure_future(leg.voice.until_stopped(until_silence, max_seconds))
        stopped = asyncio.ensure_future(leg.stop.wait())
        await asyncio.wait({by_itself, stopped}, return_when=asyncio.FIRST_COMPLETED)
        end = by_itself.result() if by_itself.done() else leg.stopped_by
        by_itself.cancel()
        stopped.cancel()
        seconds = asyncio.get_running_loop().time() - began

        def file(name: str, direction: MediaDirection, *parts: Recording) -> Recording:
            path = folder / (f"{name}.ogg" if number == 1 else f"{name}-{number}.ogg")
            path.write_bytes(b"not a sound: a recording of a test")
            size = path.stat().st_size
            return Recording(
                path, "audio/ogg", seconds, size, end, parts=parts, direction=direction
            )

        parts = (file("played", MediaDirection.SENT),) if both else ()
        leg.on_recording(file("audio", MediaDirection.RECEIVED, *parts))

    async def pause_recording(self, key: CallKey) -> None:
        self._leg(key)

    async def resume_recording(self, key: CallKey) -> None:
        self._leg(key)

    async def stop_recording(self, key: CallKey) -> None:
        leg = self._leg(key)
        leg.stop.set()
        if leg.recording is not None:
            await leg.recording

    async def mask(self, key: CallKey) -> None:
        self._leg(key).masks += 1

    async def unmask(self, key: CallKey) -> None:
        self._leg(key).masks -= 1

    async def start_utterances(self, key: CallKey, rules: SpeechRules) -> int:
        number = next(self._numbers)
        self._readers[number] = Reader(self._leg(key).voice, rules)
        return number

    async def next_utterance(self, key: CallKey, number: int) -> Utterance | None:
        return await self._readers[number].next()

    async def stop_utterances(self, key: CallKey, number: int) -> None:
        self._readers.pop(number, None)

    async def speech_began(self, key: CallKey) -> float:
        return await self._leg(key).voice.began()

    def listen(self, key: CallKey, rate: Rate = 16_000) -> FakeSamples:
        return FakeSamples(self._leg(key).voice, rate)

    async def start_echo(self, key: CallKey) -> None:
        self._leg(key)

    async def stop_echo(self, key: CallKey) -> None:
        self._leg(key)

    # --- two calls, and figures ---

    async def bridge(self, a: CallKey, b: CallKey) -> None:
        one, other = self._leg(a), self._leg(b)
        if a == b or one.bridged is not None or other.bridged is not None:
            raise AlreadyBridged
        one.bridged, other.bridged = b, a

    async def unbridge(self, key: CallKey) -> None:
        other = self._leg(key).bridged
        self._leg(key).bridged = None
        if other in self.legs:
            self.legs[other].bridged = None

    async def stats(self, key: CallKey) -> MediaStats:
        self._leg(key)
        return MediaStats(True, 500, 0, 500, 0, 0, round_trip=0.04, mos=4.2, mos_of_peer=4.1)


class FakeSamples:
    """Something loud while the other side speaks, and silence else."""

    def __init__(self, voice: Voice, rate: Rate) -> None:
        self.rate: Rate = rate
        self.dropped = 0
        self._voice = voice

    def close(self) -> None:
        """Nothing is kept."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Samples:
        await asyncio.sleep(FRAME)
        if self._voice.over:
            raise StopAsyncIteration
        level = 8000 if self._voice.speaking else 0
        return np.full(round(self.rate * FRAME), level, np.int16)
