"""The room: one timeline for each device, with delay, loss, duplicates, outages and forgeries.

The events of one sender arrive at a device in the order in which they were sent; those of different
senders in any order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import msgspec

from tests.sim.chance import Chance
from tests.sim.clock import Clock
from tests.sim.device import Member
from tests.sim.hostile import Homeserver
from voip.signalling.events import Event, MemberLeft, Received, SyncComplete
from voip.signalling.ids import Party

ROOM: Final = "!room:example.org"
KEPT_IN_A_GAP: Final = 2
"""A homeserver sends so many of the latest events after an outage; the rest is in the gap."""

Happen: TypeAlias = Callable[[Member, Event], object]


class Timeline:
    """What one device sees of the room."""

    def __init__(self, device: Member, clock: Clock, happen: Happen, *, drops_known: bool) -> None:
        """`drops_known`: events whose id was seen before are dropped, as the Matrix edge does."""
        self._device = device
        self._clock = clock
        self._happen = happen
        self._latest: dict[Party, float] = {}
        self._waiting: list[tuple[float, Event]] = []
        self._latest_sync: deque[tuple[float, Event]] = deque(maxlen=KEPT_IN_A_GAP)
        self._away = False
        self._drops_known = drops_known
        self._known: set[tuple[int, str]] = set()

    def bring(self, sender: Party, event: Event, delay: float, then: Callable[[], None]) -> None:
        """Deliver after a delay, but never before what the same sender said earlier."""
        at = max(self._clock.now + delay, self._latest.get(sender, 0.0))
        self._latest[sender] = at
        taken = self._clock.now

        def arrive() -> None:
            if self._arrive(taken, event):
                then()

        self._clock.after(at - self._clock.now, arrive)

    def _arrive(self, taken: float, event: Event) -> bool:
        """Whether the device has it now."""
        if self._away or not self._device.up:
            self._waiting.append((taken, event))
            return False
        if isinstance(event, Received):
            if not self.is_new(event):
                return False
            self._latest_sync.append((taken, event))
            event = msgspec.structs.replace(event, age=self._clock.now - taken)
        self._happen(self._device, event)
        return True

    def is_new(self, event: Received) -> bool:
        """Whether the device is to be told of it; a crash forgets what was known."""
        name = (self._device.life, event.event_id)
        known = self._drops_known and name in self._known
        self._known.add(name)
        return not known

    def away(self) -> None:
        """No sync gets through from now on."""
        self._away = True

    def restarted(self) -> None:
        """The process died before it noted its latest sync, so that comes again."""
        self._waiting = [*self._latest_sync, *self._waiting]
        self.back(gap=False)

    def back(self, *, gap: bool) -> None:
        """One sync brings what waited, or only the end of it."""
        self._away = False
        waiting, self._waiting = self._waiting, []
        for taken, event in waiting[-KEPT_IN_A_GAP:] if gap else waiting:
            self._arrive(taken, event)
        if self._device.up:
            self._happen(self._device, SyncComplete())


class Room:
    def __init__(
        self,
        timelines: Mapping[Party, Timeline],
        clock: Clock,
        chance: Chance,
        homeserver: Homeserver,
        *,
        encrypted: bool,
    ) -> None:
        self._timelines = timelines
        self._clock = clock
        self._chance = chance
        self._homeserver = homeserver
        self.encrypted = encrypted
        self._count = 0

    def take(self, sender: Member, event_type: str, content: Mapping[str, object]) -> None:
        """The homeserver accepted an event: every device sees it, its sender's too."""
        self._count += 1
        event = Received(
            ROOM,
            f"${self._count}",
            sender.party.user_id,
            event_type,
            content,
            age=0.0,
            encrypted=self.encrypted,
            room_encrypted=self.encrypted,
            device_key=sender.key if self.encrypted else None,
        )
        for party in self._timelines:
            for _ in range(self._chance.pick(1, 2, 0)):
                self._bring(party, sender.party, event)

    def leave(self, user_id: str) -> None:
        """Somebody leaves the room."""
        for party in self._timelines:
            self._bring(party, Party(user_id, ""), MemberLeft(ROOM, user_id))

    def _bring(self, receiver: Party, sender: Party, event: Event) -> None:
        delay = self._chance.pick(0.05, 0.0, 2.0, 70.0, 700.0)
        whole_sync = self._chance.pick(0.0, 3.0)
        timeline = self._timelines[receiver]

        def then() -> None:
            if isinstance(event, Received) and self.encrypted:
                self._homeserver.tamper(receiver, event)
            timeline.bring(receiver, SyncComplete(), whole_sync, lambda: None)

        timeline.bring(sender, event, delay, then)
