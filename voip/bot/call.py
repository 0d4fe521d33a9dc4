"""A call as the author of a bot sees it: straight async code.

Every method that waits raises `CallEnded` when the call ends first, so a flow needs no checks of
its own: it simply stops where it stands.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from voip.bot.barge_in import BargeIn, Until, interruptible
from voip.bot.call_file import CallFile, stamp
from voip.bot.consent import Consent
from voip.bot.digits import Digits
from voip.bot.marks import Marks
from voip.bot.speaking import Line, speaking
from voip.bot.utterances import Utterances
from voip.media.errors import CallClosed, UnknownCall
from voip.media.events import MediaStats, Recording
from voip.media.interface import SampleStream
from voip.media.libopus import Rate
from voip.media.sounds import Played, Sound
from voip.media.voice import SpeechRules
from voip.signalling.commands import (
    Answered,
    Ended,
    Established,
    IdentityAsserted,
    Notice,
    PeerState,
    TransferRejected,
    TransferRequested,
)
from voip.signalling.content import AssertedIdentity, Capabilities, Streams
from voip.signalling.errors import LocalError
from voip.signalling.events import AssertIdentity, Change, Renegotiate, SetMuted
from voip.signalling.ids import CallKey, Party
from voip.store.records import Direction

if TYPE_CHECKING:
    from voip.bot.phone import Phone

T = TypeVar("T")


class CallEnded(Exception):  # the end of a call is no error
    """The call is over; `end` says why and by whom."""

    def __init__(self, end: Ended) -> None:
        super().__init__(f"the call is over: {end.reason.value} ({end.by.value})")
        self.end = end


class Call:
    """One call, either way. `Phone` makes them."""

    def __init__(
        self, phone: Phone, key: CallKey, direction: Direction, peer_user_id: str, video: bool
    ) -> None:
        self.id = phone.new_id()
        """Our own id, safe in a path; the wire's ids are in `key`."""
        self.key = key
        self.direction = direction
        self.peer_user_id = peer_user_id
        """Who calls, or who is called."""
        self.video = video
        self.began_at = datetime.now(UTC)
        self.folder = phone.recordings / f"{self.began_at:%Y%m%dT%H%M%SZ}-{self.id}"
        """Where its recordings go; made when it is first needed."""
        self.device_key: str | None = None
        """The Curve25519 key of the device that calls; None where it is not known."""
        self.peer: Party | None = None
        self.peer_can = Capabilities()
        """What the other side can be asked to do."""
        self.peer_state: PeerState | None = None
        """Hold and mute, as the other side says; None as long as it says nothing."""
        self.asserted_identity: AssertedIdentity | None = None
        """Who the other side says is on the line; nothing proves it."""
        self.on_said: Callable[[IdentityAsserted | PeerState], None] | None = None
        """Told of what the other side says of itself, when it says it. Must not block or raise."""
        self.end: Ended | None = None
        self.media: MediaStats | None = None
        """What its media came to, once they are closed."""
        self.marks = Marks()
        self.recordings: list[Recording] = []
        self.under_way: Recording | None = None
        """What is recorded now, as it stood when it got its last file."""
        self.writing = asyncio.Lock()
        """Held by whoever writes `call.json`."""
        self.consent: Consent | None = None
        """How the other side agreed to being recorded; None where it was not asked."""
        self._phone = phone
        loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[None] = loop.create_future()
        self._closed: asyncio.Future[None] = loop.create_future()
        self._established: asyncio.Future[None] = loop.create_future()
        self._recording: asyncio.Future[Recording] | None = None
        self._masks = 0
        """How many masks lie within each other."""
        self._digits = Digits()
        self._sounds = itertools.count(1)

    @property
    def room_id(self) -> str:
        return self.key.room_id

    @property
    def peer_streams(self) -> Streams:
        """What the other side sends, by the stream's id: `purpose` (`m.usermedia`,
        `m.screenshare`), `audio_muted`, `video_muted`. Empty where it does not say."""
        return (self.peer_state and self.peer_state.streams) or {}

    def file(self) -> CallFile:
        """What `call.json` says about it as things stand."""
        ours, theirs = self._phone.user_id, self.peer_user_id
        outbound = self.direction is Direction.OUTBOUND
        file = CallFile(
            id=self.id,
            room_id=self.key.room_id,
            call_id=self.key.call_id,
            direction=self.direction.value,
            caller=ours if outbound else theirs,
            callee=theirs if outbound else ours,
            began=stamp(self.began_at),
            peer_party_id=self.peer.party_id if self.peer else None,
            answered=self._at(self.marks.answered),
            established=self._at(self.marks.established),
            ended=self._at(self.marks.ended),
            seconds=self.marks.talked(),
            consent=None if self.consent is None else self.consent.as_fields(),
        )
        if self.end is not None:
            file.set_end(self.end)
        if self.media is not None:
            file.set_media(self.media)
        under_way = () if self.under_way is None else (self.under_way, *self.under_way.parts)
        for recording in (*self.recordings, *under_way):
            file.set_track(recording)
        return file

    def _at(self, mark: float | None) -> str | None:
        if mark is None:
            return None
        return stamp(self.began_at + timedelta(seconds=mark - self.marks.began))

    # --- what a flow does ---

    async def answer(self) -> None:
        """Accept the call and wait until media flows; a call that we placed is only waited for."""
        if self.direction is Direction.INBOUND:
            await self._phone.accept(self)
        await self.established()

    def reject(self) -> None:
        """Decline the call, on all devices of ours."""
        self._phone.reject(self)

    def hang_up(self, reason: str = "user_hangup") -> None:
        """End the call; does nothing where it has ended already."""
        if self.end is None:
            self._phone.hang_up(self, reason)

    async def established(self) -> None:
        """Wait until media flows both ways."""
        await self._or_end(asyncio.shield(self._established))

    async def play(
        self,
        sound: Sound,
        *,
        gain_db: float = 0.0,
        loop: bool = False,
        until: Until | None = None,
    ) -> Played:
        """Play a sound to its end, `gain_db` louder (−40 to 20), with `loop` over and over. Cancel
        to stop it, or use `until`:

            played = await call.play(MENU, until=BargeIn.DIGIT)
            choice = await call.digit()

        stops when a key is pressed, or was before; with anything that can be awaited, when that is
        done. `played` says whether it came to its end, and how many seconds were heard.
        """
        media, name = self._phone.media, next(self._sounds)
        play = functools.partial(media.play, self.key, sound, gain_db=gain_db, loop=loop, name=name)
        if until is None:
            return await self._or_end(asyncio.ensure_future(play()))
        signal = self._digits.come() if until is BargeIn.DIGIT else until
        stop = functools.partial(media.stop_playing, self.key, name=name)
        return await self._or_end(asyncio.ensure_future(interruptible(play, signal, stop)))

    async def stop_playing(self) -> None:
        """Stop what plays or waits to: `play` returns, and no further packet of it is sent."""
        await self._or_end(asyncio.ensure_future(self._phone.media.stop_playing(self.key)))

    def speak(self, rate: Rate = 16_000) -> contextlib.AbstractAsyncContextManager[Line]:
        """Speak with samples of your own, from a speech engine for example:

            async with call.speak(24_000) as line:
                await line.write(samples)

        They are mono, int16, at `rate` hertz. When the block ends, everything was heard; when it is
        left by an error or cancelled, the rest is dropped. What plays meanwhile covers it.
        """
        return speaking(self._phone.media, self.key, rate, self._or_end)

    async def record(
        self,
        *,
        until_silence: float | None = None,
        max_seconds: float | None = None,
        both: bool = False,
    ) -> Recording:
        """Record what the other side says and shows, until it is silent for `until_silence`
        seconds, for `max_seconds` at most, or until the call ends. Screens that it shares are
        files of their own, the recording's `parts`; with `both`, what it hears is one too.

        It is kept whatever happens, also where this is cancelled: `recordings` has it in the end.
        """
        self._recording = asyncio.get_running_loop().create_future()
        await self._phone.start_recording(
            self, until_silence=until_silence, max_seconds=max_seconds, both=both
        )
        return await self._or_end(asyncio.shield(self._recording))

    async def stop_recording(self) -> None:
        await self._phone.media.stop_recording(self.key)

    def revoke_consent(self, by: str, how: str) -> None:
        """Somebody took the consent back: what is recorded of this call is deleted at its end."""
        if self.consent is not None and self.consent.revoked is None:
            self.consent.revoke(by, how)
            self._phone.write_soon(self)

    async def pause_recording(self) -> None:
        """Keep nothing until `resume_recording`; the time stays in the recording, as silence.
        Nothing to pause is no error."""
        await self._or_end(asyncio.ensure_future(self._phone.media.pause_recording(self.key)))

    async def resume_recording(self) -> None:
        """Nothing to resume is no error."""
        await self._or_end(asyncio.ensure_future(self._phone.media.resume_recording(self.key)))

    @contextlib.asynccontextmanager
    async def mask(self) -> AsyncIterator[None]:
        """What is said and shown meanwhile, by either side, is kept nowhere:

            async with call.mask():
                number = [await call.digit() for _ in range(16)]

        The recording has silence of the same length there, and the span among its `marks`. Keys
        that are pressed come here alone. Masks may lie within each other. It is this call's mask:
        what is passed on to another call is recorded there.
        """
        self._masks += 1
        try:
            if self._masks == 1:
                work = self._phone.media.mask(self.key)
                await self._or_end(asyncio.ensure_future(work))
            yield
        finally:
            self._masks -= 1
            if not self._masks:
                with contextlib.suppress(UnknownCall):  # it is over, and so is its mask
                    await self._phone.media.unmask(self.key)

    @contextlib.asynccontextmanager
    async def listen(self, rate: Rate = 16_000) -> AsyncIterator[SampleStream]:
        """What the other side says, as samples for a speech recognizer of your own:

            async with call.listen() as sound:
                async for samples in sound:
                    ...

        Each has 20 ms, int16, mono, at `rate` hertz. The iteration ends with the call. Who reads
        too slowly for 5 seconds loses the oldest; `sound.dropped` says how many.
        """
        try:
            listening = self._phone.media.listen(self.key, rate)
        except UnknownCall:
            raise CallEnded(await self.ended()) from None
        with listening:
            yield listening

    @contextlib.asynccontextmanager
    async def utterances(
        self, *, silence: float = 0.8, max_seconds: float = 30.0
    ) -> AsyncIterator[Utterances]:
        """What the other side says, cut where it is silent for `silence` seconds, and in any
        case after `max_seconds`:

            async with call.utterances() as heard:
                async for utterance in heard:
                    text = await transcriber.transcribe(utterance)

        The iteration ends with the call. A minute of speech waits for a slow reader; beyond it
        the oldest is lost, and `utterance.missed` of the next one says how many.
        """
        rules, media = SpeechRules(silence, max_seconds), self._phone.media
        try:
            number = await media.start_utterances(self.key, rules)
        except UnknownCall:
            raise CallEnded(await self.ended()) from None
        try:
            yield Utterances(media, self.key, number, self.marks.established or time.monotonic())
        finally:
            await media.stop_utterances(self.key, number)

    async def speech_began(self) -> None:
        """Wait until the other side speaks; at once, where it does already."""
        await self._or_end(asyncio.ensure_future(self._phone.media.speech_began(self.key)))

    async def echo(self) -> None:
        """Play back what the other side says, until cancelled or the call ends."""
        try:
            await self._phone.media.start_echo(self.key)
        except UnknownCall:
            raise CallEnded(await self.ended()) from None
        raise CallEnded(await self.ended())

    def hold(self) -> None:
        """Ask the other side to wait: nothing is heard or seen until `resume`."""
        self._phone.perform(Renegotiate(self.key, Change(hold=True)))

    def resume(self) -> None:
        self._phone.perform(Renegotiate(self.key, Change(hold=False)))

    def receive_video(self, wanted: bool = True) -> None:
        """Invite the other side to send video, or ask it to stop."""
        self._phone.perform(Renegotiate(self.key, Change(video=wanted)))

    def restart_ice(self) -> None:
        """Look for a network path anew."""
        self._phone.perform(Renegotiate(self.key, Change(restart_ice=True)))

    def say_muted(self, audio: bool) -> None:
        """Let the other side show whether we are muted."""
        self._phone.perform(SetMuted(self.key, audio))

    def assert_identity(
        self, user_id: str | None, display_name: str | None = None, avatar_url: str | None = None
    ) -> None:
        """Tell the other side who is really on the line; all None: we ourselves again."""
        self._phone.perform(AssertIdentity(self.key, user_id, display_name, avatar_url))

    async def send_digits(self, digits: str) -> None:
        """Press keys (RFC 4733), `0123456789*#ABCD`; what plays meanwhile waits.

        Raises `NoDigits` where the other side takes none.
        """
        work = self._phone.media.send_digits(self.key, digits)
        await self._or_end(asyncio.ensure_future(work))

    async def digit(self) -> str:
        """The next key that the other side pressed; those pressed before are not lost."""
        return await self._or_end(asyncio.ensure_future(self._digits.next()))

    async def transfer(self, user_id: str) -> None:
        """Hand the other side over to somebody else; returns when this call is over.

        A side that can call there itself is asked to (MSC2747); for any other we call, and
        connect the two through us. Raises TransferError, and the call goes on.
        """
        await self._phone.transfers.transfer(self, user_id)

    async def stats(self) -> MediaStats:
        """Packets, loss, jitter, round trip, path, how it sounds by estimate, and a series of all
        that; once the call is over, as it was when it ended."""
        if self.media is not None:
            return self.media
        return await self._or_end(asyncio.ensure_future(self._phone.media.stats(self.key)))

    async def ended(self) -> Ended:
        """Wait until the call is over."""
        await asyncio.shield(self._ended)
        assert self.end is not None  # noqa: S101  # set before the future
        return self.end

    async def closed(self) -> Ended:
        """Wait until the call is over, its media closed and its recordings complete."""
        await asyncio.shield(self._closed)
        return await self.ended()

    # --- what the phone tells it ---

    def on_notice(self, notice: Notice) -> None:
        match notice:
            case Answered(peer=peer, capabilities=capabilities):
                self.peer, self.peer_can = peer, capabilities
                self.marks.answered = time.monotonic()
            case Established():
                self.marks.established = time.monotonic()
                _resolve(self._established, None)
            case PeerState():
                self.peer_state = notice
                self._pass(notice)
            case IdentityAsserted(identity=identity):
                self.asserted_identity = identity
                self._pass(notice)
            case TransferRequested(transfer=transfer):
                self._phone.transfers.requested(self, transfer)
            case TransferRejected(replacement_id=replacement_id, reason=reason):
                self._phone.transfers.rejected(replacement_id, reason)
            case Ended():
                self._on_ended(notice)

    def _pass(self, notice: IdentityAsserted | PeerState) -> None:
        if self.on_said is not None:
            self.on_said(notice)

    def on_first_audio(self) -> None:
        self.marks.first_audio = time.monotonic()

    def on_digit(self, digit: str) -> None:
        self._digits.add(digit)

    def on_interrupted(self) -> None:
        """Nothing arrives any more: who called looks for another path, the other side need not."""
        if self.direction is Direction.OUTBOUND and self.end is None:
            with contextlib.suppress(LocalError):  # a version 0 client knows no other path
                self.restart_ice()

    def on_growth(self, recording: Recording) -> None:
        self.under_way = recording

    def on_media_closed(self, stats: MediaStats) -> None:
        self.media = stats

    def on_recording(self, recording: Recording) -> None:
        self.under_way = None
        self.recordings += [recording, *recording.parts]
        if self._recording is not None:
            _resolve(self._recording, recording)

    def _on_ended(self, end: Ended) -> None:
        self.end = end
        self.marks.ended = time.monotonic()
        _resolve(self._ended, None)

    def on_closed(self) -> None:
        _resolve(self._closed, None)

    async def _or_end(self, wanted: asyncio.Future[T]) -> T:
        """The result of `wanted`, or CallEnded when the call ends before it or because of it."""
        either: list[asyncio.Future[Any]] = [wanted, self._ended]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            wanted.cancel()  # does nothing where it is done
        if self.end is None and not wanted.cancelled():
            try:
                return wanted.result()
            except (CallClosed, UnknownCall):  # the media is gone: the end is on its way
                raise CallEnded(await self.ended()) from None
        if self.end is not None and not _succeeded(wanted):
            raise CallEnded(self.end)
        return wanted.result()


def _succeeded(future: asyncio.Future[Any]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _resolve(future: asyncio.Future[T], value: T) -> None:
    if not future.done():
        future.set_result(value)
