"""A phone without a homeserver: it has calls, rooms and posts, and the test is the other side."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from voip.bot.after import do_afterwards
from voip.bot.call import Call
from voip.bot.consent import must_have_asked
from voip.bot.keeping import Policy
from voip.bot.testing.media import FakeMedia, Leg
from voip.bot.testing.voice import FakeRecogniser, Voice
from voip.bot.transcription import Transcriber
from voip.bot.transfers import Transfers
from voip.matrix.nio_state import RoomInfo
from voip.matrix.trust import DeviceTrust
from voip.signalling.commands import Answered, By, Ended, EndReason, Established, TransferRejected
from voip.signalling.config import CallConfig
from voip.signalling.content import Capabilities
from voip.signalling.events import LocalEvent, Transfer
from voip.signalling.ids import CallKey, Party
from voip.store.records import Direction
from voip.tasks import TaskOwner

CONNECTING: Final = 0.2
"""Seconds from the answer until media flow."""
ROOM: Final = "!room:example.org"


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever calls, or is called, in a test."""

    user_id: str = "@alice:example.org"
    display_name: str = "Alice"
    encrypted: bool = True
    verified: bool = True
    transferee: bool = True
    """Their client can be asked to call somebody else (MSC2747)."""


@dataclass(frozen=True, slots=True)
class Post:
    """A text, or a file's name, that was posted."""

    room_id: str
    text: str


@dataclass(slots=True)
class FakeRooms:
    """Implements `CallRooms`. Everybody has a direct room with the bot."""

    people: dict[str, Person] = field(default_factory=dict)
    """By the room's id."""
    posts: list[Post] = field(default_factory=list)
    files: list[Post] = field(default_factory=list)
    """Recordings that were posted, by their names."""
    reacted: list[Post] = field(default_factory=list)
    """Reactions, each with the event in the place of a room."""

    async def direct_room(self, user_id: str) -> str:
        room_id = f"!with-{user_id[1:]}"
        self.people.setdefault(room_id, Person(user_id, user_id))
        return room_id

    async def join(self, room: str) -> str:
        return room

    async def join_when_invited(self, room_id: str) -> None:
        """Nobody has to be asked."""

    async def post_text(self, room_id: str, body: str, txn_id: str) -> str:
        self.posts.append(Post(room_id, body))
        return f"${txn_id}"

    async def members(self, room_id: str) -> dict[str, str]:
        person = self.people.get(room_id)
        return {} if person is None else {person.user_id: person.display_name}

    async def device_trust(self, user_id: str, device_key: str) -> DeviceTrust:
        verified = any(one.user_id == user_id and one.verified for one in self.people.values())
        return DeviceTrust.SIGNED if verified else DeviceTrust.UNSIGNED

    async def reactions(self, room_id: str, event_id: str) -> list[tuple[str, str]]:
        return [(FakePhone.user_id, one.text) for one in self.reacted if one.room_id == event_id]

    async def react(self, room_id: str, event_id: str, key: str, txn_id: str) -> None:
        self.reacted.append(Post(event_id, key))

    def room_info(self, room_id: str) -> RoomInfo | None:
        person = self.people.get(room_id, Person())
        return RoomInfo(room_id, "a room", person.encrypted, False, 2)


class FakePhone:
    """Implements `CallPhone`; used in an `async with`, where the test begins."""

    user_id = "@bot:example.org"

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy or Policy()
        """The operator's, for everybody."""
        self.matrix = FakeRooms()
        self.media = FakeMedia()
        self.recordings = Path(tempfile.mkdtemp(prefix="voip-test-"))
        self.transfers = Transfers(self)
        self.wishes: list[LocalEvent] = []
        """What was asked of answered calls: hold, mute, and so on."""
        self.placed: asyncio.Queue[Call] = asyncio.Queue()
        self._ids = itertools.count(1)
        self._tasks = TaskOwner()
        self._calls: dict[CallKey, Call] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for call in list(self._calls.values()):
            self.end(call, EndReason.HANGUP, By.US)
        await self.transfers.aclose()
        await self._tasks.drain(1.0)
        await self._tasks.aclose()
        await asyncio.to_thread(shutil.rmtree, self.recordings, ignore_errors=True)

    # --- what a call asks for ---

    def new_id(self) -> str:
        return f"id{next(self._ids)}"

    async def place(
        self,
        room_id: str,
        *,
        invitee: str | None,
        video: bool = False,
        call_id: str | None = None,
        near: Call | None = None,
    ) -> Call:
        call = self._add(CallKey(room_id, call_id or self.new_id()), Direction.OUTBOUND, invitee)
        self.placed.put_nowait(call)
        lifetime = CallConfig().invite_lifetime
        self._later(lifetime, lambda: self._not_answered(call))
        return call

    async def accept(self, call: Call) -> None:
        self.answered(call)

    def reject(self, call: Call) -> None:
        self.end(call, EndReason.REJECTED, By.US)

    def hang_up(self, call: Call, reason: str) -> None:
        self.end(call, _REASONS.get(reason, EndReason.HANGUP), By.US, reason)

    def perform(self, wish: LocalEvent) -> None:
        self.wishes.append(wish)
        if isinstance(wish, Transfer) and (call := self._calls.get(wish.key)) is not None:
            # The other side goes on with somebody else, and needs this call no more.
            self._later(0, lambda: self.end(call, EndReason.HANGUP, By.PEER))

    def finish(self, call: Call) -> None:
        self._tasks.spawn(self.finished(call), "after a call")

    async def finished(self, call: Call) -> None:
        """As `runner.RunningBot` does: post what was recorded, then what the flow wants done."""
        await call.closed()
        for recording in call.recordings if self._may_post(call) else ():
            event_id = f"${self.new_id()}"
            call.posted[recording.path.name] = event_id
            self.matrix.files.append(Post(call.inbox or call.room_id, recording.path.name))
        await do_afterwards(call, call.after)

    def _may_post(self, call: Call) -> bool:
        return self.policy.post and not call.revoked

    def policy_of(self, room_id: str, user_id: str) -> Policy:
        return self.policy

    async def post_words(self, call: Call, text: str) -> None:
        if self._may_post(call):
            self.matrix.posts.append(Post(call.inbox or call.room_id, text))

    def write_soon(self, call: Call) -> None:
        pass  # nobody reads it

    async def forget(self, call: Call) -> None:
        await call.closed()

    async def start_recording(
        self,
        call: Call,
        *,
        until_silence: float | None,
        max_seconds: float | None,
        both: bool = False,
    ) -> None:
        must_have_asked(call)
        await asyncio.to_thread(call.folder.mkdir, parents=True, exist_ok=True)
        await self.media.start_recording(
            call.key, call.folder, until_silence=until_silence, max_seconds=max_seconds, both=both
        )

    def recogniser(self, phrases: Sequence[str]) -> AbstractAsyncContextManager[Transcriber]:
        return contextlib.nullcontext(FakeRecogniser())

    # --- what the test makes happen ---

    def ringing(self, person: Person) -> Call:
        """Somebody calls."""
        self.matrix.people[ROOM] = person
        call = self._add(CallKey(ROOM, self.new_id()), Direction.INBOUND, person.user_id)
        call.device_key = "device" if person.encrypted else None
        return call

    def answered(self, call: Call) -> None:
        """By us or by the other side; a moment later media flow."""
        person = self.matrix.people.get(call.room_id, Person())
        able = Capabilities(transferee=person.transferee, dtmf=True)
        call.on_notice(Answered(call.key, Party(person.user_id, "DEVICE"), able))
        self._later(CONNECTING, lambda: self._established(call))

    def declines(self, call: Call, reason: str) -> None:
        """The other side declines what the last `transfer` asked."""
        asked = next(wish for wish in reversed(self.wishes) if isinstance(wish, Transfer))
        call.on_notice(TransferRejected(call.key, asked.replacement_id, reason))

    def end(self, call: Call, reason: EndReason, by: By, wire: str | None = None) -> None:
        """The call is over; a second end is none."""
        if self._calls.pop(call.key, None) is not None:
            call.on_notice(Ended(call.key, reason, by, rang=False, wire_reason=wire))
            self._tasks.spawn(self._close(call), "closing a call")

    def _add(self, key: CallKey, direction: Direction, user_id: str | None) -> Call:
        call = Call(self, key, direction, user_id or "", False)
        self._calls[key] = call
        self.media.add(key, Leg(Voice(), call.on_recording))
        return call

    def _established(self, call: Call) -> None:
        if call.end is None:
            self.media.legs[call.key].up.set()
            call.on_notice(Established(call.key))

    def _not_answered(self, call: Call) -> None:
        if call.marks.answered is None:
            self.end(call, EndReason.NOT_ANSWERED, By.TIME)

    async def _close(self, call: Call) -> None:
        if call.marks.answered is not None:
            call.on_media_closed(await self.media.stats(call.key))
        await self.media.close(call.key)
        call.on_closed()

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(seconds, work)


_REASONS: Final = {"user_busy": EndReason.BUSY, "unknown_error": EndReason.PEER_FAILED}
