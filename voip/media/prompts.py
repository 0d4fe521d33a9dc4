"""Announcements, encoded once and shared by all calls."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from voip.media.clips import Clip, encode
from voip.media.sounds import Sound, SoundFile

Key = tuple[Sound, int, float, bool]
"""A sound, when its file was changed, by how much it is made louder, and whether it is endless."""
Encoder = Callable[[Sound, float, bool], Clip]


def _encode(sound: Sound, gain_db: float, endless: bool) -> Clip:
    return encode(sound, gain_db, endless=endless)


class PromptCache:
    """Gives the packets of a sound; the least recently used sounds are forgotten.

    However many calls ask for a sound at the same time, it is encoded once. A file that was
    changed is read again.
    """

    def __init__(self, max_bytes: int = 16 << 20, *, encoder: Encoder = _encode) -> None:
        """`max_bytes` of packets are kept: 16 MiB are over an hour of speech."""
        self._max_bytes = max_bytes
        self._encoder = encoder
        self._clips: OrderedDict[Key, Clip] = OrderedDict()
        self._bytes = 0
        self._flights: dict[Key, asyncio.Task[Clip]] = {}

    async def prepare(self, sound: Sound, gain_db: float = 0.0, *, endless: bool = False) -> Clip:
        """The packets of `sound`, made louder by `gain_db`: at once where they are known, encoded
        in a thread otherwise.

        Raises SoundError and SpeechUnavailable, see `clips.encode`; a failure is not kept. A
        caller that is cancelled leaves the encoding to the others.
        """
        key = *await self._version(sound), gain_db, endless
        if clip := self._clips.get(key):
            self._clips.move_to_end(key)
            return clip
        if key not in self._flights:
            flight = asyncio.create_task(self._encode(key))
            self._flights[key] = flight
            flight.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(self._flights[key])

    async def close(self) -> None:
        """Wait for what is being encoded: a thread cannot be cancelled."""
        await asyncio.gather(*self._flights.values(), return_exceptions=True)

    async def _version(self, sound: Sound) -> tuple[Sound, int]:
        """What the sound is and, for a file, when it was changed."""
        if not isinstance(sound, SoundFile):
            return sound, 0
        try:
            status = await asyncio.to_thread(sound.path.stat)
        except OSError:
            return sound, 0  # the encoder says what is wrong with it
        return sound, status.st_mtime_ns

    async def _encode(self, key: Key) -> Clip:
        clip = await asyncio.to_thread(self._encoder, key[0], key[2], key[3])
        self._keep(key, clip)
        return clip

    def _keep(self, key: Key, clip: Clip) -> None:
        self._clips[key] = clip
        self._bytes += _size(clip)
        while self._bytes > self._max_bytes and len(self._clips) > 1:
            _, forgotten = self._clips.popitem(last=False)
            self._bytes -= _size(forgotten)

    def _landed(self, key: Key, flight: asyncio.Task[Clip]) -> None:
        del self._flights[key]
        if not flight.cancelled():
            flight.exception()  # whoever waited has it; nobody else needs a warning


def _size(clip: Clip) -> int:
    return sum(map(len, clip))
