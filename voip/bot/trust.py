"""What follows from a device that its owner has not verified: policy; the facts are the edge's.

A device counts as verified when its owner cross-signed it, which clients do when a person
verifies a new login with another one or with the recovery key.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from voip.matrix.edge import MatrixEdge
from voip.matrix.trust import DeviceTrust, NewDevice
from voip.signalling.events import Received, RemoteEvent
from voip.signalling.ids import CallKey

if TYPE_CHECKING:
    from voip.bot.call import Call

log = logging.getLogger(__name__)

REMEMBERED_AT_MOST: Final = 1000
NOTICES_AT_MOST: Final = 5
"""In one room, within `NOTICES_PER`: somebody may make devices, or call, in a loop."""
NOTICES_PER: Final = 600.0

Caller = tuple[CallKey, str]


class Unverified(StrEnum):
    """What happens to a call from a device that its owner has not verified."""

    ALLOW = "allow"
    WARN = "warn"
    """It is answered, and the room is told."""
    REFUSE = "refuse"
    """It is declined, and the room is told why."""


class SendingDevices:
    """Which device sent an invite, until the call rings: `Incoming` names the party alone."""

    def __init__(self) -> None:
        self._keys: dict[Caller, str] = {}

    def note(self, event: RemoteEvent) -> None:
        if not isinstance(event, Received) or event.type != "m.call.invite":
            return
        call_id = event.content.get("call_id")
        if event.device_key is None or not isinstance(call_id, str):
            return
        if len(self._keys) >= REMEMBERED_AT_MOST:
            del self._keys[next(iter(self._keys))]
        # The first counts: it is the one that rings, and nobody may take its place.
        self._keys.setdefault((CallKey(event.room_id, call_id), event.sender), event.device_key)

    def take(self, key: CallKey, user_id: str) -> str | None:
        """The device's Curve25519 key; None where the invite was not encrypted."""
        return self._keys.pop((key, user_id), None)


class Notices:
    """Says each thing once, and not too much in one room."""

    def __init__(self, post: Callable[[str, str], None], clock: Callable[[], float]) -> None:
        self._post = post
        self._clock = clock
        self._said: dict[tuple[str, str], float] = {}

    def say(self, room_id: str, subject: str, text: str) -> None:
        """Post, unless this room has heard of the subject, or of too many others lately."""
        now = self._clock()
        lately = [at for (room, _), at in self._said.items() if room == room_id]
        if (room_id, subject) in self._said or sum(
            at > now - NOTICES_PER for at in lately
        ) >= NOTICES_AT_MOST:
            return
        if len(self._said) >= REMEMBERED_AT_MOST:
            del self._said[next(iter(self._said))]
        self._said[room_id, subject] = now
        self._post(room_id, text)


class Gate:
    """Whether a call is let in.

    :param post: puts a notice into a room; must not block.
    """

    def __init__(
        self,
        matrix: MatrixEdge,
        policy: Unverified,
        post: Callable[[str, str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._matrix = matrix
        self._policy = policy
        self._notices = Notices(post, clock)

    async def admits(self, call: Call) -> bool:
        """Ask about the caller's device where the policy wants to know; tell the room."""
        if self._policy is Unverified.ALLOW:
            return True
        trust = await self._trust(call)
        if trust is DeviceTrust.SIGNED:
            return True
        refused = self._policy is Unverified.REFUSE
        log.info("call %s is from an unverified device: %s", call.id, self._policy.value)
        text = _why(call, trust)
        if refused:
            text = f"{text} {_declined(call, trust)}"
        self._notices.say(call.room_id, call.device_key or "", text)
        return not refused

    async def _trust(self, call: Call) -> DeviceTrust:
        if call.device_key is None:
            return DeviceTrust.UNKNOWN
        return await self._matrix.device_trust(call.peer_user_id, call.device_key)

    def new_device(self, device: NewDevice, calls: Iterable[Call]) -> None:
        """Tell the rooms of the person's live calls."""
        for call in calls:
            them = call.peer.user_id if call.peer is not None else call.peer_user_id
            room = self._matrix.room_info(call.room_id)
            if call.end is None and them == device.user_id and room is not None and room.encrypted:
                text = f"{device.user_id} has a new device: {device.trust.value}."
                self._notices.say(call.room_id, device.device_key, text)


def _why(call: Call, trust: DeviceTrust) -> str:
    who = call.peer_user_id
    if call.device_key is None:
        return "This room is not encrypted, so nobody can tell which device the call is from."
    match trust:
        case DeviceTrust.UNSIGNED:
            return f"The call is from a device that {who} has not verified."
        case DeviceTrust.IDENTITY_CHANGED:
            return f"The encryption identity of {who} is not the one that was known here."
        case _:
            return f"The device that {who} calls from could not be checked."


def _declined(call: Call, trust: DeviceTrust) -> str:
    if call.device_key is None:
        return "It was declined: call in an encrypted room."
    match trust:
        case DeviceTrust.UNSIGNED:
            return "It was declined: verify the device in its settings, then call again."
        case DeviceTrust.IDENTITY_CHANGED:
            return "The call was declined: ask whoever runs this bot to accept the new identity."
        case _:
            return "The call was declined: try again later."
