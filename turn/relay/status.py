"""What the relay says of itself over HTTP: `/metrics` for Prometheus, and `/health`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from turn.stun.values import Address


@asynccontextmanager
async def serving_status(registry: CollectorRegistry, address: Address) -> AsyncIterator[str]:
    """Gives the URL of the metrics. Raises OSError: the address cannot be bound."""

    async def metrics(_: web.Request) -> web.Response:
        body = generate_latest(registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def health(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")  # whoever answers has a loop that runs

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/health", health)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, *address).start()
        ip, port = runner.addresses[0][:2]
        yield f"http://{f'[{ip}]' if ':' in ip else ip}:{port}/metrics"
    finally:
        await runner.cleanup()
