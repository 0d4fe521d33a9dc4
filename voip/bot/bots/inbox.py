"""The messages that nobody has listened to yet: those that nobody has reacted to.

The room says it, so it is the same for everybody who shares an inbox: whoever listens in their
client reacts to the message, and where it is heard on the telephone the bot does.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from voip.bot import BargeIn, Call, SoundFile
from voip.bot.call_folders import CallFolder, folder_names, read_folder
from voip.matrix.errors import MatrixError

log = logging.getLogger(__name__)

LISTENED: Final = "✅"
AT_MOST: Final = 50
"""Messages that are looked at, the newest."""


@dataclass(frozen=True, slots=True)
class Message:
    """One that was posted."""

    path: Path
    room_id: str
    event_id: str


async def play_new(call: Call) -> None:
    """Say how many are new, and play them, the oldest first; a key goes on to the next."""
    messages = await new_messages(call)
    count = len(messages)
    await call.say(f"You have {count or 'no'} new message{'' if count == 1 else 's'}.")
    for number, message in enumerate(messages, 1):
        await call.say(f"Message {number}.")
        call.forget_digits()
        await call.play(SoundFile(message.path), until=BargeIn.DIGIT)
        rooms = call.phone.matrix
        try:
            await rooms.react(message.room_id, message.event_id, LISTENED, call.phone.new_id())
        except MatrixError as error:
            log.warning("a message was not marked as listened to: %s", error)
    await call.say("That was all. Goodbye.")


async def new_messages(call: Call) -> list[Message]:
    """The oldest first. What the homeserver says nothing of is taken for new."""
    posted = await asyncio.to_thread(_posted, call.phone.recordings)
    return [one for one in posted if not await _listened(call, one)]


async def _listened(call: Call, message: Message) -> bool:
    try:
        return bool(await call.phone.matrix.reactions(message.room_id, message.event_id))
    except MatrixError:
        return False


def _posted(recordings: Path) -> list[Message]:
    found: list[Message] = []
    for name in folder_names(recordings):
        with contextlib.suppress(OSError):  # it is being removed: it is nobody's message any more
            found += _messages(read_folder(recordings / name))
        if len(found) >= AT_MOST:
            break
    return found[:AT_MOST][::-1]


def _messages(folder: CallFolder) -> list[Message]:
    if folder.file is None or folder.file.revoked:
        return []
    room_id = folder.file.posts_into
    tracks = [(one.path, one.track.event_id) for one in folder.recordings]
    return [Message(path, room_id, event_id) for path, event_id in tracks if event_id is not None]
