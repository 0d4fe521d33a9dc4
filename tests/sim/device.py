"""A device: its calls, what it ever asked and told, and its journal, which survives a crash."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from voip.signalling.calls import Calls
from voip.signalling.commands import Command, Ended, Notice, Replaced
from voip.signalling.config import CallConfig
from voip.signalling.errors import LocalError
from voip.signalling.events import Event
from voip.signalling.ids import CallKey, Party

Item: TypeAlias = Command | Notice


@dataclass(frozen=True, slots=True)
class Told:
    """What a device asked or told, and when."""

    at: float
    life: int
    """How often it had crashed before."""
    item: Item


class Member(Protocol):
    """What the room, the media and the people know of a device, whatever its client is."""

    party: Party
    heard_as: Party
    """What others take it for."""
    key: str
    life: int
    up: bool
    told: list[Told]

    def handle(self, event: Event, now: float) -> list[Item]: ...

    def deadline(self) -> float | None: ...

    def advance(self, now: float) -> list[Item]: ...


class SimDevice:
    def __init__(self, party: Party, config: CallConfig, now: float) -> None:
        self.party = self.heard_as = party
        self.key = f"key of {party.user_id} {party.party_id}"
        self.config = config
        self.calls = Calls(party, config, (), now)
        self.told: list[Told] = []
        self.happened: list[tuple[float, int, Event]] = []
        """What was given to it, with the time and the life in which it was."""
        self.life = 0
        self.up = True
        self.crash_hangups: set[CallKey] = set()
        self._journal: dict[CallKey, bool] = {}
        """Each call that there ever was, and whether it is live."""

    def handle(self, event: Event, now: float) -> list[Item]:
        self.happened.append((now, self.life, event))
        try:
            self.calls.handle(event, now)
        except LocalError:
            assert self.calls.poll() is None, "a wish that is refused changes nothing"
        return self._drain(now)

    def deadline(self) -> float | None:
        return self.calls.deadline()

    def advance(self, now: float) -> list[Item]:
        self.calls.advance(now)
        return self._drain(now)

    def _drain(self, now: float) -> list[Item]:
        items: list[Item] = []
        while (item := self.calls.poll()) is not None:
            items.append(item)
            self.told.append(Told(now, self.life, item))
            if (key := getattr(item, "key", None)) is not None:
                self._note(key, item)
        return items

    def _note(self, key: CallKey, item: Item) -> None:
        if not isinstance(item, Ended | Replaced):
            self._journal[key] = True
        elif not (isinstance(item, Replaced) and item.by == key):
            self._journal[key] = False

    def live_in_journal(self) -> Iterable[CallKey]:
        return [key for key, live in self._journal.items() if live]

    def crash(self) -> None:
        self.up = False
        self.life += 1

    def restart(self, now: float) -> list[CallKey]:
        """Begin anew; gives the calls that were live and are to be hung up."""
        live = list(self.live_in_journal())
        self._journal.update(dict.fromkeys(live, False))
        self.crash_hangups.update(live)
        self.calls = Calls(self.party, self.config, self._journal, now)
        self.up = True
        return live
