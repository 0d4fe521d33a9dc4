"""People who use matrix-js-sdk, in a Node process that the tests give orders to."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tools.build_page import install_packages, node_folder

SCRIPT = Path(__file__).with_name("people.mjs")
STATIC = Path(__file__).parents[2] / "static"
PATIENCE = 40.0
LONGEST_LINE = 1 << 20


class People:
    """`order` waits for its answer; `heard` for an event of an encrypted room."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._numbers = itertools.count()
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._heard: dict[str, list[dict[str, Any]]] = {}
        self._news = asyncio.Event()

    async def order(self, do: str, **order: Any) -> dict[str, Any]:
        number = next(self._numbers)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"id": number, "do": do, **order}).encode() + b"\n")
        async with asyncio.timeout(PATIENCE):
            return await answer

    async def heard(self, who: str, type_: str | None) -> dict[str, Any]:
        """The first event of that type; None: one that cannot be decrypted."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for event in self._heard.get(who, ()):
                    if event["type"] == type_:
                        return event
                self._news.clear()
                await self._news.wait()

    async def read(self) -> None:
        assert self._process.stdout is not None
        async for raw in self._process.stdout:
            line = json.loads(raw)
            if "event" in line:
                self._heard.setdefault(line["who"], []).append(line["event"])
                self._news.set()
            elif "error" in line:
                self._answers.pop(line["id"]).set_exception(AssertionError(line["error"]))
            else:
                self._answers.pop(line["id"]).set_result(line["ok"])


@asynccontextmanager
async def js_people() -> AsyncIterator[People]:
    folder = node_folder()
    await asyncio.to_thread(install_packages, STATIC, folder)
    process = await asyncio.create_subprocess_exec(
        str(folder / "node"),
        str(SCRIPT),
        str(STATIC / "package.json"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=LONGEST_LINE,
    )
    people = People(process)
    reading = asyncio.create_task(people.read())
    try:
        yield people
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        await reading
