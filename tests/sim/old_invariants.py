"""What holds where some speak version 0. Each check says what would be wrong otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tests.sim.device import Member, SimDevice, Told
from tests.sim.hostile import LIE, sender_of
from tests.sim.stories import of_kind, sent, stories
from voip.signalling.commands import (
    Answered,
    ApplyAnswer,
    By,
    CreateAnswer,
    CreateReanswer,
    CreateReoffer,
    Ended,
    EndReason,
    Established,
    Incoming,
    Replaced,
    SendEvent,
)
from voip.signalling.events import Received
from voip.signalling.ids import NO_PARTY, CallKey

if TYPE_CHECKING:
    from tests.sim.world import World

KNOWN_TO_IT: Final = frozenset({"m.call.answer", "m.call.candidates", "m.call.hangup"})
"""What a call may be about once the other side is known to speak version 0."""
BEYOND_IT: Final = (CreateReoffer, CreateReanswer)


def at_the_end(world: World) -> None:
    for one in world.old.values():
        assert len(one) == 0, "it goes on for ever"
        assert one.deadline() is None
    old = {sdp for one in world.everybody.values() for sdp in _described(one, version=0)}
    for device in world.devices.values():
        for (life, key), story in stories(device).items():
            takes_over = _takes_over_an_old_one(device, life, key)
            _speaks_its_version(story, old, after_glare=takes_over)
            _leaves_the_winner_alone(device, life, key, story)
            _is_ended_by_its_own_peer(world, key, story)


def _takes_over_an_old_one(device: SimDevice, life: int, key: CallKey) -> bool:
    """Whether the call is from its beginning one that stays in glare with an old client."""
    items = [told.item for told in device.told if told.life == life]
    by_it = [item for item in items if isinstance(item, Replaced) and item.by == key]
    began_as_ours = any(item.key == key for item in by_it)
    return not began_as_ours and any(item.caller.party_id == NO_PARTY for item in by_it)


def _speaks_its_version(story: list[Told], old: set[str], *, after_glare: bool) -> None:
    """Once a peer has shown that it speaks version 0, it hears nothing that it does not know.

    `old` are the descriptions that came with version 0.
    """
    with_old = after_glare
    for item in (told.item for told in story):
        match item:
            case Incoming(caller=caller):
                with_old = caller.party_id == NO_PARTY
            case Replaced(key=key, by=by, caller=caller) if by == key:
                with_old = caller.party_id == NO_PARTY
            case CreateAnswer(offer=sdp):
                with_old = sdp in old
            case ApplyAnswer(answer=sdp):
                with_old = with_old or sdp in old
            case SendEvent(type="m.call.select_answer", content=content):
                assert content["selected_party_id"] != NO_PARTY, "version 0 has no choice"
            case SendEvent(type=kind, content=content) if with_old:
                assert kind in KNOWN_TO_IT, f"version 0 has no {kind}"
                assert type(content["version"]) is int
                assert content["version"] == 0
                assert "reason" not in content, "version 0 has no reason"
            case SendEvent(content=content):
                assert content["version"] == "1", "ours is version 1 until the other's is known"
            case _:
                assert not (with_old and isinstance(item, BEYOND_IT)), "version 0 has no such thing"
    if with_old:
        types = {told.item.type for told in story if isinstance(told.item, SendEvent)}
        assert "m.call.select_answer" not in types, "version 0 has no choice"


def _leaves_the_winner_alone(device: SimDevice, life: int, key: CallKey, story: list[Told]) -> None:
    """Whoever was not chosen must not hang up: without parties that is as good as the winner's.

    Where the caller or the answer is of version 0, nobody is told who was chosen. So a device that
    fails to connect, and knows of another answer of its user, says nothing.
    """
    end = story[-1].item
    items = [told.item for told in story]
    made = [told.at for told in story if isinstance(told.item, CreateAnswer)]
    if not made or not isinstance(end, Ended) or any(isinstance(i, Established) for i in items):
        return
    with_old = any(isinstance(i, Answered) and i.peer.party_id == NO_PARTY for i in items)
    for at, in_life, event in device.happened:
        if (
            made[0] < at < story[-1].at  # at the same moment either may be first
            and in_life == life
            and isinstance(event, Received)
            and event.type == "m.call.answer"
            and event.content["call_id"] == key.call_id
            and event.event_id != LIE
            and event.sender == device.party.user_id
            and sender_of(event) != device.party
            and (with_old or event.content["version"] == 0)
        ):
            assert end.by is not By.FAULT, "it hangs up what another device of its user answered"


def _is_ended_by_its_own_peer(world: World, key: CallKey, story: list[Told]) -> None:
    """A hangup of version 0 has no reason, and counts where it is of the user that we talk to.

    In encrypted rooms the device is known, and another of the same user ends nothing.
    """
    end = story[-1].item
    peers = [told.item.peer for told in story if isinstance(told.item, Answered)]
    if not isinstance(end, Ended) or end.by is not By.PEER or not peers:
        return
    if peers[-1].party_id != NO_PARTY or end.reason is EndReason.LEFT_ROOM:
        return
    assert end.reason is EndReason.HANGUP, "version 0 gives no reason"
    theirs = [old for old in world.old.values() if old.heard_as == peers[-1]]
    if world.room.encrypted:
        theirs = [old for old in theirs if not _taken(story).isdisjoint(_described(old, key))]
    assert any(list(sent(old, key, "m.call.hangup")) for old in theirs), "nobody hung up"


def _described(device: Member, key: CallKey | None = None, version: object = 0) -> Iterator[str]:
    """The descriptions that it sent in this version, to begin or to take calls."""
    for event in of_kind(device, SendEvent, key):
        description = event.content.get("offer", event.content.get("answer"))
        if isinstance(description, dict) and event.content["version"] == version:
            yield description["sdp"]


def _taken(story: list[Told]) -> set[str]:
    """The descriptions that were chosen."""
    items = [told.item for told in story]
    return {item.offer for item in items if isinstance(item, CreateAnswer)} | {
        item.answer for item in items if isinstance(item, ApplyAnswer)
    }
