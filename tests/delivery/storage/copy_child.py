"""A process that makes the copies that an outbox asks for: `python -m … outbox recordings store`.

`store` is the address of the S3 imitation, or a folder.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.delivery.storage.s3_imitation import ACCESS, BUCKET, REGION, SECRET
from voip.delivery.storage.disk import DiskTarget
from voip.delivery.storage.s3 import S3Settings, S3Target
from voip.delivery.storage.targets import Storage, Target
from voip.delivery.worker import Worker
from voip.store.outbox import Outbox
from voip.store.outbox_records import Kind

KEY = bytes(range(32))


def s3_target(endpoint: str) -> S3Target:
    return S3Target(S3Settings(endpoint, BUCKET, "bot/", REGION, ACCESS, SECRET))


async def main(path: str, recordings: str, store: str) -> None:
    outbox = await Outbox.open(Path(path))
    target: Target = s3_target(store) if "://" in store else DiskTarget(Path(store))
    storage = Storage({"s3": target, "disk": target}, outbox, Path(recordings), KEY)
    worker = Worker(outbox, {Kind.COPY: storage.copy, Kind.ERASURE: storage.erase})
    working = asyncio.create_task(worker.run())
    await worker.idle()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    await outbox.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
