"""The live sources of all calls: each belongs to one call, and others may hear it too."""

from __future__ import annotations

from voip.media.errors import AlreadySpeaking, CallClosed, NotSpeaking
from voip.media.libopus import Rate
from voip.media.live import LiveSource
from voip.media.player import Player
from voip.media.sound_errors import PlayerClosed
from voip.signalling.ids import CallKey


class LiveSources:
    """A call hears one at a time, its own or another's, which ends with the call it belongs to."""

    def __init__(self) -> None:
        self._sources: dict[CallKey, LiveSource] = {}
        self._heard: dict[CallKey, tuple[CallKey, Player]] = {}
        """By the call that hears it: whose it is."""

    def open(self, key: CallKey, player: Player, rate: Rate, *, fec: bool) -> None:
        """Raises AlreadySpeaking, CallClosed, OpusUnavailable, OpusError."""
        source = LiveSource(rate, fec=fec)
        self._join(source, key, key, player)
        self._sources[key] = source

    def share(self, key: CallKey, other: CallKey, player: Player) -> None:
        """Raises NotSpeaking, AlreadySpeaking, CallClosed."""
        self._join(self._source(key), key, other, player)

    async def write(self, key: CallKey, data: bytes) -> None:
        """Raises NotSpeaking, CallClosed, ValueError."""
        if not await self._source(key).write(data):
            raise CallClosed

    def clear(self, key: CallKey) -> float:
        """Raises NotSpeaking."""
        return self._source(key).clear()

    async def close(self, key: CallKey, *, drop: bool) -> None:
        """Where there is none, there is nothing to do."""
        source = self._sources.get(key)
        if source is None:
            return
        if not drop:
            await source.drain()
        if self._sources.get(key) is source:
            self._end(key)

    def leave(self, key: CallKey) -> None:
        """The call is over."""
        if key in self._sources:
            self._end(key)
        elif key in self._heard:
            self._hush(key)

    def _join(self, source: LiveSource, owner: CallKey, key: CallKey, player: Player) -> None:
        if key in self._heard:
            raise AlreadySpeaking
        try:
            player.speak(source)
        except PlayerClosed:
            raise CallClosed from None
        self._heard[key] = owner, player

    def _end(self, owner: CallKey) -> None:
        for key in [key for key, (whose, _) in self._heard.items() if whose == owner]:
            self._hush(key)
        self._sources.pop(owner).end()

    def _hush(self, key: CallKey) -> None:
        owner, player = self._heard.pop(key)
        player.hush(self._sources[owner])

    def _source(self, key: CallKey) -> LiveSource:
        source = self._sources.get(key)
        if source is None:
            raise NotSpeaking
        return source
