"""Serves the endpoint alone until it is asked to end: its port, and one for the operator."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import sys
from collections.abc import AsyncIterator, Iterator

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from turn.doctor import health as doctor
from turn.endpoint.app import build, health
from turn.endpoint.assembly import assembled
from turn.endpoint.probing import Prober
from turn.endpoint.service import Service
from turn.endpoint.short_way import shorten
from turn.regions import turn_alone
from turn.settings import Settings

logger = logging.getLogger(__name__)


class CannotListen(Exception):
    """A port cannot be had; the text says which and why."""


def build_admin(service: Service, registry: CollectorRegistry) -> web.Application:
    """`/metrics`, `/health` and `/health/turn`, for a port that the world does not see."""

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    async def its_health(_: web.Request) -> web.Response:
        return await health(service)

    relays = [uri for relay in service.parts.relays.all for uri in turn_alone(relay.uris)]
    prober = Prober(service.parts.secrets)
    app = web.Application()
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/health", its_health)
    app.router.add_get(doctor.PATH, doctor.handler(prober.all_of(relays)))
    return app


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are answered first.

    :raises CannotListen:
    """
    registry = CollectorRegistry()
    with _asked_to_end() as ended:
        async with assembled(settings, registry) as service:
            host, port = settings.listen_host, settings.listen_port
            main = _listening(build(service), host, port, settings, service)
            async with main as where, contextlib.AsyncExitStack() as stack:
                admin = ""
                if settings.admin_port is not None:
                    app = build_admin(service, registry)
                    one = _listening(app, settings.admin_host, settings.admin_port, settings)
                    admin = f", metrics at {await stack.enter_async_context(one)}/metrics"
                # What was imported stays for good: the collector need not look through it again
                # and again while requests come and go.
                gc.collect()
                gc.freeze()
                logger.info("ready: TURN credentials at %s%s", where, admin)
                await ended.wait()
                logger.info("asked to end: requests under way are answered first")


@contextlib.asynccontextmanager
async def _listening(
    app: web.Application, host: str, port: int, settings: Settings, short: Service | None = None
) -> AsyncIterator[str]:
    """Gives the base URL, with the port that the system chose where it was asked to.

    :param short: whose credentials go the short way where they can.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=settings.shutdown_seconds)
    await runner.setup()
    if short is not None:
        shorten(runner, short)
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise CannotListen(
                f"port {port} at {host} cannot be used ({error.strerror}): stop what uses it, or"
                " choose another one"
            ) from None
        name = f"[{host}]" if ":" in host else host
        yield f"http://{name}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@contextlib.contextmanager
def _asked_to_end() -> Iterator[asyncio.Event]:
    """Set by the first signal; the next one does not wait."""
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    signals = (signal.SIGINT, signal.SIGTERM)

    def ask(number: int) -> None:
        if asked.is_set():
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        asked.set()

    for number in signals:
        loop.add_signal_handler(number, ask, number)
    try:
        yield asked
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def run(settings: Settings) -> None:
    """`serve` as the whole program, on uvloop where there is one."""
    with asyncio.Runner(loop_factory=_fastest_loop()) as runner:
        runner.run(serve(settings))


def _fastest_loop() -> type[asyncio.AbstractEventLoop] | None:
    if sys.implementation.name != "cpython":
        return None
    try:
        import uvloop  # noqa: PLC0415  # there is none for some systems
    except ImportError:
        return None
    return uvloop.Loop
