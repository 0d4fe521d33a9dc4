"""Calling out: on a bot's own account, or for a call that is to be connected with another."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voip.bot.call import Call
    from voip.bot.interface import CallPhone


async def find(phone: CallPhone, target: str) -> tuple[str, str | None]:
    """The room of a target (`@user`, `!room` or `#alias`), and who is meant in it.

    Raises RoomError where the room cannot be found, made or joined.
    """
    if target.startswith("@"):
        return await phone.matrix.direct_room(target), target
    return await phone.matrix.join(target), None


@contextlib.asynccontextmanager
async def dialled(
    phone: CallPhone, target: str, *, video: bool = False, near: Call | None = None
) -> AsyncIterator[Call]:
    """A call that rings at the target, and is hung up when the block is left.

    `near`: a call that this one will be bridged with. Raises RoomError.
    """
    room_id, invitee = await find(phone, target)
    call = await phone.place(room_id, invitee=invitee, video=video, near=near)
    try:
        yield call
    finally:
        call.hang_up()
        phone.finish(call)
