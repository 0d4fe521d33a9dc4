"""One scene: a few devices in one room, some calls, and all that may go wrong around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from tests.sim import invariants, reactions
from tests.sim.chance import Chance
from tests.sim.clock import Clock
from tests.sim.device import Item, Member, SimDevice
from tests.sim.hostile import Homeserver
from tests.sim.media import Media
from tests.sim.old_device import OldDevice
from tests.sim.people import People
from tests.sim.room import ROOM, Room, Timeline
from voip.signalling.commands import (
    ApplyAnswer,
    CloseMedia,
    CreateAnswer,
    CreateOffer,
    CreateReanswer,
    CreateReoffer,
    Established,
    SendEvent,
    SetStreams,
)
from voip.signalling.config import CallConfig
from voip.signalling.content import Hangup
from voip.signalling.events import Event, Place, Received, SendFailed, SendProblem, Sent
from voip.signalling.ids import CallKey, Party

CONFIG: Final = CallConfig(
    max_unanswered=3, max_tombstones=12, max_early_calls=8, max_early_candidates=16
)
CASTS: Final = (
    "A1 B1",
    "A1 B1 B2",
    "A1 A2",
    "A1 B1 C1",
    "A1 A2 B1 B2",
    "A1 B1 B2 C1",
)
"""Who is in the room: a letter is a user, a number its device."""
OLD_CASTS: Final = (
    "A1 b1",
    "A1 a2",
    "A1 b1 b2",
    "A1 B1 b2",
    "A1 a2 B1",
    "A1 B1 c1",
    "a1 B1 B2",
    "A1 a2 B1 b2",
    "A1 B1 b2 b3",
)
"""The same with old clients: a small letter is a device that speaks version 0."""
SLOTS: Final = 3
"""Calls that may be placed in a scene."""
MOST_STEPS: Final = 20_000


class World:
    def __init__(
        self,
        cast: str,
        chance: Chance,
        *,
        encrypted: bool,
        drops_known: bool = True,
        honest: bool = False,
    ) -> None:
        self.clock = Clock()
        self.chance = chance
        self.placed: list[CallKey] = []
        self.devices: dict[Party, SimDevice] = {}
        """Ours; not those with an old client."""
        self.old: dict[Party, OldDevice] = {}
        for name in cast.split():
            party = Party(f"@{name[0].upper()}:example.org", name)
            if name.islower():
                self.old[party] = OldDevice(party)
            else:
                self.devices[party] = SimDevice(party, CONFIG, self.clock.now)
        self.everybody: Mapping[Party, Member] = {**self.devices, **self.old}
        self.timelines = {
            party: Timeline(device, self.clock, self._happen, drops_known=drops_known)
            for party, device in self.everybody.items()
        }
        self.homeserver = Homeserver(
            chance, self.devices, self._happen, is_new=self._is_new, honest=honest
        )
        self.room = Room(self.timelines, self.clock, chance, self.homeserver, encrypted=encrypted)
        self.media = Media(self.clock, chance, self._happen)
        self.people = People(chance, self._do)

        self.drops_known = drops_known

    def _is_new(self, party: Party, event: Received) -> bool:
        return self.timelines[party].is_new(event)

    # --- what is planned ---

    def place(self, delay: float, caller: Party, call_id: str, invitee: str | None) -> None:
        key = CallKey(ROOM, call_id)
        self.placed.append(key)
        self.wish(delay, caller, Place(key, invitee))

    def wish(self, delay: float, party: Party, wish: Event) -> None:
        self._do(delay, self.everybody[party], wish)

    def outage(self, delay: float, party: Party, length: float, *, gap: bool) -> None:
        timeline = self.timelines[party]
        self.clock.after(delay, timeline.away)
        self.clock.after(delay + length, lambda: timeline.back(gap=gap))

    def crash(self, delay: float, party: Party, length: float) -> None:
        device = self.devices[party]

        def down() -> None:
            device.crash()
            self.media.crash(device)

        def up() -> None:
            for key in device.restart(self.clock.now):
                hangup = Hangup(
                    call_id=key.call_id, party_id=party.party_id, reason="unknown_error"
                )
                self.room.take(device, hangup.event_type, hangup.to_wire())
            self.timelines[party].restarted()

        self.clock.after(delay, down)
        self.clock.after(delay + length, up)

    def leave(self, delay: float, party: Party) -> None:
        self.clock.after(delay, lambda: self.room.leave(party.user_id))

    # --- what happens ---

    def run(self) -> None:
        """Until nothing is planned and nobody waits."""
        for _ in range(MOST_STEPS):
            due = min(
                (
                    (deadline, party)
                    for party, device in self.everybody.items()
                    if device.up and (deadline := device.deadline()) is not None
                ),
                default=None,
            )
            planned = self.clock.next
            if planned is not None and (due is None or planned <= due[0]):
                self.clock.step()
            elif due is not None:
                self.clock.now = max(self.clock.now, due[0])
                device = self.everybody[due[1]]
                self._react(device, device.advance(self.clock.now))
            else:
                return
        raise AssertionError("it goes on for ever")

    def _do(self, delay: float, device: Member, wish: Event) -> None:
        def do() -> None:
            if device.up:
                self._happen(device, wish)

        self.clock.after(delay, do)

    def _happen(self, device: Member, event: Event) -> list[Item]:
        check = reactions.to(device, event, self.clock.now)
        told = device.handle(event, self.clock.now)
        self._react(device, told)
        check(told)
        return told

    def _react(self, device: Member, told: Iterable[Item]) -> None:
        if isinstance(device, SimDevice):
            invariants.at_every_step(device)
        for item in told:
            match item:
                case SendEvent():
                    self._send(device, item)
                case (
                    CreateOffer()
                    | CreateAnswer()
                    | ApplyAnswer()
                    | CreateReoffer()
                    | CreateReanswer()
                ):
                    self.media.ask(device, item)
                case SetStreams():
                    others = self.devices.keys() - {device.party}
                    self.media.set_streams(device, item, others)
                case CloseMedia():
                    self.media.close(device, item)
                case _:
                    if isinstance(item, Established) and isinstance(device, SimDevice):
                        invariants.at_established(device, item, self.media)
                    self.people.hear(device, item)

    def _send(self, device: Member, send: SendEvent) -> None:
        """Accepted or not, and whether its sender learns of it in time are two things."""
        fate = self.chance.pick("sent", "sent", "unsure", "lost", "refused")
        delay = self.chance.pick(0.01, 1.0, 95.0)
        life = device.life
        result: Event = Sent(send.key, send.request)
        if fate != "sent":
            problem = SendProblem.REFUSED if fate == "refused" else SendProblem.UNREACHABLE
            result = SendFailed(send.key, send.request, problem)
        if fate in {"sent", "unsure"}:
            self.room.take(device, send.type, send.content)

        def learn() -> None:
            if device.up and device.life == life:
                self._happen(device, result)

        self.clock.after(delay, learn)


def scene(tape: bytes, *, honest: bool = False) -> World:
    """A world in which everything is decided by the tape, after it has run to its end."""
    chance = Chance(tape)
    number = chance.byte()
    casts = OLD_CASTS if number % 2 else CASTS
    cast = casts[number // 2 % len(casts)]
    encrypted, drops_known = chance.byte() % 4 != 1, chance.byte() % 4 != 1
    world = World(cast, chance, encrypted=encrypted, drops_known=drops_known, honest=honest)
    for slot in range(SLOTS):
        _plan_call(world, slot)
    for party in world.everybody:
        _plan_trouble(world, party)
    world.run()
    invariants.at_the_end(world)
    return world


def _plan_call(world: World, slot: int) -> None:
    """A zero is no call at all, so that a failure shrinks to the calls that matter."""
    number = world.chance.byte()
    if number % 8 == 0:
        return
    parties = list(world.everybody)
    caller = parties[number // 8 % len(parties)]
    others = [party.user_id for party in parties if party.user_id != caller.user_id]
    callee = others[0] if others else caller.user_id
    invitee = world.chance.pick(callee, None, caller.user_id, *others)
    number = world.chance.byte()
    name = f"{'amz'[number % 3]}{slot}" if number % 4 else "same id"
    when = world.chance.byte()
    world.place(slot * (0.0, 0.04, 0.5, 2.0, 40.0, 150.0)[when % 6], caller, name, invitee)


def _plan_trouble(world: World, party: Party) -> None:
    chance = world.chance
    when = chance.byte() / 8
    match chance.pick("none", "outage", "gap", "crash", "leaves"):
        case "outage" | "gap" as kind:
            world.outage(when, party, chance.pick(5.0, 40.0, 100.0), gap=kind == "gap")
        case "crash" if party in world.devices:
            world.crash(when, party, chance.pick(1.0, 30.0, 200.0))
        case "leaves":
            world.leave(when, party)
