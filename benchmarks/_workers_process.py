"""The process of a bot, as far as its media go: `_workers_process WORKERS`, driven by a `Side`.

It records calls, here (0) or in workers, and gives out keys of an encrypted room meanwhile, as
signalling does.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from benchmarks._device_room import DeviceRoom
from benchmarks._probe import favour, probe
from benchmarks._tasks import serve
from voip.media.settings import MediaSettings
from voip.media.workers import process
from voip.media.workers.pool import create_media
from voip.signalling.ids import CallKey

process.MODULE = "benchmarks._probe"


class Bot:
    def __init__(self, workers: int) -> None:
        self._media = create_media(MediaSettings(port=0, workers=workers), lambda event: None)
        self._tasks = [asyncio.create_task(probe())]

    async def do(self, task: dict[str, Any]) -> Any:
        match task["do"]:
            case "open":
                await self._media.open()
            case "pid":
                return os.getpid()
            case "answer":
                offers = enumerate(task["offers"], start=task["first"])
                return await asyncio.gather(*(self._answer(n, offer) for n, offer in offers))
            case "record":
                for number, folder in enumerate(task["folders"]):
                    await self._media.start_recording(_key(number), Path(folder))
            case "share":
                room = await DeviceRoom.open(Path(task["folder"]), task["devices"])
                assert await room.share() == task["devices"]
                self._tasks.append(asyncio.create_task(self._share(room, task["devices"])))
            case "stop":
                await self._stop()
        return None

    async def _answer(self, number: int, offer: str) -> str:
        return await self._media.create_answer(_key(number), offer, ice_servers=())

    async def _share(self, room: DeviceRoom, devices: int) -> None:
        while True:
            assert await room.share() == devices

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._media.aclose()


def _key(number: int) -> CallKey:
    return CallKey("!bench:example.org", str(number))


async def main(workers: int) -> None:
    if workers == 0:  # else they are who is measured
        favour()
    await serve(Bot(workers).do)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
