"""Fans out what happens to whoever watches: logs, metrics, traces. Never control flow.

An observer that fails is logged and goes on being told; nobody else notices.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias

from pyee import EventEmitter

from voip.media.events import MediaEvent
from voip.signalling.commands import Notice

log = logging.getLogger(__name__)

Happening: TypeAlias = Notice | MediaEvent
Observer: TypeAlias = Callable[[Happening], None]


class Topic(StrEnum):
    CALL = "call"
    """Notices of the call core."""
    MEDIA = "media"
    """What the media edge says of its own accord."""


class Observers:
    def __init__(self) -> None:
        self._emitter = EventEmitter()
        self._emitter.on("error", self._on_error)

    def subscribe(self, topic: Topic, observer: Observer) -> None:
        """Tell `observer` everything on a topic, in order, on the event loop: it must not block."""

        def guarded(happening: Happening) -> None:
            try:
                observer(happening)
            except Exception as error:  # noqa: BLE001  # whatever it is, it ends here
                self._emitter.emit("error", error)

        self._emitter.on(topic, guarded)

    def tell(self, topic: Topic, happening: Happening) -> None:
        self._emitter.emit(topic, happening)

    def _on_error(self, error: Exception) -> None:
        log.error("an observer failed: %s", type(error).__name__, exc_info=error)
