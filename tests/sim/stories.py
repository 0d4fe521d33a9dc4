"""What the devices of a scene asked and told, by call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TypeVar

from tests.sim.device import Item, Member, Told
from voip.signalling.commands import Ignored, SendEvent
from voip.signalling.ids import CallKey

_Item = TypeVar("_Item", bound=Item)


def stories(device: Member) -> dict[tuple[int, CallKey], list[Told]]:
    """What a device asked and told of each call, in each of its lives."""
    found: dict[tuple[int, CallKey], list[Told]] = defaultdict(list)
    for told in device.told:
        if not isinstance(told.item, Ignored):
            found[told.life, told.item.key].append(told)
    return found


def of_kind(device: Member, kind: type[_Item], key: CallKey | None = None) -> Iterator[_Item]:
    """Everything of this kind that a device ever asked or told, or only that of one call."""
    for told in device.told:
        item = told.item
        if isinstance(item, kind) and key in {None, getattr(item, "key", None)}:
            yield item


def sent(device: Member, key: CallKey, event_type: str) -> Iterator[SendEvent]:
    return (item for item in of_kind(device, SendEvent, key) if item.type == event_type)
