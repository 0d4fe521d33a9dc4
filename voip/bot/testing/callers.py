"""The other side of a call, as a test plays it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from voip.bot.call import Call, CallEnded
from voip.bot.flows import Flow, run_flow
from voip.bot.keeping import Policy
from voip.bot.testing.clock import VirtualLoop
from voip.bot.testing.phone import FakePhone, Person, Post
from voip.bot.testing.sounds import words_of
from voip.media.events import RecordingEnd
from voip.media.sounds import Sound
from voip.signalling.commands import By, Ended, EndReason
from voip.signalling.events import Transfer

T = TypeVar("T")

PATIENCE: Final = 60.0
"""Seconds for which a caller listens for something."""
LONGEST: Final = 24 * 3600.0


class NotHeard(AssertionError):
    """What a caller listened for was not played in time; says what was."""


class FakePeer:
    """The other side of one call.

    What it does is done in the order in which it is written, and takes the time that it takes
    (`says(seconds=3)` takes three seconds). Each method gives a future: await it where the test
    has to wait for it, and leave the await out where it need not.
    """

    def __init__(self, phone: FakePhone, call: Call) -> None:
        self.phone = phone
        self.call = call
        self._leg = phone.media.legs[call.key]
        self._next = 0
        """Of what is heard: the first that `hears` has not looked at."""
        self._last: asyncio.Future[Any] | None = None

    # --- what it does ---

    def answers(self) -> asyncio.Future[None]:
        """Pick up a call that the bot has placed."""
        return self._then(self._answer())

    def rejects(self) -> asyncio.Future[None]:
        """Decline it."""
        return self._then(self._end(EndReason.REJECTED))

    def hangs_up(self) -> asyncio.Future[None]:
        return self._then(self._end(EndReason.HANGUP))

    def hears(self, what: str | Sound, within: float = PATIENCE) -> asyncio.Future[str]:
        """Wait until something is played that has these words in it, in any case; what comes
        before it is passed over. Gives all of its words, as it begins to be heard. A file is known
        by its name. Raises NotHeard."""
        return self._then(self._hear(what if isinstance(what, str) else words_of(what), within))

    def press(self, digits: str) -> asyncio.Future[None]:
        """Press keys, two in a second."""
        return self._then(self._press(digits))

    def says(self, text: str = "", *, seconds: float | None = None) -> asyncio.Future[None]:
        """Speak. A `text` is understood word by word; without `seconds` it takes as long as it
        takes to say."""
        length = max(0.4, len(text) / 15) if seconds is None else seconds
        return self._then(self._say(text, length))

    def disk_fills_up(self) -> asyncio.Future[None]:
        """The recording that is made ends, because it cannot be written any further."""
        return self._then(self._fill_up())

    def waits(self, seconds: float) -> asyncio.Future[None]:
        """Do nothing."""
        return self._then(asyncio.sleep(seconds))

    # --- what it sees ---

    def ended(self, within: float = LONGEST) -> asyncio.Future[Ended]:
        """Wait until the call is over. Raises TimeoutError."""
        return self._then(asyncio.wait_for(self.call.closed(), within))

    @property
    def heard(self) -> list[str]:
        """Everything that was played so far, in words."""
        return self._leg.heard

    @property
    def keys(self) -> str:
        """That the bot pressed."""
        return self._leg.keys

    @property
    def posts(self) -> list[str]:
        """Texts that were posted into the call's room."""
        return [one.text for one in self.phone.matrix.posts if one.room_id == self.call.room_id]

    @property
    def all_posts(self) -> list[Post]:
        """Of all rooms."""
        return self.phone.matrix.posts

    @property
    def transferred_to(self) -> str | None:
        """Whom we were asked to go on with."""
        asked = [wish for wish in self.phone.wishes if isinstance(wish, Transfer)]
        return asked[-1].target_user if asked else None

    # --- how ---

    async def script(self) -> None:
        """Wait until everything written so far is done."""
        if self._last is not None:
            await self._last

    def _then(self, work: Coroutine[Any, Any, T]) -> asyncio.Future[T]:
        task = asyncio.ensure_future(_after(self._last, work))
        task.add_done_callback(_seen)
        self._last = task
        return task

    async def _answer(self) -> None:
        self.phone.answered(self.call)
        await self.call.established()

    async def _end(self, reason: EndReason) -> None:
        self.phone.end(self.call, reason, By.PEER)
        await self.call.closed()

    async def _hear(self, words: str, within: float) -> str:
        seen = self._next
        try:
            async with asyncio.timeout(within):
                while True:
                    while self._next < len(self.heard):
                        heard = self.heard[self._next]
                        self._next += 1
                        if words.lower() in heard.lower():
                            return heard
                    self._leg.hearing.clear()
                    await _either(self._leg.hearing.wait(), self.call)
        except TimeoutError:
            why = f"within {within:g} s"
        except CallEnded as over:
            why = f"before the call ended ({over.end.reason.value} by {over.end.by.value})"
        raise NotHeard(f"{words!r} was not heard {why}, but: {self.heard[seen:] or 'nothing'}")

    async def _press(self, digits: str) -> None:
        await self.call.established()
        for digit in digits:
            self.call.on_digit(digit)
            await asyncio.sleep(0.5 if len(digits) > 1 else 0)

    async def _fill_up(self) -> None:
        self._leg.stopped_by = RecordingEnd.DISK_FULL
        self._leg.stop.set()

    async def _say(self, text: str, seconds: float) -> None:
        await self.call.established()
        await self._leg.voice.say(seconds, text)


class FakeCall(FakePeer):
    """Somebody calls, and a flow answers; used in an `async with`. At its end the caller hangs up,
    and the flow has ended. What the flow raised is raised there."""

    def __init__(
        self, flow: Flow, person: Person | None = None, policy: Policy | None = None
    ) -> None:
        """`flow`: what `@bot.on_call` marks. `person`: who calls. `policy`: the operator's, for
        recordings."""
        self._policy = policy
        self._flow = flow
        self._person = person or Person()
        self._error: Exception | None = None

    async def __aenter__(self) -> Self:
        if not isinstance(asyncio.get_running_loop(), VirtualLoop):
            raise RuntimeError(  # noqa: TRY004  # of the loop, not of an argument
                "a FakeCall needs a virtual clock: put @virtual_time on the test"
            )
        phone = await FakePhone(self._policy).__aenter__()
        super().__init__(phone, phone.ringing(self._person))
        self._running = asyncio.create_task(self._serve())
        return self

    def ended(self, within: float = LONGEST) -> asyncio.Future[Ended]:
        """As of any call; what is done after it is done too."""
        return self._then(asyncio.wait_for(self._whole(), within))

    async def _whole(self) -> Ended:
        await asyncio.shield(self._running)
        return await self.call.closed()

    async def _serve(self) -> None:
        await run_flow(self._watched, self.call)
        await self.phone.finished(self.call)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                await self.script()
        finally:
            self.phone.end(self.call, EndReason.HANGUP, By.PEER)
            await self._running
            await self.phone.__aexit__(kind, error, trace)
            if self._error is not None:
                raise self._error

    def dialled(
        self, user_id: str | None = None, within: float = PATIENCE
    ) -> asyncio.Future[FakePeer]:
        """Wait until the flow calls somebody; gives their side of that call. Raises NotHeard
        where it calls somebody else than `user_id`."""
        return self._then(dialled(self.phone, user_id, within))

    def declines_transfer(self, reason: str = "declined") -> asyncio.Future[None]:
        """Refuse to go on with somebody else."""
        return self._then(self._decline(reason))

    async def _decline(self, reason: str) -> None:
        self.phone.declines(self.call, reason)

    async def _watched(self, call: Call) -> None:
        try:
            await self._flow(call)
        except CallEnded:
            raise
        except Exception as error:
            self._error = error
            raise


async def dialled(
    phone: FakePhone, user_id: str | None = None, within: float = PATIENCE
) -> FakePeer:
    """The other side of the next call that is placed. Raises NotHeard."""
    try:
        call = await asyncio.wait_for(phone.placed.get(), within)
    except TimeoutError:
        raise NotHeard("nobody was called") from None
    if user_id is not None and call.peer_user_id != user_id:
        raise NotHeard(f"{call.peer_user_id} was called, not {user_id}")
    return FakePeer(phone, call)


async def _after(before: asyncio.Future[Any] | None, work: Coroutine[Any, Any, T]) -> T:
    try:
        if before is not None:
            await asyncio.wait({before})
            before.result()  # what failed before fails what follows
    except BaseException:
        work.close()
        raise
    return await work


async def _either(what: Coroutine[Any, Any, Any], call: Call) -> None:
    """Raises CallEnded where the call ends first."""
    waiting, over = asyncio.ensure_future(what), asyncio.ensure_future(call.ended())
    try:
        await asyncio.wait({waiting, over}, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            raise CallEnded(await over)
    finally:
        waiting.cancel()
        over.cancel()


def _seen(task: asyncio.Task[Any]) -> None:
    """Whoever awaits the last one gets the failure; nobody else needs a warning."""
    if not task.cancelled():
        task.exception()
