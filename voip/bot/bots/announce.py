"""Calls each of some people, plays a message, and says who has heard it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias

from voip.bot import AnsweredBy, Call, CallEnded, EndReason, Sound
from voip.matrix.errors import MatrixError

Dial: TypeAlias = Callable[[str], AbstractAsyncContextManager[Call]]
"""As `Bot.call`."""

REPEATS: Final = 2
"""How often somebody who presses nothing hears the message."""


class Outcome(StrEnum):
    """What became of one person's calls."""

    CONFIRMED = "confirmed"
    HEARD = "heard"
    """To its end, by somebody who spoke; no confirmation was asked for."""
    LEFT = "left with a machine"
    NOT_CONFIRMED = "not confirmed"
    """They picked up, and did not press the key."""
    DECLINED = "declined"
    NOT_ANSWERED = "not answered"
    FAILED = "failed"


DONE: Final = {Outcome.CONFIRMED, Outcome.HEARD, Outcome.LEFT}
"""After which nobody is called again."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is to be told. Times are seconds. Raises ValueError where it makes no sense."""

    message: Sound
    confirm: str = ""
    """The key that confirms; none: the message is only played."""
    prompt: Sound | None = None
    """Said after the message where a key confirms."""
    tries: int = 3
    """Calls to each person, at most."""
    pause: float = 60.0
    """Between two calls to the same person."""
    ring: float = 40.0
    """After which nobody answers."""
    at_once: int = 5
    """Calls at the same time."""
    machines: bool = False
    """A machine counts: the message is left after its greeting. Else it is called again."""

    def __post_init__(self) -> None:
        if len(self.confirm) > 1 or self.confirm not in "0123456789*#":
            raise ValueError("a message is confirmed by one key: 0 to 9, * or #")
        if self.tries < 1 or self.at_once < 1 or self.pause < 0 or self.ring <= 0:
            raise ValueError("at least one try, one call at once, and no times below 0 are needed")


@dataclass(frozen=True, slots=True)
class Told:
    """The report of one person."""

    user_id: str
    outcome: Outcome
    tries: int
    detail: str = ""
    """Why it failed, in words."""

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


async def announce(
    dial: Dial,
    people: Sequence[str],
    announcement: Announcement,
    on_told: Callable[[Told], None] = lambda told: None,
) -> list[Told]:
    """The report, in the order of `people`, each of whom is called once however often they are
    named; `on_told` hears of each person when nothing more is tried."""
    places = asyncio.Semaphore(announcement.at_once)

    async def tell(user_id: str) -> Told:
        told = await _tell(dial, user_id, announcement, places)
        on_told(told)
        return told

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(tell(user_id)) for user_id in dict.fromkeys(people)]
    return [task.result() for task in tasks]


async def _tell(
    dial: Dial, user_id: str, announcement: Announcement, places: asyncio.Semaphore
) -> Told:
    told = Told(user_id, Outcome.FAILED, 0)
    for number in range(1, announcement.tries + 1):
        if number > 1:
            await asyncio.sleep(announcement.pause)
        async with places:
            outcome, detail = await _once(dial, user_id, announcement)
        told = Told(user_id, outcome, number, detail)
        if outcome in DONE:
            break
    return told


async def _once(dial: Dial, user_id: str, announcement: Announcement) -> tuple[Outcome, str]:
    try:
        async with dial(user_id) as call:
            try:
                async with asyncio.timeout(announcement.ring):
                    await call.established()
            except TimeoutError:
                return Outcome.NOT_ANSWERED, ""
            except CallEnded as over:
                return _unreached(over.end.reason), over.end.reason.value
            try:
                return await _say(call, announcement), ""
            except CallEnded as over:
                return Outcome.NOT_CONFIRMED, over.end.reason.value
    except MatrixError as error:
        return Outcome.FAILED, str(error)


async def _say(call: Call, announcement: Announcement) -> Outcome:
    """What somebody who is connected makes of it."""
    if announcement.confirm:
        return await _confirmed(call, announcement)
    who = await call.answered_by()
    if who is AnsweredBy.MACHINE:
        if not announcement.machines:
            return Outcome.NOT_ANSWERED
        await call.silence()
    await call.play(announcement.message)
    return Outcome.LEFT if who is AnsweredBy.MACHINE else Outcome.HEARD


async def _confirmed(call: Call, announcement: Announcement) -> Outcome:
    """A machine presses no key, so it needs not to be told from a person."""
    for _ in range(REPEATS):
        pressed = await call.gather(prompt=announcement.message, timeout=0.5)
        if not pressed:
            pressed = await call.gather(prompt=announcement.prompt, timeout=8)
        if pressed == announcement.confirm:
            return Outcome.CONFIRMED
    return Outcome.NOT_CONFIRMED


def _unreached(reason: EndReason) -> Outcome:
    match reason:
        case EndReason.REJECTED | EndReason.BUSY:
            return Outcome.DECLINED
        case EndReason.NOT_ANSWERED:
            return Outcome.NOT_ANSWERED
        case _:
            return Outcome.FAILED
