"""A homeserver that fails on purpose: it answers by a script, for faults that Synapse has not.

An answer is a dict (200), a tuple (status, dict), a str (200 and no JSON), `HANG` (silence),
`DROP` (the connection is cut), or a future of one of these. When a path's script is used up its
last answer stays.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, TypeAlias

from aiohttp import web
from aiohttp.test_utils import TestServer

from voip.matrix.http import Json


class Fault(Enum):
    HANG = auto()
    DROP = auto()


HANG, DROP = Fault.HANG, Fault.DROP
Ready: TypeAlias = Json | tuple[int, Json] | str | Fault
Answer: TypeAlias = "Ready | asyncio.Future[Ready]"

UNKNOWN_TOKEN = (401, {"errcode": "M_UNKNOWN_TOKEN", "error": "expired", "soft_logout": True})
LOGGED_OUT = (401, {"errcode": "M_UNKNOWN_TOKEN", "error": "gone", "soft_logout": False})


def limited(retry_after_ms: int) -> tuple[int, Json]:
    return 429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": retry_after_ms}


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    method: str
    path: str
    query: dict[str, str]
    token: str
    body: Any = field(repr=False)


class FaultyHomeserver:
    """`async with` it; `on(path, *answers)`, `url`, `asked(path)`."""

    def __init__(self) -> None:
        self._scripts: dict[str, list[Answer]] = {}
        self.requests: list[Asked] = []
        self.news = asyncio.Event()
        self._closing = asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._server = TestServer(app, host="127.0.0.1")

    @property
    def url(self) -> str:
        return str(self._server.make_url("")).rstrip("/")

    def on(self, where: str, *answers: Answer) -> None:
        """Script the answers to requests whose path ends in `where`; `""` is for all others."""
        self._scripts[where] = list(answers)

    def script(self, where: str) -> list[Answer]:
        return self._scripts[where]

    def asked(self, where: str) -> list[Asked]:
        return [request for request in self.requests if request.path.endswith(where)]

    async def until_asked(self, where: str, times: int) -> list[Asked]:
        async with asyncio.timeout(10):
            while len(self.asked(where)) < times:
                self.news.clear()
                await self.news.wait()
        return self.asked(where)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body: Any = None
        if request.can_read_body:
            raw = await request.read()
            body = await request.json() if request.content_type == "application/json" else raw
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.requests.append(Asked(request.method, request.path, dict(request.query), token, body))
        self.news.set()
        keys = sorted(self._scripts, key=len, reverse=True)
        match = next((key for key in keys if request.path.endswith(key)), None)
        if match is None:
            return web.json_response(
                {"errcode": "M_UNRECOGNIZED", "error": "no script"}, status=404
            )
        script = self._scripts[match]
        return await self._give(request, script.pop(0) if len(script) > 1 else script[0])

    async def _give(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        if isinstance(answer, asyncio.Future):
            answer = await answer
        if answer is HANG:
            await self._closing.wait()
        if isinstance(answer, Fault):
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if isinstance(answer, str):
            return web.Response(text=answer, content_type="text/html")
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        return web.json_response(body, status=status)

    async def __aenter__(self) -> FaultyHomeserver:
        await self._server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        for script in self._scripts.values():
            for answer in script:
                if isinstance(answer, asyncio.Future):
                    answer.cancel()
        await self._server.close()
