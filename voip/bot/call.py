"""A call as the author of a bot sees it: straight async code.

Every method that waits raises `CallEnded` when the call ends first, so a flow needs no checks of
its own: it simply stops where it stands.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager

from voip.bot.after import Work
from voip.bot.answering import RULES, AnsweredBy, AnsweringRules, answered_by, silence
from voip.bot.barge_in import BargeIn, Until, interruptible, stopped_by
from voip.bot.bridging import bridged
from voip.bot.call_state import CallState
from voip.bot.dialling import dialled
from voip.bot.ending import CallEnded
from voip.bot.gather import Question, gather
from voip.bot.marks import now
from voip.bot.speaking import Line, speaking
from voip.bot.transcription import Transcriber
from voip.bot.utterances import Utterances
from voip.bot.who import Who, who_is_it
from voip.media.errors import UnknownCall
from voip.media.events import MediaStats, Recording
from voip.media.interface import SampleStream
from voip.media.libopus import Rate
from voip.media.sounds import Played, Sound, Speech
from voip.media.voice import SpeechRules
from voip.signalling.commands import Ended, Notice, TransferRejected, TransferRequested
from voip.signalling.events import AssertIdentity, Change, Renegotiate, SetMuted
from voip.store.records import Direction

__all__ = ["Call", "CallEnded"]


class Call(CallState):
    """One call, either way. `Phone` makes them."""

    async def answer(self) -> None:
        """Accept the call and wait until media flows; a call that we placed is only waited for."""
        if self.direction is Direction.INBOUND:
            await self._phone.accept(self)
        await self.established()

    async def ring(self, seconds: float) -> None:
        """Let it ring for a while before it is answered."""
        await self._end.or_end(asyncio.ensure_future(asyncio.sleep(seconds)))

    async def who(self) -> Who:
        """Who is on the other side: name, encryption, whether their device is verified.

        Raises MatrixError where the homeserver cannot be asked.
        """
        return await self._end.or_end(asyncio.ensure_future(who_is_it(self._phone.matrix, self)))

    async def post(self, text: str, room_id: str | None = None) -> str:
        """Post a notice into the call's room, or into another one that we are in; gives the
        event's id. Also when the call is over. Raises MatrixError after ten minutes in vain."""
        room = room_id or self.room_id
        return await self._phone.matrix.post_text(room, text, self._phone.new_id())

    async def post_words(self, text: str) -> None:
        """Put what is said in the recordings beside them, once for a call, `afterwards`. It goes
        where they go: away too, where the consent is taken back, and nowhere, where they are not to
        be posted."""
        await self._phone.post_words(self, text)

    def reject(self) -> None:
        """Decline the call, on all devices of ours."""
        self._phone.reject(self)

    def hang_up(self, reason: str = "user_hangup") -> None:
        """End the call; does nothing where it has ended already."""
        if self.end is None:
            self._phone.hang_up(self, reason)

    async def established(self) -> None:
        """Wait until media flows both ways."""
        await self._end.or_end(asyncio.shield(self._established))

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
            return await self._end.or_end(asyncio.ensure_future(play()))
        signal = self._digits.come() if until is BargeIn.DIGIT else until
        stop = functools.partial(media.stop_playing, self.key, name=name)
        return await self._end.or_end(asyncio.ensure_future(interruptible(play, signal, stop)))

    async def say(self, text: str, *, voice: str = "en", until: Until | None = None) -> Played:
        """Speak a text of up to 5000 characters, with the engine of the `speech` extra; `until` as
        in `play`. A text is made into sound once, and kept for other calls.

        Raises SpeechUnavailable where the engine or the voice is missing, with what to install,
        and SoundError for a text that is empty or too long.
        """
        return await self.play(Speech(text, voice), until=until)

    async def gather(
        self,
        *,
        digits: int = 1,
        timeout: float = 8.0,  # of each key, not of the whole
        prompt: Sound | str | None = None,
        terminator: str = "#",
        phrases: Sequence[str] = (),
    ) -> str:
        """Ask for keys, or a phrase: gives up to `digits` of them, or the phrase that was said.

            match await call.gather(digits=1, prompt="Press 1 for sales."):
                case "1": ...
                case "": ...  # nothing came

        `prompt`, a sound or a text, stops when the other side presses or, with `phrases`, speaks.
        `timeout`: seconds after the prompt, and after each key; what was pressed until then is
        given, "" where nothing was. `terminator` ends the answer and is no part of it. `phrases`
        need the `transcription` extra, and are words of the letters a to z.

        Raises ValueError for a question without an answer, SoundError as `say`, and
        TranscriptionError.
        """
        sound = Speech(prompt) if isinstance(prompt, str) else prompt
        question = Question(digits, timeout, terminator, tuple(phrases))
        return await gather(self, question, sound, pressed=bool(self._digits))

    def recogniser(self, phrases: Sequence[str]) -> AbstractAsyncContextManager[Transcriber]:
        """What tells these phrases from each other, without any: free English speech."""
        return self._phone.recogniser(phrases)

    async def stop_playing(self) -> None:
        """Stop what plays or waits to: `play` returns, and no further packet of it is sent."""
        await self._end.or_end(asyncio.ensure_future(self._phone.media.stop_playing(self.key)))

    def speak(self, rate: Rate = 16_000) -> AbstractAsyncContextManager[Line]:
        """Speak with samples of your own, from a speech engine for example:

            async with call.speak(24_000) as line:
                await line.write(samples)

        They are mono, int16, at `rate` hertz. When the block ends, everything was heard; when it is
        left by an error or cancelled, the rest is dropped. What plays meanwhile covers it.
        """
        return speaking(self._phone.media, self.key, rate, self._end.or_end)

    async def record(
        self,
        *,
        until_silence: float | None = None,
        max_seconds: float | None = None,
        both: bool = False,
        until: BargeIn | None = None,
    ) -> Recording:
        """Record what the other side says and shows, until it is silent for `until_silence`
        seconds, for `max_seconds` at most, until it presses a key (`until=BargeIn.DIGIT`), or until
        the call ends. Screens that it shares are files of their own, the recording's `parts`; with
        `both`, what it hears is one too.

        It is kept whatever happens, also where this is cancelled: `recordings` has it in the end.
        """
        self._recording = asyncio.get_running_loop().create_future()
        begun = self._phone.start_recording(
            self, until_silence=until_silence, max_seconds=max_seconds, both=both
        )
        await self._end.or_end(asyncio.ensure_future(begun))
        recorded = asyncio.shield(self._recording)
        if until is None:
            return await self._end.or_end(recorded)
        pressed = asyncio.ensure_future(self._digits.come())
        try:
            stopped = stopped_by(pressed, recorded, self.stop_recording)
            return await self._end.or_end(asyncio.ensure_future(stopped))
        finally:
            pressed.cancel()

    async def discard(self, recording: Recording) -> None:
        """Keep a recording nowhere: its files are removed, and it is not posted."""
        gone = (recording, *recording.parts)
        self.recordings = [one for one in self.recordings if one not in gone]
        for one in gone:
            await asyncio.to_thread(one.path.unlink, missing_ok=True)

    def afterwards(self, work: Work) -> None:
        """Have something done when this call is over and its recordings are posted, also where
        the flow ends before. `media` is there then, and `posted` as far as the homeserver took
        them within a minute. A kill of the bot in between costs it."""
        self.after.append(work)

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
        await self._end.or_end(asyncio.ensure_future(self._phone.media.pause_recording(self.key)))

    async def resume_recording(self) -> None:
        """Nothing to resume is no error."""
        await self._end.or_end(asyncio.ensure_future(self._phone.media.resume_recording(self.key)))

    def mask(self) -> AbstractAsyncContextManager[None]:
        """What is said and shown meanwhile, by either side, is kept nowhere:

            async with call.mask():
                number = [await call.digit() for _ in range(16)]

        The recording has silence of the same length there, and the span among its `marks`. Keys
        that are pressed come here alone. Masks may lie within each other. It is this call's mask:
        what is passed on to another call is recorded there.
        """
        return self._masks.mask(self.key)

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
            yield Utterances(media, self.key, number, self.marks.established or now())
        finally:
            await media.stop_utterances(self.key, number)

    async def speech_began(self) -> None:
        """Wait until the other side speaks; at once, where it does already."""
        await self._end.or_end(asyncio.ensure_future(self._phone.media.speech_began(self.key)))

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
        await self._end.or_end(asyncio.ensure_future(work))

    async def digit(self) -> str:
        """The next key that the other side pressed; those pressed before are not lost."""
        return await self._end.or_end(asyncio.ensure_future(self._digits.next()))

    def forget_digits(self) -> None:
        """What was pressed and nobody asked for is no answer to what comes now."""
        self._digits.clear()

    async def transfer(self, user_id: str) -> None:
        """Hand the other side over to somebody else; returns when this call is over.

        A side that can call there itself is asked to (MSC2747); for any other we call, and
        connect the two through us. Raises TransferError, and the call goes on.
        """
        await self._phone.transfers.transfer(self, user_id)

    def dial(self, target: str, *, video: bool = False) -> AbstractAsyncContextManager[Call]:
        """Call somebody else meanwhile: a user (`@…`) in the direct room, or a room (`!…`, `#…`).

            async with call.dial("@bob:example.org") as onward:
                await onward.established()
                await call.bridge(onward)

        It rings inside the block, and is hung up when the block is left. Raises RoomError.
        """
        return dialled(self._phone, target, video=video, near=self)

    async def bridge(self, other: Call) -> Ended:
        """Let the two hear and see each other through us, packet by packet, until one is over:
        raises CallEnded where it is this call, and gives the end of `other` where it is that.
        Keys go across too. Cancel it to part them. Either can be recorded meanwhile, with `both`
        on tracks of their own.

        Raises AlreadyBridged, and NotTogether for a call that was not placed with `dial`.
        """
        return await bridged(self._phone.media, self, other)

    async def answered_by(self, rules: AnsweringRules = RULES) -> AnsweredBy:
        """Of a call that we placed, as soon as it is established: whether a person picked up, or
        a machine with a greeting. Takes as long as their hello, 5 seconds at most."""
        return await answered_by(self, rules)

    async def silence(self, seconds: float = 1.0, *, within: float = 30.0) -> bool:
        """Wait until the other side has not spoken for so long, after a machine's greeting for
        example; False where it still speaks after `within` seconds."""
        return await silence(self, seconds, within)

    async def stats(self) -> MediaStats:
        """Packets, loss, jitter, round trip, path, how it sounds by estimate, and a series of all
        that; once the call is over, as it was when it ended."""
        if self.media is not None:
            return self.media
        return await self._end.or_end(asyncio.ensure_future(self._phone.media.stats(self.key)))

    async def ended(self) -> Ended:
        """Wait until the call is over."""
        return await self._end.wait()

    async def closed(self) -> Ended:
        """Wait until the call is over, its media closed and its recordings complete."""
        await asyncio.shield(self._closed)
        return await self.ended()

    def on_notice(self, notice: Notice) -> None:
        match notice:
            case TransferRequested(transfer=transfer):
                self._phone.transfers.requested(self, transfer)
            case TransferRejected(replacement_id=replacement_id, reason=reason):
                self._phone.transfers.rejected(replacement_id, reason)
            case _:
                super().on_notice(notice)
