"""What a true event must lead to at once, where it leaves no choice, whatever version it is in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from tests.sim.device import Item, Member, SimDevice
from tests.sim.hostile import LIE, sender_of
from voip.signalling.call import Call
from voip.signalling.commands import AddCandidates
from voip.signalling.events import Event, Received
from voip.signalling.ids import NO_PARTY, CallKey, Party
from voip.signalling.outbound import OutboundCall
from voip.signalling.states import State

Check: TypeAlias = Callable[[list[Item]], None]

INVITES: Final = frozenset({State.INVITING, State.INVITED})
RINGS: Final = frozenset({State.HELD, State.SETTLING, State.RINGING})
SETTLED: Final = frozenset({State.ANSWERING, State.CONNECTING, State.CONNECTED})
ENDS: Final = frozenset({"m.call.hangup", "m.call.reject"})


def nothing(_told: list[Item]) -> None:
    """Whatever it leads to is fine."""


def to(device: Member, event: Event, now: float) -> Check:
    """Asked before the event happens; the check is given what the device then asked and told."""
    if not isinstance(device, SimDevice) or not isinstance(event, Received):
        return nothing
    key = CallKey(event.room_id, str(event.content["call_id"]))
    call = device.calls._registry.get(key)
    sender = sender_of(event)
    if call is None or event.event_id == LIE or sender == device.party:
        return nothing
    if call.deadline is not None and call.deadline <= now:
        return nothing  # time is before it
    if _must_hand_on(call, sender, event):
        return _hands_on
    state = _must_be(call, sender, event)
    if state is None:
        return nothing

    def check(_told: list[Item]) -> None:
        assert device.calls.state(key) is state, f"{event.type} does not lead to {state}"

    return check


def _must_hand_on(call: Call, sender: Party, event: Received) -> bool:
    return (
        event.type == "m.call.candidates"
        and call.state in SETTLED
        and sender == call.peer
        and call.speaks_for(sender, event.device_key)
    )


def _hands_on(told: list[Item]) -> None:
    assert any(isinstance(item, AddCandidates) for item in told), "candidates are lost"


def _must_be(call: Call, sender: Party, event: Received) -> State | None:
    if _is_of_another_device(call, sender, event):
        return call.state
    if not call.speaks_for(sender, event.device_key):
        # A name that two old devices share is bound to the first of them that was heard: better
        # no call than a forged one.
        return None
    if event.type == "m.call.hangup" and sender == call.peer:
        return State.ENDED  # the other side talks to nobody from now on
    if isinstance(call, OutboundCall):
        return _of_ours(call, sender, event)
    if call.state in RINGS and sender.user_id == call.us.user_id and sender != call.peer:
        # Nobody's phone rings on when another device of the same user has answered or declined.
        return State.ENDED if event.type in ENDS | {"m.call.answer"} else None
    return None


def _of_ours(call: OutboundCall, sender: Party, event: Received) -> State | None:
    """A call that nobody has answered yet: the first answer wins, or the first decline."""
    if call.state not in INVITES or call.peer is not None or not call._may_answer(sender):
        return None
    if event.type == "m.call.answer":
        return State.CONNECTING
    return State.ENDED if event.type in ENDS else None


def _is_of_another_device(call: Call, sender: Party, event: Received) -> bool:
    """An old device declines or gives up what another of its user has; only that has a party."""
    peer = call.peer
    return (
        event.type == "m.call.hangup"
        and event.content.get("version") == 0
        and sender.party_id == NO_PARTY
        and peer is not None
        and peer.party_id != NO_PARTY
        and peer.user_id == sender.user_id != call.us.user_id
    )
