"""Walks a rotation, step by step, until it is done or has to wait."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from turn.secrets.rotation import (
    Change,
    Pace,
    Phase,
    Snapshot,
    Wait,
    advance,
    begin,
    hurry,
)
from turn.secrets.store import Conflict, SecretStore

LOOK_EVERY = 5.0
"""Seconds of a wait after which we look whether somebody else has made the step."""
SECRET_BYTES = 32


def new_secret() -> str:
    """43 characters that need no quoting in configurations, URLs or SQL."""
    return secrets.token_urlsafe(SECRET_BYTES)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a walk needs of the world; a test gives its own."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    new_secret: Callable[[], str] = new_secret


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of one walk."""

    pace: Pace
    """Of a rotation that begins; one that is under way keeps to its own."""
    may_begin: bool = True
    """Else only what is under way is carried on."""
    wait: bool = True
    """Else the walk ends where a wait begins."""
    leaked: bool = False
    """Others know the secrets: no waits, also for what is under way, and then one more rotation,
    since the secret that was about to sign may be known too."""


Report = Callable[[Change | Wait], None]


def _no_report(_: Change | Wait) -> None:
    pass


@dataclass(slots=True)
class Walk:
    """One walk over one store. Can be killed at any time; another one carries on."""

    store: SecretStore
    order: Order
    report: Report = _no_report
    around: Surroundings = field(default_factory=Surroundings)
    _began: bool = False

    async def run(self) -> Snapshot:
        """Make every step that is due, and those that become due if the order is to wait.

        Returns what is there at the end. Raises SecretsUnavailable.
        """
        while True:
            snapshot = await self.store.read()
            step = self._next(snapshot)
            if step is None:
                return snapshot
            if isinstance(step, Wait):
                self.report(step)
                if not self.order.wait:
                    return snapshot
                await self.around.sleep(min(step.until - self.around.now() + 0.01, LOOK_EVERY))
                continue
            try:
                await self.store.commit(snapshot, step)
            except Conflict:
                continue  # somebody else is at it too; what they did is what we go on from
            self._began = self._began or step.add is not None
            self.report(step)

    def _next(self, snapshot: Snapshot) -> Change | Wait | None:
        if self.order.leaked and (hurried := hurry(snapshot)) is not None:
            return hurried
        step = advance(snapshot, int(self.around.now()))
        if step is not None:
            # Ours now: when it ends, no other one follows.
            self._began = self._began or not self.order.leaked
            return step
        if self._began or not self.order.may_begin:
            return None
        return begin(snapshot, self.around.new_secret(), self.order.pace)


def others(snapshot: Snapshot) -> tuple[str, ...]:
    """Values that are accepted and that the rotation knows nothing of, in their order."""
    from_rotation = snapshot.rotation
    if from_rotation is None:
        return snapshot.values[1:]
    known = {from_rotation.signing, from_rotation.fresh, from_rotation.retiring}
    values = {snapshot.value_of(name) for name in known}
    return tuple(value for value in snapshot.values if value not in values)


def is_under_way(snapshot: Snapshot) -> bool:
    return snapshot.rotation is not None and snapshot.rotation.phase is not Phase.STEADY
