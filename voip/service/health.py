"""Whether the bot can take calls, judged by a few facts. `judge` is pure; `facts_of` asks."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from voip.bot.runner import RunningBot
from voip.matrix.identity import IdentityState

SYNC_WITHIN: Final = 90.0
"""Seconds. The homeserver answers every 30 seconds at least; two answers may fail."""
DISK_LEFT: Final = 200 * 2**20
"""Bytes that must be free: an hour of sound and picture."""


@dataclass(frozen=True, slots=True)
class Facts:
    sync_age: float | None
    """Seconds since the last sync response; None: there was none yet."""
    identity: IdentityState
    writable: bool
    """Whether a file can be written in the data folder."""
    free: int
    """Bytes on its disk."""
    draining: bool


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class Health:
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)

    def as_json(self) -> dict[str, object]:
        checks = {check.name: {"ok": check.ok, "text": check.text} for check in self.checks}
        return {"ok": self.ok, "checks": checks}


STARTING: Final = Health((Check("sync", ok=False, text="the bot is starting"),))


def judge(facts: Facts) -> Health:
    age = facts.sync_age
    synced = age is not None and age <= SYNC_WITHIN
    said = "none yet" if age is None else f"the last one {age:.0f} s ago"
    # An unsigned device still answers whoever does not mind: said, and not held against it.
    return Health(
        (
            Check("sync", synced, f"sync responses: {said}"),
            Check("encryption", ok=True, text=facts.identity.value),
            Check(
                "store",
                facts.writable,
                "the data folder can be written" if facts.writable else "it cannot be written",
            ),
            Check("disk", facts.free >= DISK_LEFT, f"{facts.free // 2**20} MiB free"),
            Check(
                "calls",
                not facts.draining,
                "no call is taken any more" if facts.draining else "calls are taken",
            ),
        )
    )


async def facts_of(bot: RunningBot) -> Facts:
    matrix = bot.phone.matrix
    writable, free = await asyncio.to_thread(disk_facts, bot.phone.settings.data_dir)
    return Facts(matrix.sync_age, matrix.identity.state, writable, free, bot.door.draining)


def disk_facts(folder: Path) -> tuple[bool, int]:
    """Whether a file can be written there, and how many bytes are free."""
    try:
        free = shutil.disk_usage(folder).free
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        return False, 0
    return True, free
