"""Tells the program that started us how we are, where it wants to know (sd_notify(3))."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from voip.tasks import TaskOwner


@dataclass(frozen=True, slots=True)
class Supervisor:
    address: str | None = None
    """Of its datagram socket; None: nobody wants to know."""
    watchdog: float | None = None
    """Seconds without a word after which it ends us."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Supervisor:
        address = environment.get("NOTIFY_SOCKET") or None
        microseconds = environment.get("WATCHDOG_USEC", "")
        ours = environment.get("WATCHDOG_PID") in {None, "", str(os.getpid())}
        counted = microseconds.isdecimal() and int(microseconds) > 0 and ours
        return cls(address, int(microseconds) / 1e6 if counted else None)

    def say(self, words: str) -> None:
        """As in `READY=1`. Nobody there to hear it is no fault of ours."""
        if self.address is None:
            return
        # "If the first character is @, it is a socket in the abstract namespace."
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as ours,
        ):
            ours.setblocking(False)
            ours.sendto(words.encode(), address)

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Say that the event loop runs, as often as it wants to hear it."""
        tasks = TaskOwner()
        if self.watchdog is not None:
            tasks.spawn(self._beat(self.watchdog / 2), "the watchdog")
        try:
            yield
        finally:
            await tasks.aclose()

    async def _beat(self, seconds: float) -> None:
        while True:
            self.say("WATCHDOG=1")
            await asyncio.sleep(seconds)
