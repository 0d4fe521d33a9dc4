"""A homeserver that forges, sends in the clear, and sends again. It has no key but its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from tests.signalling.kit import ANSWER, END, OFFER
from tests.sim.chance import Chance
from tests.sim.device import Item, SimDevice
from voip.signalling.commands import (
    AddCandidates,
    ApplyAnswer,
    CreateReanswer,
    IdentityAsserted,
    Ignored,
    PeerState,
    SetStreams,
    TransferRejected,
    TransferRequested,
)
from voip.signalling.content import (
    Answer,
    Candidates,
    Hangup,
    Negotiate,
    Reject,
    Replaces,
    SelectAnswer,
    StreamMetadata,
    StreamMetadataChanged,
)
from voip.signalling.events import Event, Received, SyncComplete
from voip.signalling.ids import NO_PARTY, CallKey, Party

NOBODY: Final = "NOBODY"
LIE: Final = "$lie"
"""The id of every forged event."""
ITS_KEY: Final = "key of the homeserver"
REPEATABLE: Final = (
    Ignored,
    AddCandidates,
    CreateReanswer,
    ApplyAnswer,
    SetStreams,
    PeerState,
    TransferRequested,
    TransferRejected,
    IdentityAsserted,
)
"""What an event that comes twice may lead to, besides nothing; it never moves a call. (The Matrix
edge drops ids that it knows, so the core sees none of this.)"""

_MUTED: Final = StreamMetadata(purpose="m.usermedia", audio_muted=True)
LIES: Final[tuple[tuple[type[Any], dict[str, Any]], ...]] = (
    (Hangup, {"reason": "user_busy"}),
    (Answer, {"answer": ANSWER}),
    (SelectAnswer, {"selected_party_id": NOBODY}),
    (Candidates, {"candidates": (END,)}),
    (Reject, {}),
    (Negotiate, {"description_type": "offer", "sdp": OFFER, "lifetime": 60.0}),
    (Negotiate, {"description_type": "answer", "sdp": ANSWER, "lifetime": 60.0}),
    (StreamMetadataChanged, {"streams": {"stream": _MUTED}}),
    (Replaces, {"replacement_id": "r", "create_call": "evil"}),
)


class Homeserver:
    def __init__(
        self,
        chance: Chance,
        devices: dict[Party, SimDevice],
        happen: Callable[[SimDevice, Event], list[Item]],
        *,
        is_new: Callable[[Party, Received], bool],
        honest: bool,
    ) -> None:
        """An honest one makes the same choices and delivers none of its forgeries."""
        self._chance = chance
        self._devices = devices
        self._happen = happen
        self._is_new = is_new
        self._honest = honest
        self._delivered: dict[Party, list[Received]] = {party: [] for party in devices}
        self.forgeries = 0
        self.replays = 0

    def tamper(self, receiver: Party, true: Received) -> None:
        """After a true event was delivered. (Old clients believe everything.)"""
        if receiver not in self._devices:
            return
        how = self._chance.pick("not at all", "forge", "clear", "forge", "clear", "replay")
        device = self._devices[receiver]
        delivered = self._delivered[receiver]
        delivered.append(true)
        if how == "not at all" or not device.up:
            return
        if how == "replay":
            self._replay(device, delivered[self._chance.byte() % len(delivered)])
            return
        kind, fields = LIES[self._chance.byte() % len(LIES)]
        if how == "forge" and not self._is_bound(device, true):
            return  # whom nobody has heard yet, nobody can be told from
        version = 0 if true.content["version"] == 0 else 1
        content = kind(version=version, **_named(true), **fields)
        wire = content.to_wire()
        if kind is Hangup and self._chance.byte() % 2 and self._is_peer(device, true):
            wire = {"call_id": content.call_id}  # some clients name no party
        lie = msgspec.structs.replace(
            true,
            event_id=LIE,
            type=content.event_type,
            content=wire,
            age=0.0,
            encrypted=how == "forge",
            device_key=ITS_KEY if how == "forge" else None,
        )
        self.forgeries += 1
        if self._honest:
            return
        told = self._happen(device, lie)
        assert all(isinstance(item, Ignored) for item in told), (lie, told)

    def _is_bound(self, device: SimDevice, true: Received) -> bool:
        """Whether the call knows the device of who said this."""
        call = device.calls._registry.get(CallKey(true.room_id, str(true.content["call_id"])))
        sender = sender_of(true)
        return call is not None and sender in (call._device_keys or {})

    def _is_peer(self, device: SimDevice, true: Received) -> bool:
        call = device.calls._registry.get(CallKey(true.room_id, str(true.content["call_id"])))
        sender = sender_of(true)
        return call is not None and call.peer == sender

    def _replay(self, device: SimDevice, true: Received) -> None:
        if not self._is_new(device.party, true):
            return
        live = {key: device.calls.state(key) for key in device.calls._registry._calls}
        told = self._happen(device, true)
        self.replays += 1
        assert all(isinstance(item, REPEATABLE) for item in told), (true, told)
        assert {key: device.calls.state(key) for key in device.calls._registry._calls} == live
        self._happen(device, SyncComplete())  # what rings now would ring again


def _named(true: Received) -> dict[str, Any]:
    return {name: true.content.get(name) for name in ("call_id", "party_id")}


def sender_of(true: Received) -> Party:
    return Party(true.sender, str(true.content.get("party_id", NO_PARTY)))
