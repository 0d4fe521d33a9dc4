"""The operator's own small web server: `/metrics`, `/health/live`, `/health/ready`."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from voip.service.health import Health

ENDS_WITHIN: Final = 2.0
"""Seconds for requests under way when the server ends."""


class CannotListen(Exception):
    """The port cannot be had; the text says which and why."""


async def _nothing() -> None:
    pass


def build(
    registry: CollectorRegistry,
    health: Callable[[], Awaitable[Health]],
    look: Callable[[], Awaitable[None]] = _nothing,
) -> web.Application:
    """
    :param look: before each scrape, for what has to be waited for. Must not raise.
    """

    async def metrics(_: web.Request) -> web.Response:
        await look()
        body = generate_latest(registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def live(_: web.Request) -> web.Response:
        return web.json_response({"ok": True})  # who answers this is alive

    async def ready(_: web.Request) -> web.Response:
        found = await health()
        return web.json_response(found.as_json(), status=200 if found.ok else 503)

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/health/live", live)
    app.router.add_get("/health/ready", ready)
    return app


@contextlib.asynccontextmanager
async def listening(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Serves while the context lasts; gives the port. Raises CannotListen."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=ENDS_WITHIN)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise CannotListen(
                f"VOIP_ADMIN_HOST and VOIP_ADMIN_PORT: {host}, port {port}, cannot be used"
                f" ({error.strerror}): choose another"
            ) from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
