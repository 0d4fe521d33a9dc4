"""Voicemail: a greeting for whoever calls at this time, a message, and another try if wanted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from fnmatch import fnmatchcase
from functools import partial
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints

from voip.bot import BEEP, BargeIn, Call, Recording, SoundFile
from voip.bot.bots.file import Strict
from voip.bot.bots.hours import Hours, Zone
from voip.bot.bots.inbox import play_new
from voip.bot.bots.texts import Text, sound_of
from voip.bot.bots.transcript import post_transcript
from voip.bot.consent import agreed
from voip.bot.cut_off import tell_if_cut_off
from voip.bot.recorder import QUESTION as QUESTION_TEXT
from voip.media.events import RecordingEnd
from voip.media.sound_errors import SoundError
from voip.media.sounds import Sound, Speech
from voip.media.waveform import waveform

GREETING: Final = "Hello. Please leave a message after the tone, and press a key when you are done."
CHOICES: Final = "Press 1 to send your message, 2 to record it again, or 3 to hear it."
TOO_SHORT: Final = "There was too little to hear."
SENT: Final = "Your message is on its way. Goodbye."
NOTHING: Final = "There was no message. Goodbye."
NOT_AGREED: Final = "Then nothing is recorded. Goodbye."
REVOKED: Final = "Your message is deleted. Goodbye."

QUESTION: Final = Speech(QUESTION_TEXT)

Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]
Pattern = Annotated[str, StringConstraints(pattern=r"^(\*|@\S+:\S+)$", max_length=255)]
Room = Annotated[str, StringConstraints(pattern=r"^!\S+$", max_length=255)]


class Greeting(Hours):
    """What some people hear at some times."""

    users: tuple[Pattern, ...] = ("*",)
    """User ids, where `*` stands for anything."""
    say: Text
    voice: str = "en"


class VoicemailSettings(Strict):
    """The bot's file. Times are seconds."""

    inbox: Room | None = None
    """The room that gets the messages; without it, the room of the call. The bot must be in it."""
    timezone: Zone = "UTC"
    max_seconds: Seconds = 180
    silence_seconds: Seconds = 4
    min_seconds: Annotated[float, Field(ge=0, le=60)] = 1
    """What is shorter is no message."""
    takes: Annotated[int, Field(ge=1, le=20)] = 3
    """How often somebody may record."""
    transcript: bool = True
    """Post the words too, where the `transcription` extra is installed. English alone."""
    owners: tuple[Pattern, ...] = ()
    """Who hears the new messages when they call, in place of the greeting."""
    greetings: tuple[Greeting, ...] = ()
    """The first that fits is heard."""

    def greeting(self, user_id: str, moment: datetime) -> Greeting:
        """For a caller; `moment` in any time zone."""
        here = moment.astimezone(ZoneInfo(self.timezone))
        for one in self.greetings:
            if one.has(here) and any(fnmatchcase(user_id, pattern) for pattern in one.users):
                return one
        return Greeting(say=GREETING)


def _now() -> datetime:
    return datetime.now(ZoneInfo("UTC"))


async def voicemail(
    call: Call,
    settings: VoicemailSettings,
    now: Callable[[], datetime] = _now,
    question: Sound = QUESTION,
) -> None:
    """:param question: asked where the policy wants consent by a key."""
    if any(fnmatchcase(call.peer_user_id, pattern) for pattern in settings.owners):
        await call.answer()
        await play_new(call)
        return
    call.inbox = settings.inbox
    if settings.transcript:
        call.afterwards(partial(post_transcript, call))
    greeting = settings.greeting(call.peer_user_id, now())
    await call.answer()
    await call.play(sound_of(greeting.say, greeting.voice), until=BargeIn.DIGIT)
    call.forget_digits()  # that was the greeting's; consent is no answer to it
    # Any key means that somebody is done, so none can take the consent back.
    if not await agreed(call, call.policy, question, by_key=False):
        await call.say(NOT_AGREED)
        return
    for take in range(1, settings.takes + 1):
        message = await _record(call, settings)
        if call.revoked:
            await call.say(REVOKED)
            return
        if await tell_if_cut_off(call):  # what there is of it is kept, and no good for a question
            return
        if message.seconds < settings.min_seconds or await _is_silent(message):
            await call.discard(message)
            await call.say(TOO_SHORT)
        elif take == settings.takes or await _is_good(call, message):
            await call.say(SENT)
            return
        else:
            await call.discard(message)
    await call.say(NOTHING)


async def _record(call: Call, settings: VoicemailSettings) -> Recording:
    """A take, which a key ends."""
    call.forget_digits()
    await call.play(BEEP)
    message = await call.record(
        until_silence=settings.silence_seconds,
        max_seconds=settings.max_seconds,
        until=BargeIn.DIGIT,
    )
    if message.ended is RecordingEnd.STOPPED and not call.revoked:
        await call.digit()  # the one that ended it; what follows is an answer already
    return message


async def _is_silent(message: Recording) -> bool:
    """Nothing in it is louder than a quiet room."""
    try:
        return not any((await waveform(message.path)).values)
    except SoundError:
        return False  # it is not for us to lose what cannot be judged


async def _is_good(call: Call, message: Recording) -> bool:
    """Whether it is to be sent, which is also so where nothing is pressed: a message is not lost
    because somebody does not know what to press."""
    while True:
        match await call.gather(prompt=CHOICES, timeout=6, terminator=""):
            case "1" | "":
                return True
            case "2":
                return False
            case "3":
                await call.play(SoundFile(message.path), until=BargeIn.DIGIT)
            case _:  # the key that was to end the recording came when silence had
                continue
