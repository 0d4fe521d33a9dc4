"""The page on a port for each person."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from aiohttp import web

from voip.service.demo.errors import PortBusyError
from voip.service.demo.plan import Plan
from voip.service.web import create_app

STOP_WITHIN = 1.0
"""A browser's connections stay open; nobody waits for them."""


@asynccontextmanager
async def serving_pages(
    plan: Plan, page: Path, context: ssl.SSLContext | None, echo: str | None = None
) -> AsyncIterator[None]:
    """Serve while the context lasts.

    With TLS the homeserver's API is served beside the page: one certificate to trust, and a page
    with TLS may not talk to a homeserver without. `echo`: the user id of the echo bot.

    :raises PortBusyError: a port was taken meanwhile.
    """
    async with AsyncExitStack() as stack:
        for person, port in plan.page_ports.items():
            app = create_app(
                page,
                homeserver=plan.page_url(person) if plan.tls else plan.homeserver_url,
                any_homeserver=False,
                proxy_to=plan.homeserver_url if plan.tls else None,
                echo=echo,
            )
            runner = web.AppRunner(
                app, access_log=None, handler_cancellation=True, shutdown_timeout=STOP_WITHIN
            )
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            try:
                await web.TCPSite(runner, plan.host, port, ssl_context=context).start()
            except OSError as error:
                raise PortBusyError(f"Port {port} on {plan.host} cannot be used.") from error
        yield
