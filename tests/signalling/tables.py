"""How the tables of expectations are written down and checked.

A table has one row for each event and one cell for each state of a direction, in the order in which
a call goes through them. A cell says either why nothing happens or what does.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, TypedDict

import pytest
from _pytest.mark.structures import ParameterSet

from tests.signalling.kit import (
    KEY,
    OFFER,
    PATHS,
    PEERS_OTHER,
    US,
    Device,
    Direction,
    Item,
    Remote,
    device_in,
    plain,
    sends,
)
from voip.signalling import content
from voip.signalling.commands import (
    By,
    CloseMedia,
    CreateReanswer,
    CreateReoffer,
    Ended,
    EndReason,
    IdentityAsserted,
    Ignored,
    IgnoreReason,
    PeerState,
    SetStreams,
    TransferRejected,
    TransferRequested,
)
from voip.signalling.content import (
    AssertedIdentity,
    CallContent,
    Negotiate,
    RejectReplacement,
    Replaces,
    StreamMetadataChanged,
)
from voip.signalling.errors import LocalError
from voip.signalling.events import (
    AssertIdentity,
    Change,
    Event,
    LocalEvent,
    Received,
    RejectTransfer,
    Renegotiate,
    SetMuted,
    Transfer,
)
from voip.signalling.ids import Party
from voip.signalling.states import State

CONTENTS: Final = frozenset(
    value
    for _, value in inspect.getmembers(content, inspect.isclass)
    if issubclass(value, CallContent) and value is not CallContent
)
"""Every content that a call may receive."""


class Common(TypedDict):
    call_id: str
    party_id: str


_OURS: Final[Common] = {"call_id": KEY.call_id, "party_id": US.party_id}


@dataclass(frozen=True)
class Then:
    """What follows from an event."""

    told: tuple[Item, ...] = ()
    state: State | None = None
    """None: it stays."""


Cell: TypeAlias = Then | IgnoreReason | type[LocalError]
QUIET: Final = Then()
"""Taken, and nobody needs to know."""


def ends(
    reason: EndReason,
    by: By,
    *,
    first: Iterable[Item] = (),
    media: bool = True,
    rang: bool = False,
    wire: str | None = None,
) -> Then:
    """The call ends: what is said `first`, the media's end, the last word."""
    close = (CloseMedia(KEY),) if media else ()
    return Then((*first, *close, Ended(KEY, reason, by, rang, wire)), State.ENDED)


@dataclass(frozen=True)
class Row:
    event: Event | Callable[[Device], Event]
    """Made from the device where it answers a request."""
    cells: Sequence[Cell]

    def event_for(self, device: Device) -> Event:
        return self.event(device) if callable(self.event) else self.event


def cases(direction: Direction, table: Iterable[Row]) -> list[ParameterSet]:
    """One test for each cell: its state, row and cell."""
    beside = [State.SETTLING] if direction is Direction.INBOUND else []
    return [
        pytest.param(state, row, cell, id=f"{_name(row)}-{state.value}")
        for row in table
        for state, cell in [
            *zip(PATHS[direction], row.cells, strict=True),
            # What settles answers as what is held does: nobody here knows of either.
            *((each, row.cells[0]) for each in beside),
        ]
    ]


def voices(table: Iterable[Row]) -> set[tuple[str, Party]]:
    """Which contents are said by whom in a table."""
    events = [row.event for row in table if isinstance(row.event, Received)]
    return {(event.type, Party(event.sender, str(event.content["party_id"]))) for event in events}


def in_conversation(party: Remote) -> list[Received]:
    """What only an answered call takes, in the order of `CONVERSATION`."""
    common: Common = {"call_id": party.key.call_id, "party_id": party.party_id}
    return [
        party.says(Negotiate(**common, description_type="offer", sdp=OFFER, lifetime=10.0)),
        party.says(StreamMetadataChanged(**common, streams={})),
        party.says(Replaces(**common, replacement_id="replacement", create_call="call-2")),
        party.says(RejectReplacement(**common, replacement_id="replacement", reason="declined")),
        party.says(AssertedIdentity(**common)),
    ]


_TRANSFER: Final = Replaces(
    call_id=KEY.call_id, party_id="PHONE", replacement_id="replacement", create_call="call-2"
)
_NOBODY_ELSE: Final = AssertedIdentity(call_id=KEY.call_id, party_id="PHONE")
CONVERSATION: Final[tuple[Then, ...]] = (
    Then((CreateReanswer(KEY, 0, OFFER),)),
    Then((SetStreams(KEY, {}), PeerState(KEY, False, False, False, {}))),
    Then((TransferRequested(KEY, _TRANSFER),)),
    Then((TransferRejected(KEY, "replacement", "declined"),)),
    Then((IdentityAsserted(KEY, _NOBODY_ELSE),)),
)
"""What follows in an answered call when its peer says them."""

WISHES: Final[tuple[tuple[LocalEvent, Then], ...]] = (
    (Renegotiate(KEY, Change(hold=True)), Then((CreateReoffer(KEY, 0, Change(hold=True)),))),
    (
        SetMuted(KEY, audio=True),
        Then((sends(US.says(StreamMetadataChanged(**_OURS, streams={}))),)),
    ),
    (
        Transfer(KEY, "replacement", PEERS_OTHER.user_id, create_call="call-2"),
        Then(
            (
                sends(
                    US.says(
                        Replaces(
                            **_OURS,
                            replacement_id="replacement",
                            target_user=PEERS_OTHER.user_id,
                            create_call="call-2",
                        )
                    )
                ),
            )
        ),
    ),
    (
        RejectTransfer(KEY, "replacement"),
        Then(
            (
                sends(
                    US.says(
                        RejectReplacement(**_OURS, replacement_id="replacement", reason="declined")
                    )
                ),
            )
        ),
    ),
    (
        AssertIdentity(KEY, display_name="Alice"),
        Then((sends(US.says(AssertedIdentity(**_OURS, display_name="Alice"))),)),
    ),
)
"""What somebody here may wish of an answered call, and what follows."""


def _name(row: Row) -> str:
    event = row.event_for(Device())
    if isinstance(event, Received):
        return f"{event.type}-{event.sender}-{event.content.get('party_id')}"
    return type(event).__name__


def check(direction: Direction, state: State, row: Row, cell: Cell) -> None:
    """A call in this state, to which this happens, does what the cell says."""
    device = device_in(direction, state)
    event = row.event_for(device)
    if isinstance(cell, type):
        with pytest.raises(cell):
            device.calls.handle(event, device.now)
        assert device.drain() == []
        assert device.state() is state
        return
    told = plain(device.handle(event))
    if isinstance(cell, IgnoreReason):
        assert isinstance(event, Received)
        assert told == [Ignored(event.room_id, event.sender, event.type, cell)]
        assert device.state() is state
        return
    assert told == list(cell.told)
    assert device.state() is (cell.state or state)
    if cell.state is State.ENDED:
        assert device.calls.deadline() is None
