"""A process that has a pool of two workers, until it is killed: `owner`. It prints their ids."""

from __future__ import annotations

import asyncio

from voip.media.settings import MediaSettings
from voip.media.workers.pool import MediaPool


async def main() -> None:
    pool = MediaPool(MediaSettings(workers=2), lambda event: None)
    await pool.open()
    print(*(worker.pid for worker in pool._crew.running), flush=True)
    await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(main())
