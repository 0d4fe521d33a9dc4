"""A device on a virtual clock, and what others say to it.

A test reads as a story: bring a device into a state, let something happen, compare what it asks
and tells.

    device = inbound_in(State.RINGING)
    told = device.handle(PEER.hangup())         # handle drains
    told = device.wait(30)                      # every timer on the way fires at its own time

`plain` takes the request numbers out of what was told, so that it can be compared as a whole.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeAlias, TypeVar

import msgspec

from voip.signalling.calls import Calls
from voip.signalling.commands import (
    ApplyAnswer,
    Command,
    CreateAnswer,
    CreateOffer,
    CreateReanswer,
    CreateReoffer,
    Ignored,
    IgnoreReason,
    Notice,
    SendEvent,
)
from voip.signalling.config import CallConfig
from voip.signalling.content import (
    Answer,
    CallContent,
    Candidates,
    Capabilities,
    Hangup,
    Invite,
    Reject,
    SelectAnswer,
)
from voip.signalling.conversation import OURS
from voip.signalling.events import (
    Accept,
    AnswerReady,
    Event,
    HangUp,
    MediaConnected,
    OfferReady,
    Place,
    Received,
    Sent,
    SyncComplete,
)
from voip.signalling.ice import END_OF_CANDIDATES, Candidate
from voip.signalling.ids import CallKey, Party
from voip.signalling.states import State

Item: TypeAlias = Command | Notice
_Item = TypeVar("_Item")

ROOM: Final = "!room:example.org"
CALL_ID: Final = "call-1"
KEY: Final = CallKey(ROOM, CALL_ID)
OFFER: Final = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
ANSWER: Final = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=setup:active\r\n"
HOST: Final = Candidate("candidate:1 1 udp 2130706431 192.0.2.7 50000 typ host", "0", 0)
RELAY: Final = Candidate("candidate:2 1 udp 16777215 192.0.2.9 60000 typ relay", "0", 0)
END: Final = Candidate(END_OF_CANDIDATES)


NO_CAPABILITIES: Final = Capabilities()


@dataclass(frozen=True)
class Remote:
    """A party as the homeserver shows it: each method is one room event of it.

    Keyword arguments replace fields of the content (`invite(lifetime=10.0)`); `at` sets fields of
    the event around it.
    """

    user_id: str
    party_id: str
    key: CallKey = KEY
    capabilities: Capabilities = NO_CAPABILITIES

    @property
    def party(self) -> Party:
        return Party(self.user_id, self.party_id)

    def of(self, key: CallKey) -> Remote:
        """The same party in another call."""
        return dataclasses.replace(self, key=key)

    def says(self, content: CallContent) -> Received:
        return self.writes(content.event_type, content.to_wire())

    def writes(self, event_type: str, content: Mapping[str, Any]) -> Received:
        """An event whose content may be anything."""
        return Received(self.key.room_id, "$event", self.user_id, event_type, content, age=0.0)

    def invite(self, **fields: Any) -> Received:
        values: dict[str, Any] = {"offer": OFFER, "lifetime": 60.0} | self._able() | fields
        return self.says(Invite(**values))

    def answer(self, **fields: Any) -> Received:
        values: dict[str, Any] = {"answer": ANSWER} | self._able() | fields
        return self.says(Answer(**values))

    def candidates(self, *candidates: Candidate) -> Received:
        return self.says(Candidates(candidates=candidates, **self._common()))

    def select(self, party: Party) -> Received:
        return self.says(SelectAnswer(selected_party_id=party.party_id, **self._common()))

    def reject(self) -> Received:
        return self.says(Reject(**self._common()))

    def hangup(self, reason: str = "user_hangup") -> Received:
        return self.says(Hangup(reason=reason, **self._common()))

    def _common(self) -> dict[str, Any]:
        return {"call_id": self.key.call_id, "party_id": self.party_id}

    def _able(self) -> dict[str, Any]:
        return self._common() | {"capabilities": self.capabilities}


def at(event: Received, **fields: Any) -> Received:
    """The same event with another age, another room, encrypted …"""
    return msgspec.structs.replace(event, **fields)


US: Final = Remote("@us:example.org", "OURS", capabilities=OURS)
OUR_OTHER: Final = Remote(US.user_id, "OUR-OTHER")
PEER: Final = Remote("@peer:example.org", "PHONE")
PEERS_OTHER: Final = Remote(PEER.user_id, "TABLET")
STRANGER: Final = Remote("@stranger:example.org", "PHONE")
"""Somebody else in the room, with the party id of the peer: ids are no proof."""


class Device:
    """All calls of one device, on a clock that moves only when a test says so."""

    def __init__(
        self,
        us: Party = US.party,
        config: CallConfig | None = None,
        ended_before: Iterable[CallKey] = (),
    ) -> None:
        self.now = 1000.0
        self.calls = Calls(us, config, ended_before, self.now)
        self.log: list[Item] = []
        """All that it ever asked and told."""

    def handle(self, event: Event) -> list[Item]:
        self.calls.handle(event, self.now)
        return self.drain()

    def drain(self) -> list[Item]:
        items: list[Item] = []
        while (item := self.calls.poll()) is not None:
            items.append(item)
        self.log += items
        return items

    def wait(self, seconds: float) -> list[Item]:
        """Let time pass, stopping at each deadline as the driver does."""
        until = self.now + seconds
        items: list[Item] = []
        while (due := self.calls.deadline()) is not None and due <= until:
            self.now = max(self.now, due)
            self.calls.advance(self.now)
            items += self.drain()
        self.now = until
        return items

    def state(self, key: CallKey = KEY) -> State:
        return self.calls.state(key)

    def last(self, kind: type[_Item], key: CallKey = KEY) -> _Item:
        """The latest item of this type about this call."""
        items = (item for item in reversed(self.log) if isinstance(item, kind))
        return next(item for item in items if getattr(item, "key", None) == key)

    def request_of(self, what: type[Item] | str, key: CallKey = KEY) -> int:
        """The number of the latest request of this type, or of the latest event sent; 0: none."""
        for item in reversed(self.log):
            kind = item.type if isinstance(item, SendEvent) else type(item)
            if kind == what and getattr(item, "key", None) == key:
                return int(getattr(item, "request", 0))
        return 0


# --- what a device asks and tells -----------------------------------------------------------


_REQUESTS: Final = (
    SendEvent,
    CreateOffer,
    CreateAnswer,
    ApplyAnswer,
    CreateReoffer,
    CreateReanswer,
)


def plain(items: Iterable[Item]) -> list[Item]:
    """The items without their request numbers."""
    return [
        msgspec.structs.replace(item, request=0) if isinstance(item, _REQUESTS) else item
        for item in items
    ]


def sends(event: Received) -> SendEvent:
    """The plain command that sends this event: `sends(US.reject())`."""
    return SendEvent(
        CallKey(event.room_id, str(event.content["call_id"])), 0, event.type, event.content
    )


def of_type(items: Iterable[Item], kind: type[_Item]) -> list[_Item]:
    return [item for item in items if isinstance(item, kind)]


def why(items: Iterable[Item]) -> list[IgnoreReason]:
    """Why remote events changed nothing."""
    return [ignored.why for ignored in of_type(items, Ignored)]


# --- into a state ---------------------------------------------------------------------------


class Direction(Enum):
    OUTBOUND = "outbound"
    INBOUND = "inbound"


Step: TypeAlias = Callable[[Device, CallKey], Event]

PATHS: Final[Mapping[Direction, Mapping[State, Step]]] = {
    Direction.OUTBOUND: {
        State.PREPARING: lambda _, key: Place(key, invitee=PEER.user_id),
        State.INVITING: lambda device, key: OfferReady(
            key, device.request_of(CreateOffer, key), OFFER
        ),
        State.INVITED: lambda device, key: Sent(key, device.request_of("m.call.invite", key)),
        State.CONNECTING: lambda _, key: PEER.of(key).answer(),
        State.CONNECTED: lambda _, key: MediaConnected(key),
        State.ENDED: lambda _, key: HangUp(key),
    },
    Direction.INBOUND: {
        State.HELD: lambda _, key: PEER.of(key).invite(),
        State.RINGING: lambda *_: SyncComplete(),
        State.ANSWERING: lambda _, key: Accept(key),
        State.CONNECTING: lambda device, key: AnswerReady(
            key, device.request_of(CreateAnswer, key), ANSWER
        ),
        State.CONNECTED: lambda _, key: MediaConnected(key),
        State.ENDED: lambda _, key: HangUp(key),
    },
}
"""How each state is reached from the one before it, by real events."""

BESIDE: Final[Mapping[State, tuple[Step, ...]]] = {
    State.SETTLING: (
        lambda _, key: at(PEER.of(key).invite(), age=CallConfig().late_invite),
        lambda *_: SyncComplete(),
    ),
}
"""States that a call may pass by: how each is reached from the beginning."""

REACHABLE: Final = [
    *((direction, state) for direction, path in PATHS.items() for state in path),
    *((Direction.INBOUND, state) for state in BESIDE),
]
LIVE: Final = [(direction, state) for direction, state in REACHABLE if state is not State.ENDED]


def bring(device: Device, direction: Direction, state: State, key: CallKey = KEY) -> Device:
    """Lead a call of this device from its beginning into a state."""
    if direction is Direction.INBOUND and state in BESIDE:
        for step in BESIDE[state]:
            device.handle(step(device, key))
        assert device.state(key) is state
        return device
    for reached, step in PATHS[direction].items():
        device.handle(step(device, key))
        assert device.state(key) is reached
        if reached is state:
            return device
    raise ValueError(f"no {direction.value} call is ever {state.value}")


def outbound_in(state: State, config: CallConfig | None = None) -> Device:
    return bring(Device(config=config), Direction.OUTBOUND, state)


def inbound_in(state: State, config: CallConfig | None = None) -> Device:
    return bring(Device(config=config), Direction.INBOUND, state)


def device_in(direction: Direction, state: State, config: CallConfig | None = None) -> Device:
    return bring(Device(config=config), direction, state)
