"""Two calls that hear and see each other through us, without decoding anything."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final, Protocol

from voip.media.errors import AlreadyBridged
from voip.media.forward import Forward
from voip.media.peer import Peer
from voip.media.player import Player
from voip.media.tap import Tap
from voip.signalling.ids import CallKey

DELAY: Final = 0.08
"""Seconds: as much as the network may shake what comes in (four packets)."""
KEYFRAME_PAUSE: Final = 0.5
"""Seconds between two requests for a keyframe: each is many times the size of other frames."""


class Leg(Protocol):
    """What a bridge needs of a call."""

    peer: Peer
    player: Player

    @property
    def tap(self) -> Tap: ...


class Way:
    """From one call, the source, to the other, the sink: its sound, its camera, its screen."""

    def __init__(self, source: Leg, sink: Leg) -> None:
        self._source, self._sink = source, sink
        self._asked: dict[str, None] = {}
        """The purposes of which a keyframe is wanted."""
        self._news = asyncio.Event()
        self._asking = asyncio.create_task(self._ask_for_keyframes())
        self._sound = Forward(sink.player, DELAY)
        self._video = sink.peer.pass_on(source.peer.lines.shown, self._seen)
        source.tap.add_audio(self._sound)
        source.tap.add_video(self._video)
        source.peer.lines.on_shown = self._shown

    async def end(self) -> None:
        self._source.peer.lines.on_shown = None
        self._source.tap.remove(self._sound)
        self._source.tap.remove(self._video)
        self._asking.cancel()
        await asyncio.gather(self._asking, return_exceptions=True)
        for purpose in self._source.peer.lines.shown:
            self._source.peer.lines.limit_video(purpose, None)
        await self._sink.peer.pass_no_more()

    def _shown(self) -> None:
        self._sink.peer.pass_on(self._source.peer.lines.shown, self._seen)

    def _seen(self, purpose: str) -> _Seen:
        return _Seen(self, self._source.peer, purpose)

    def want_keyframe(self, purpose: str) -> None:
        self._asked[purpose] = None
        self._news.set()

    async def _ask_for_keyframes(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            asked, self._asked = self._asked, {}
            for purpose in asked:
                await self._source.peer.request_keyframes(purpose)
            await asyncio.sleep(KEYFRAME_PAUSE)


@dataclass(frozen=True, slots=True)
class _Seen:
    """One picture of the source, for whoever sees it."""

    way: Way
    peer: Peer
    purpose: str

    def want_keyframe(self) -> None:
        """Whoever begins to look, or has lost something, needs one (RFC 4585 §6.3.1)."""
        self.way.want_keyframe(self.purpose)

    def limit(self, rate: int) -> None:
        self.peer.lines.limit_video(self.purpose, rate)


class _Bridge:
    """Two calls, and the ways between them."""

    def __init__(self, a: CallKey, b: CallKey, leg_a: Leg, leg_b: Leg) -> None:
        self.calls = a, b
        self.ending: asyncio.Task[None] | None = None
        self._ways = Way(leg_a, leg_b), Way(leg_b, leg_a)

    async def end(self) -> None:
        await asyncio.gather(*(way.end() for way in self._ways))


class Bridges:
    """The bridges of all calls; a call has one at most."""

    def __init__(self) -> None:
        self._by_call: dict[CallKey, _Bridge] = {}

    def join(self, a: CallKey, b: CallKey, leg_a: Leg, leg_b: Leg) -> None:
        """Raises AlreadyBridged; a call cannot be bridged with itself either."""
        if a == b or a in self._by_call or b in self._by_call:
            raise AlreadyBridged
        self._by_call[a] = self._by_call[b] = _Bridge(a, b, leg_a, leg_b)

    async def part(self, key: CallKey) -> None:
        """Nothing to end is no error. Both calls can be joined anew when this returns."""
        bridge = self._by_call.get(key)
        if bridge is None:
            return
        if bridge.ending is None:
            bridge.ending = asyncio.create_task(self._end(bridge))
        # Shielded: who is cancelled while waiting must not leave half a bridge behind.
        await asyncio.shield(bridge.ending)

    async def _end(self, bridge: _Bridge) -> None:
        try:
            await bridge.end()
        finally:
            for key in bridge.calls:
                del self._by_call[key]
