"""A receiver of webhooks that checks what comes, and answers by a script."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

SECRET = "a secret of the tests"


@dataclass(frozen=True)
class Told:
    id: str
    timestamp: str
    body: dict[str, Any] = field(repr=False)


class Receiver:
    """`answers` holds statuses, or `None` for silence; 200 when it is used up."""

    def __init__(self) -> None:
        self.answers: list[int | None] = []
        self.headers: dict[str, str] = {}
        self.told: list[Told] = []
        self.elsewhere = 0
        self.news = asyncio.Event()
        self._closing = asyncio.Event()
        app = web.Application()
        app.router.add_post("/hook", self._take)
        app.router.add_route("*", "/elsewhere", self._take_elsewhere)
        self._server = TestServer(app, host="127.0.0.1")

    @property
    def url(self) -> str:
        return str(self._server.make_url("/hook"))

    def events(self) -> list[str]:
        """The kinds of the events that came, each once by its id, in the order of coming."""
        first = {told.id: told.body["event"] for told in reversed(self.told)}
        return [first.pop(told.id) for told in self.told if told.id in first]

    async def _take(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        timestamp = request.headers["Matrix-Voip-Timestamp"]
        # As docs/outbox.md tells a receiver to do it.
        mac = hmac.new(SECRET.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
        assert request.headers["Matrix-Voip-Signature"] == f"v1={mac.hexdigest()}"
        decoded = json.loads(body)
        assert decoded["id"] == request.headers["Matrix-Voip-Id"]
        self.told.append(Told(decoded["id"], timestamp, decoded))
        self.news.set()
        status = self.answers.pop(0) if self.answers else 200
        if status is None:
            await self._closing.wait()
        return web.Response(status=status or 200, headers=self.headers)

    async def _take_elsewhere(self, _: web.Request) -> web.StreamResponse:
        self.elsewhere += 1
        return web.Response()

    async def __aenter__(self) -> Receiver:
        await self._server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        await self._server.close()
