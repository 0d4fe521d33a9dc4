"""Noticing silence, on a loop that runs in its own good time."""

from __future__ import annotations

import asyncio

from aioice import Connection

from voip.media.path import Path
from voip.media.watch import Watch


async def test_silence_is_told_once_and_so_is_its_end() -> None:
    end = Connection(ice_controlling=True)
    path = Path(end, gather=end.gather_candidates, restart_timeout=1, refused=lambda: None)
    told: list[str] = []
    silent, back = asyncio.Event(), asyncio.Event()

    def interrupted() -> None:
        told.append("interrupted")
        silent.set()

    def resumed() -> None:
        told.append("resumed")
        back.set()

    watch = Watch(path, 0.04, interrupted=interrupted, resumed=resumed)
    async with asyncio.timeout(5):
        await silent.wait()
        end.data_received(b"media", 1)
        await back.wait()
        silent.clear()
        await silent.wait()
    watch.close()
    assert told == ["interrupted", "resumed", "interrupted"]
    await path.close()
