"""Fans out what happens to whoever watches: logs, metrics, traces. Never control flow.

An observer that fails is logged and goes on being told; nobody else notices.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from pyee import EventEmitter

from voip.media.events import MediaEvent
from voip.signalling.commands import Command, Notice
from voip.signalling.events import Event
from voip.signalling.ids import CallKey

log = logging.getLogger(__name__)


class Way(StrEnum):
    """Where something was when it passed through the driver."""

    EVENT = "event"
    """The core has handled it; what it led to follows."""
    COMMAND = "command"
    NOTICE = "notice"
    TIMER = "timer"
    """The core's deadline came, and it has handled that; `what` is None."""
    CLOSED = "closed"
    """`what` is the key of a call that is over, its media closed."""


@dataclass(frozen=True, slots=True)
class Passing:
    """Something that passed through the driver. It holds descriptions and addresses as they are:
    who keeps or shows it takes them out."""

    way: Way
    what: Event | Command | Notice | CallKey | None
    at: float
    """Seconds of the core's clock."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A recording of a call was posted into its room, or could not be."""

    key: CallKey
    seconds: float
    """How long it took."""
    ok: bool


Happening: TypeAlias = Notice | MediaEvent | Passing | Posted
Observer: TypeAlias = Callable[[Happening], None]


class Topic(StrEnum):
    CALL = "call"
    """Notices of the call core."""
    MEDIA = "media"
    """What the media edge says of its own accord."""
    POST = "post"
    """What became of recordings after the call, as `Posted`."""
    DRIVER = "driver"
    """Everything that passes through the driver, as `Passing`."""


class Observers:
    def __init__(self) -> None:
        self._emitter = EventEmitter()
        self._emitter.on("error", self._on_error)
        self._watched: set[Topic] = set()

    def watched(self, topic: Topic) -> bool:
        """Whether anybody subscribed: what costs something is made for somebody only."""
        return topic in self._watched

    def subscribe(self, topic: Topic, observer: Observer) -> None:
        """Tell `observer` everything on a topic, in order, on the event loop: it must not block."""

        def guarded(happening: Happening) -> None:
            try:
                observer(happening)
            except Exception as error:  # noqa: BLE001  # whatever it is, it ends here
                self._emitter.emit("error", error)

        self._emitter.on(topic, guarded)
        self._watched.add(topic)

    def tell(self, topic: Topic, happening: Happening) -> None:
        self._emitter.emit(topic, happening)

    def _on_error(self, error: Exception) -> None:
        log.error("an observer failed: %s", type(error).__name__, exc_info=error)
