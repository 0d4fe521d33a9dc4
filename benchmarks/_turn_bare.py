"""`python -m benchmarks._turn_bare PORT`: the least that aiohttp does for a JSON answer.

The same loop, the same route and an answer of the same fields and lengths, made by `json_response`
as every tutorial does; nobody is recognised and nothing is signed.
"""

from __future__ import annotations

import asyncio
import sys

import uvloop
from aiohttp import web

ANSWER = {
    "username": "1795951959:D6bFcr2NqItTdYr8284Y8kma",
    "password": "W5M8GH66cmVlmGIWimTWnpXAwAg=",
    "uris": [
        "turn:turn.example.org:3478?transport=udp",
        "turns:turn.example.org:443?transport=tcp",
    ],
    "ttl": 3600,
}


async def bare(_: web.Request) -> web.Response:
    return web.json_response(ANSWER)


async def serve(port: int) -> None:
    app = web.Application()
    app.router.add_get("/_matrix/client/v3/voip/turnServer", bare)
    app.router.add_get("/ice-servers", bare)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
