"""Who is on the other side, as far as the room and their device say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from voip.matrix.trust import DeviceTrust

if TYPE_CHECKING:
    from voip.bot.call import Call
    from voip.bot.interface import CallRooms


@dataclass(frozen=True, slots=True)
class Who:
    """Facts about the other side of a call."""

    user_id: str
    """Empty for a call that we placed into a room, until somebody answers."""
    display_name: str
    """As in the room; the user id where there is none. Chosen by them: it proves nothing."""
    room_name: str
    encrypted: bool
    """The room is encrypted, so the homeserver cannot put itself into the call."""
    verified: bool
    """Their device is signed by their owner (`DeviceTrust.SIGNED`)."""


async def who_is_it(rooms: CallRooms, call: Call) -> Who:
    """Raises MatrixError where the homeserver cannot be asked."""
    user_id = call.peer.user_id if call.peer is not None else call.peer_user_id
    room = rooms.room_info(call.room_id)
    names = await rooms.members(call.room_id)
    trust = DeviceTrust.UNKNOWN
    if call.device_key is not None:
        trust = await rooms.device_trust(call.peer_user_id, call.device_key)
    return Who(
        user_id=user_id,
        display_name=names.get(user_id, user_id),
        room_name="" if room is None else room.name,
        encrypted=room is not None and room.encrypted,
        verified=trust is DeviceTrust.SIGNED,
    )
