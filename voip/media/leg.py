"""One call's media, and what is attached to it: player, recorder, echo, listeners."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from voip.media.attention import Attention, Listener
from voip.media.echo import Echo
from voip.media.errors import AlreadyRecording
from voip.media.events import MarkKind, Recording, RecordingEnd
from voip.media.libopus import Rate
from voip.media.limits import PartLimits
from voip.media.listening import Listening
from voip.media.marks import GUARD
from voip.media.peer import Peer
from voip.media.player import Player
from voip.media.recorder import Recorder
from voip.media.sent import Sent
from voip.media.tap import Tap


class Leg:
    """Create on the event loop."""

    def __init__(self, peer: Peer, player: Player) -> None:
        self.peer = peer
        self.player = player
        self.echo: Echo | None = None
        self.closing: asyncio.Task[None] | None = None
        self._recorder: Recorder | None = None
        self._recorded = asyncio.Event()
        self._keyframes: asyncio.Task[None] | None = None
        self._keyframe_interval = 0.0
        self._masked = False
        self._masked_until = 0.0
        self._listening: list[Listening] = []
        self._attention: Attention | None = None

    @property
    def tap(self) -> Tap:
        return self.peer.tap

    def record(
        self,
        folder: Path,
        *,
        until_silence: float | None,
        max_seconds: float | None,
        both: bool,
        limits: PartLimits,
        grew: Callable[[Recording], None],
        ended: Callable[[Recording], None],
        keyframe_interval: float,
    ) -> None:
        if self._recorder is not None:
            raise AlreadyRecording

        def on_end(recording: Recording) -> None:
            self._detach()
            ended(recording)
            self._recorded.set()

        self._recorded.clear()
        recorder = self._recorder = Recorder(
            folder,
            until_silence=until_silence,
            max_seconds=max_seconds,
            limits=limits,
            on_end=on_end,
            on_growth=grew,
        )
        if self._masked:
            recorder.keep_nothing(MarkKind.MASK)
        self.peer.tap.add_audio(recorder, patient=True)
        self.peer.tap.add_video(recorder)
        self.peer.tap.add_reports(recorder)
        if both:
            self.player.on_sent = Sent(recorder.audio)
        self._keyframe_interval = keyframe_interval
        self._keyframes = asyncio.create_task(self._ask_for_keyframes())

    def pause_recording(self) -> None:
        if self._recorder is not None:
            self._recorder.keep_nothing(MarkKind.PAUSE)

    def resume_recording(self) -> None:
        self._keep_again(MarkKind.PAUSE)

    def mask(self) -> None:
        """Also what is recorded later, until `unmask`."""
        self._masked = True
        if self._recorder is not None:
            self._recorder.keep_nothing(MarkKind.MASK)

    def unmask(self) -> None:
        if self._masked:
            self._masked, self._masked_until = False, time.monotonic() + GUARD
            self._keep_again(MarkKind.MASK)

    def masks(self, since: float) -> bool:
        """Whether the call is masked, or was since that second of the monotonic clock."""
        return self._masked or since < self._masked_until

    def start_echo(self) -> None:
        if self.echo is None:
            self.echo = Echo(self.player)
            self.tap.add_audio(self.echo)

    def stop_echo(self) -> None:
        if self.echo is not None:
            self.tap.remove(self.echo)
            self.echo = None

    def listen(self, rate: Rate) -> Listening:
        def closed(one: Listening) -> None:
            self.tap.remove(one)
            self._listening.remove(one)

        listening = Listening(rate, closed)
        self._listening.append(listening)
        self.tap.add_audio(listening)
        return listening

    def attend(self, listener: Listener) -> None:
        """Raises OpusUnavailable."""

        def closed() -> None:
            self.tap.remove(attention)
            self._attention = None

        if self._attention is None:
            attention = self._attention = Attention(closed)
            self.tap.add_audio(attention)
        self._attention.add(listener)

    def ignore(self, listener: Listener) -> None:
        """One that is not there is no error."""
        if self._attention is not None:
            self._attention.remove(listener)

    def end_listening(self) -> None:
        """The call is over: nothing more will come."""
        for listening in [*self._listening]:
            listening.end()
        if self._attention is not None:
            self._attention.end()

    async def stop_recording(self, why: RecordingEnd) -> None:
        if self._recorder is not None:
            await self._recorder.stop(why)
            await self._recorded.wait()

    def _detach(self) -> None:
        if self._recorder is not None:
            self.peer.tap.remove(self._recorder)
            self.player.on_sent = None
            self._recorder = None
        if self._keyframes is not None:
            self._keyframes.cancel()
            self._keyframes = None

    def _keep_again(self, kind: MarkKind) -> None:
        if self._recorder is not None and self._keyframes is not None:
            self._recorder.keep_again(kind)
            self._keyframes.cancel()
            self._keyframes = asyncio.create_task(self._ask_for_keyframes(after=GUARD))

    async def _ask_for_keyframes(self, after: float = 0.0) -> None:
        """A recording can begin at a keyframe only, and players can seek to them only."""
        await asyncio.sleep(after)
        while True:
            await self.peer.request_keyframes()
            await asyncio.sleep(self._keyframe_interval)
