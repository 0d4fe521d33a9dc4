"""Places one call without a person: `voip call`, and the caller of the smoke test."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from voip.bot.call import Call
from voip.bot.dialling import find
from voip.bot.ending import CallEnded
from voip.bot.phone import Phone
from voip.media.events import Recording
from voip.media.sounds import Sound
from voip.signalling.commands import By, EndReason


class Step(StrEnum):
    """How far a call came, for whoever watches."""

    FINDING_ROOM = "finding the room"
    CALLING = "calling"
    ANSWERED = "answered"
    CONNECTED = "connected"
    PLAYING = "playing"
    LISTENING = "listening"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class CallOrder:
    """What is to be done.

    `target` is a room (`!…` or `#…`) or a user (`@…`), who is called in the direct room.
    """

    target: str
    play: Sound | None = None
    record: Path | None = None
    """The file that gets what the other side says; its ending is `.ogg`."""
    seconds: float | None = None
    """How long the call lasts once connected; None: until the sound is played to its end, or
    until the other side hangs up where there is none."""
    wait: float = 0.0
    """Seconds between connected and the sound, for announcements on the other side."""
    video: bool = False


@dataclass(frozen=True, slots=True)
class CallReport:
    """How a call went. Times are milliseconds from placing the call; None where it never came."""

    ok: bool
    """The call was connected, and did not end because something failed."""
    reason: str
    room_id: str
    answer_ms: int | None
    connected_ms: int | None
    first_audio_ms: int | None
    seconds: float | None
    recorded: str | None

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


async def place_call(
    phone: Phone, order: CallOrder, on_step: Callable[[Step], None] = lambda step: None
) -> CallReport:
    """Call, do what is ordered, hang up, report.

    Raises RoomError where the target's room cannot be found, made or joined. `phone` must be
    syncing (`phone.run()`).
    """
    on_step(Step.FINDING_ROOM)
    room_id, invitee = await find(phone, order.target)
    call = await phone.place(room_id, invitee=invitee, video=order.video)
    on_step(Step.CALLING)
    try:
        with contextlib.suppress(CallEnded):
            await _talk(phone, call, order, on_step)
    finally:
        call.hang_up()
        await phone.forget(call)
    on_step(Step.ENDED)
    return await _report(call, order)


async def _talk(
    phone: Phone, call: Call, order: CallOrder, on_step: Callable[[Step], None]
) -> None:
    if order.play is not None:  # made ready while it rings
        await phone.media.prepare(order.play)
    await call.established()
    on_step(Step.CONNECTED)
    if order.record is not None:
        await phone.start_recording(call, until_silence=None, max_seconds=order.seconds)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(order.seconds):
            if order.play is not None:
                await asyncio.sleep(order.wait)
                on_step(Step.PLAYING)
                await call.play(order.play)
            if order.play is None or order.seconds is not None:
                on_step(Step.LISTENING)
                await call.ended()


async def _report(call: Call, order: CallOrder) -> CallReport:
    end = await call.closed()
    recorded = None
    if order.record is not None and call.recordings:
        recorded = order.record
        await asyncio.to_thread(_move, call.recordings[0], recorded, call.folder)
    marks = call.marks
    well = end.by in {By.US, By.PEER} and end.reason is EndReason.HANGUP
    return CallReport(
        ok=marks.established is not None and well,
        reason=end.reason.value,
        room_id=call.room_id,
        answer_ms=_since(marks.began, marks.answered),
        connected_ms=_since(marks.began, marks.established),
        first_audio_ms=_since(marks.began, marks.first_audio),
        seconds=marks.talked(),
        recorded=None if recorded is None else str(recorded),
    )


def _since(began: float, mark: float | None) -> int | None:
    return None if mark is None else round((mark - began) * 1000)


def _move(recording: Recording, target: Path, folder: Path) -> None:
    """The recording to where it was ordered, its parts beside it; its folder had no other
    purpose."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(recording.path, target)
    for part in recording.parts:
        shutil.move(part.path, target.with_name(f"{target.stem}-{part.path.name}"))
    shutil.rmtree(folder, ignore_errors=True)
