"""All media of one process behind plain commands.

Arguments, results and events are plain data: the engine is meant to run in a worker process of
its own. Calls know nothing of each other, and what goes wrong in one ends that one alone.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from voip.media.bridge import Bridges
from voip.media.errors import CallClosed, DuplicateCall, UnknownCall
from voip.media.events import (
    Digit,
    Failed,
    MediaEvent,
    MediaStats,
    RecordingEnd,
    RecordingEnded,
    RecordingGrew,
)
from voip.media.icelist import Resolver
from voip.media.leg import Leg
from voip.media.libopus import Rate
from voip.media.listening import Listening
from voip.media.live_sources import LiveSources
from voip.media.peer import Peer
from voip.media.player import Player
from voip.media.prompts import PromptCache
from voip.media.realtime import take_short_turns
from voip.media.settings import MediaSettings
from voip.media.shared_port import SharedPort
from voip.media.sound_errors import PlayerClosed
from voip.media.sounds import Played, Sound
from voip.media.speech_queue import Onset, Readers
from voip.media.ticker import Ticker
from voip.media.utterance import Utterance
from voip.media.voice import SpeechRules
from voip.signalling.content import Streams
from voip.signalling.events import Change
from voip.signalling.ice import Candidate, IceServer
from voip.signalling.ids import CallKey

log = logging.getLogger(__name__)


class MediaEngine:
    """May be created before the event loop runs; everything else is called on the loop.

    `emit` gets every MediaEvent, on the loop. It must not block.
    """

    def __init__(self, settings: MediaSettings, emit: Callable[[MediaEvent], None]) -> None:
        _keep_addresses_out_of_logs()
        take_short_turns()
        self._settings = settings
        self._listener = emit
        self._calls: dict[CallKey, Leg] = {}
        self._bridges = Bridges()
        self._endings: set[asyncio.Task[None]] = set()
        self._prompts = PromptCache()
        self._readers = Readers()
        self._live = LiveSources()
        self._resolver = Resolver()
        self._ticker = Ticker(settings.look_every)
        self._port: SharedPort | None = None

    async def open(self) -> None:
        """Open the shared port, where the settings ask for one; before the first call.

        Raises PortInUse, or OSError as the system gives it.
        """
        if self._settings.port is not None and self._port is None:
            port = SharedPort(self._settings.port)
            port.open()
            self._port = port

    async def create_offer(
        self, key: CallKey, *, video: bool, ice_servers: Sequence[IceServer]
    ) -> str:
        """An offer of audio both ways and, with `video`, of video towards us.

        It carries the candidates that were found within `gather_timeout`; whether that is all of
        them, `sdp.is_complete` says. Raises DuplicateCall, NoRelay, CallClosed.
        """
        call = self._new(key, ice_servers)
        try:
            return await call.peer.offer(video=video)
        except BaseException:
            await self.close(key)
            raise

    async def create_answer(
        self, key: CallKey, offer: str, *, ice_servers: Sequence[IceServer]
    ) -> str:
        """The answer to a remote offer; from here on the connection is being made.

        Raises BadDescription, NoCommonCodec, DuplicateCall, NoRelay, CallClosed.
        """
        call = self._new(key, ice_servers)
        try:
            return await call.peer.answer(offer)
        except BaseException:
            await self.close(key)
            raise

    async def apply_answer(self, key: CallKey, answer: str) -> None:
        """The remote answer to our offer, the call's first or a later one.

        Raises UnknownCall, BadDescription, NoCommonCodec, CallClosed.
        """
        await self._call(key).peer.apply(answer)

    async def create_reoffer(
        self,
        key: CallKey,
        change: Change,
        *,
        ice_servers: Sequence[IceServer] | None = None,
    ) -> str:
        """An offer of ours in the middle of a call; nothing changes until it is answered.

        It takes an open one back. `ice_servers`: in place of those that the call began with,
        whose credentials may have expired; a restart uses them.
        Raises UnknownCall, NotAnswered, CallClosed.
        """
        return await self._call(key).peer.reoffer(change, ice_servers)

    async def create_reanswer(
        self, key: CallKey, offer: str, *, ice_servers: Sequence[IceServer] | None = None
    ) -> str:
        """The answer to a remote offer in the middle of a call. An open offer of ours is taken
        back first; an offer that cannot be used leaves everything as it was.

        Raises BadDescription, NoCommonCodec, UnknownCall, NotAnswered, CallClosed.
        """
        return await self._call(key).peer.reanswer(offer, ice_servers)

    async def rollback(self, key: CallKey) -> None:
        """Take our open offer back. None is no error. Raises UnknownCall."""
        await self._call(key).peer.rollback()

    async def send_digits(
        self, key: CallKey, digits: str, *, seconds: float = 0.1, gap: float = 0.07
    ) -> None:
        """Press keys, `0123456789*#ABCD`, each for so long; returns when they are sent. What
        plays meanwhile waits.

        Raises ValueError, NoDigits, UnknownCall and, when the call ends, CallClosed.
        """
        try:
            await self._call(key).peer.press(digits, seconds=seconds, gap=gap)
        except PlayerClosed:
            raise CallClosed from None

    def keep_together(self, key: CallKey, other: CallKey) -> None:
        """The call `key`, which is yet to begin, is going to be bridged with `other`. In one
        process all calls are together; worker processes have to be told."""

    async def bridge(self, a: CallKey, b: CallKey) -> None:
        """Let the two hear each other, until either call ends or `unbridge`. Where one shows
        something, the other is to see it too: `LocalStreams` says when that is to be negotiated.

        Raises UnknownCall, AlreadyBridged, and from worker processes NotTogether.
        """
        self._bridges.join(a, b, self._call(a), self._call(b))

    async def unbridge(self, key: CallKey) -> None:
        """Nothing to end is no error. Raises UnknownCall."""
        self._call(key)
        await self._bridges.part(key)

    async def add_candidates(self, key: CallKey, candidates: Sequence[Candidate]) -> None:
        """Remote candidates, in any order and number; unusable ones are counted and ignored.

        Those that come before the remote description are held. Raises UnknownCall.
        """
        await self._call(key).peer.remote.add(candidates)

    async def set_streams(self, key: CallKey, streams: Streams) -> None:
        """What the other side's streams are for, by their ids (`a=msid`), and what of them is
        muted; before, with or after the description that has them.

        Streams that are not in it are neither heard nor recorded, a muted picture is left out.
        As long as this is not said, the first stream alone counts. Raises UnknownCall.
        """
        await self._call(key).peer.set_streams(streams)

    async def close(self, key: CallKey) -> None:
        """End the call's media; its recording has been said to have ended when this returns.

        Does nothing where there is none.
        """
        call = self._calls.get(key)
        if call is None:
            return
        if call.closing is None:
            call.closing = asyncio.create_task(self._shut(key, call))
        # Shielded: who is cancelled while waiting must not leave half a call behind.
        await asyncio.shield(call.closing)

    async def prepare(self, sound: Sound, *, gain_db: float = 0.0, loop: bool = False) -> None:
        """Encode a sound ahead of its first use. Raises as `play` does."""
        await self._prompts.prepare(sound, gain_db, endless=loop)

    async def play(
        self,
        key: CallKey,
        sound: Sound,
        *,
        gain_db: float = 0.0,
        loop: bool = False,
        name: int = 0,
    ) -> Played:
        """Play a sound to its end, `gain_db` louder (−40 to 20, without clipping), with `loop` over
        and over; `stop_playing` stops it, and so does cancelling. Before the connection is up it
        waits.

        Raises SoundError, SpeechUnavailable, UnknownCall and, when the call ends, CallClosed.
        """
        player = self._call(key).player
        playing = player.expect(name)
        try:
            clip = await self._prompts.prepare(sound, gain_db, endless=loop)
            return await player.play(clip, loop=loop, expected=playing)
        except PlayerClosed:
            raise CallClosed from None
        finally:
            player.forget(playing)

    async def stop_playing(self, key: CallKey, *, name: int | None = None) -> None:
        """Stop what `play` plays under that name, None: everything that plays or waits. No further
        packet of it is sent, and `play` returns. Nothing to stop is no error. Raises UnknownCall.
        """
        self._call(key).player.stop_playing(name)

    async def open_line(self, key: CallKey, rate: Rate = 48_000) -> None:
        """Begin to speak in a call, with samples that `write_line` brings; until `close_line` or
        the end of the call. A call hears one such source at a time.

        Raises UnknownCall, AlreadySpeaking, CallClosed, OpusUnavailable, and OpusError for a rate
        that Opus does not have.
        """
        call = self._call(key)
        self._live.open(key, call.player, rate, fec=call.peer.takes_fec)

    async def share_line(self, key: CallKey, other: CallKey) -> None:
        """Let another call hear what is spoken in this one; it is encoded once for all.

        Raises UnknownCall, NotSpeaking, AlreadySpeaking, CallClosed.
        """
        self._call(key)
        self._live.share(key, other, self._call(other).player)

    async def write_line(self, key: CallKey, data: bytes) -> None:
        """More samples, mono, two bytes each as this machine has them. Returns when no more than
        200 ms wait to be heard; where nothing waits, the call hears silence.

        Raises UnknownCall, ValueError for half a sample or more than 2 MB, NotSpeaking, and
        CallClosed when it ends meanwhile.
        """
        self._call(key)
        await self._live.write(key, data)

    async def clear_line(self, key: CallKey) -> float:
        """Drop what waits to be heard; gives its length in seconds. A `write_line` that waits
        drops the rest of its samples too. Raises UnknownCall, NotSpeaking."""
        self._call(key)
        return self._live.clear(key)

    async def close_line(self, key: CallKey, *, drop: bool = False) -> None:
        """End it once everything was heard, or at once. What ended before is no error."""
        await self._live.close(key, drop=drop)

    async def start_recording(
        self,
        key: CallKey,
        folder: Path,
        *,
        until_silence: float | None = None,
        max_seconds: float | None = None,
        both: bool = False,
    ) -> None:
        """Record the other side into `folder`, which exists, until stopped, until nobody spoke
        for `until_silence` seconds, for at most `max_seconds`, or until the call ends. `both`: what
        we send too, as a part of its own.

        RecordingEnded is said exactly once for it, RecordingGrew for each file before that.
        Raises UnknownCall, and ValueError for a limit of 0 or less.
        """
        self._call(key).record(
            folder,
            until_silence=until_silence,
            max_seconds=max_seconds,
            both=both,
            limits=self._settings.part_limits,
            grew=lambda recording: self._emit(RecordingGrew(key, recording)),
            ended=lambda recording: self._emit(RecordingEnded(key, recording)),
            keyframe_interval=self._settings.keyframe_interval,
        )

    async def stop_recording(self, key: CallKey) -> None:
        """RecordingEnded has been said when this returns. Nothing to stop is no error."""
        await self._call(key).stop_recording(RecordingEnd.STOPPED)

    async def pause_recording(self, key: CallKey) -> None:
        """Keep nothing until `resume_recording`. The time stays in the recording, as silence.
        Nothing to pause is no error. Raises UnknownCall."""
        self._call(key).pause_recording()

    async def resume_recording(self, key: CallKey) -> None:
        """Nothing to resume is no error. Raises UnknownCall."""
        self._call(key).resume_recording()

    async def mask(self, key: CallKey) -> None:
        """Until `unmask`, keep nothing of what is said and shown, in the recording that runs or in
        one that begins meanwhile; keys that are pressed are told as masked. Raises UnknownCall."""
        self._call(key).mask()

    async def unmask(self, key: CallKey) -> None:
        """What was on its way is masked too. Nothing to end is no error. Raises UnknownCall."""
        self._call(key).unmask()

    async def start_echo(self, key: CallKey) -> None:
        """Play back what the other side says. Raises UnknownCall."""
        self._call(key).start_echo()

    async def stop_echo(self, key: CallKey) -> None:
        """Nothing to stop is no error. Raises UnknownCall."""
        self._call(key).stop_echo()

    def listen(self, key: CallKey, rate: Rate = 16_000) -> Listening:
        """What the other side says, as samples: an asynchronous iterator of 20 ms each, int16,
        mono, at `rate` hertz, which is to be closed (it is a context manager). It ends with the
        call. Several at the same time are fine.

        Raises UnknownCall, OpusUnavailable where there is no libopus, and OpusError for a rate
        that Opus does not have.
        """
        return self._call(key).listen(rate)

    async def start_utterances(self, key: CallKey, rules: SpeechRules) -> int:
        """Begin to collect what the other side says, each time that it speaks; gives the number
        to ask for it with. Several at the same time are fine.

        Raises UnknownCall, OpusUnavailable.
        """
        return self._readers.start(self._call(key), rules)

    async def next_utterance(self, key: CallKey, number: int) -> Utterance | None:
        """The next one, when it is over; None where the call is, and all was given. What is not
        asked for in time is lost, see `Utterance.missed`. One reader at a time."""
        return await self._readers.next(number)

    async def stop_utterances(self, key: CallKey, number: int) -> None:
        """To be called in any case, also when the call is over. Nothing to stop is no error."""
        self._readers.stop(number)

    async def speech_began(self, key: CallKey) -> float:
        """Wait until the other side speaks, at once where it does already; cancel to stop it.
        Gives when it began, in seconds of the monotonic clock.

        Raises UnknownCall, OpusUnavailable and, when the call ends, CallClosed.
        """
        call, onset = self._call(key), Onset()
        call.attend(onset)
        try:
            at = await onset.began
        finally:
            call.ignore(onset)
        if at is None:
            raise CallClosed
        return at

    async def stats(self, key: CallKey) -> MediaStats:
        """What the call's media came to so far, and a sample of every few seconds. It costs next
        to nothing. Raises UnknownCall."""
        return await self._call(key).peer.stats()

    @property
    def live(self) -> int:
        """How many calls have media."""
        return len(self._calls)

    async def aclose(self) -> None:
        """Close every call. The engine is not used afterwards."""
        await asyncio.gather(*(self.close(key) for key in list(self._calls)))
        await asyncio.gather(*self._endings)
        if self._port is not None:
            self._port.close()
        await self._prompts.close()
        self._resolver.close()

    def _new(self, key: CallKey, ice_servers: Sequence[IceServer]) -> Leg:
        if key in self._calls:
            raise DuplicateCall
        player = Player()
        peer = Peer(
            key,
            self._settings,
            ice_servers,
            resolver=self._resolver,
            port=self._port,
            ticker=self._ticker,
            track=player,
            emit=self._from_peer,
        )
        call = self._calls[key] = Leg(peer, player)
        return call

    def _call(self, key: CallKey) -> Leg:
        call = self._calls.get(key)
        if call is None or call.closing is not None:
            raise UnknownCall
        return call

    async def _shut(self, key: CallKey, call: Leg) -> None:
        await self._bridges.part(key)
        self._live.leave(key)
        # At the same time: a slow disk does not keep the line open.
        results = await asyncio.gather(
            call.peer.close(),
            call.stop_recording(RecordingEnd.CALL_ENDED),
            return_exceptions=True,
        )
        call.end_listening()
        del self._calls[key]
        for error in results:
            if isinstance(error, BaseException):
                log.error("closing a call's media failed", exc_info=error)

    def _from_peer(self, event: MediaEvent) -> None:
        if isinstance(event, Digit):
            event = self._masked(event)
        if not isinstance(event, Failed):
            self._emit(event)
            return
        ending = asyncio.create_task(self._end(event))
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)

    def _masked(self, digit: Digit) -> Digit:
        call = self._calls.get(digit.key)
        began = time.monotonic() - digit.seconds
        return digit if call is None else replace(digit, masked=call.masks(began))

    async def _end(self, event: Failed) -> None:
        """Failed is said last: the call is closed then, and its recording complete."""
        call = self._calls.get(event.key)
        if call is None or call.closing is not None:
            return  # closed by whoever uses it: no failure any more
        await self.close(event.key)
        self._emit(event)

    def _emit(self, event: MediaEvent) -> None:
        try:
            self._listener(event)
        except Exception:
            log.exception("the listener of media events failed")


def _keep_addresses_out_of_logs() -> None:
    """aioice logs candidates at INFO, aiortc descriptions at DEBUG."""
    for name in ("aioice", "aiortc"):
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.WARNING)
