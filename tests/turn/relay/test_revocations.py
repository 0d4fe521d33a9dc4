"""The file of revoked names: what is added is ended, what is taken out is let in again."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path

import pytest

from tests.turn.relay.conftest import StartRelay
from tests.turn.relay.endpoints import peer, through
from tests.turn.relay.test_serve import exchange, until
from turn.relay.revocations import RevokedFile, following


class Names:
    """A relay that only knows whom it refuses."""

    def __init__(self) -> None:
        self.refused: dict[str, float] = {}

    def revoke(self, name: str, seconds: float) -> int:
        self.refused[name] = seconds
        return 0

    def restore(self, name: str) -> None:
        del self.refused[name]


async def test_the_file_is_what_counts(tmp_path: Path) -> None:
    names, path = Names(), tmp_path / "revoked"
    file = RevokedFile(names, path)
    await file.look()
    assert names.refused == {}
    path.write_text("# left the company\n  one \n\n1700000000:two\n")
    await file.look()
    assert names.refused == {"one": math.inf, "1700000000:two": math.inf}
    path.write_text("three\n")
    await file.look()
    assert set(names.refused) == {"three"}
    await file.look()
    path.unlink()
    await file.look()
    assert names.refused == {}


async def test_a_file_that_cannot_be_read_is_an_error_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        async with following(Names(), tmp_path):
            pass


async def test_a_line_ends_a_live_allocation(start_relay: StartRelay, tmp_path: Path) -> None:
    relay, path = await start_relay(), tmp_path / "revoked"
    async with (
        following(relay, path, every=0.01),
        through(relay.addresses[0], relay_id="bad") as bad,
        through(relay.addresses[0], relay_id="good") as good,
        peer() as other,
    ):
        await exchange(bad, other, 1)
        await asyncio.to_thread(path.write_text, "bad\n")
        await until(lambda: relay.allocations == 1)
        await exchange(good, other, 1)
