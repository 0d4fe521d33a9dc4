"""A bot as a service: the bot, and around it what its operator sees of it.

What surrounds it is there before it and after it, so that it can be watched while it starts and
while it lets its last calls finish.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector

from voip.bot.runner import RunningBot, running_bot
from voip.media.realtime import forget_what_stays
from voip.service import admin
from voip.service.bot_metrics import BotCollector
from voip.service.call_metrics import CallMetrics
from voip.service.health import STARTING, Health, facts_of, judge
from voip.service.settings import Settings
from voip.service.spans import CallSpans, exporter_to, spans_of
from voip.service.supervisor import Supervisor
from voip.service.translation import bot_settings
from voip.signalling.ids import CallKey
from voip.store.errors import StoreError

log = logging.getLogger(__name__)

ENDS_WITHIN: Final = 60.0
"""Seconds beyond `drain_seconds` that the end may take: last words, hangups, posts."""


class Operation:
    """Holds the bot once it runs."""

    def __init__(self) -> None:
        self.bot: RunningBot | None = None
        self.registry = CollectorRegistry()
        self.calls = CallMetrics(self.registry)
        self._depth: int | None = None
        """How many entries waited in the outbox when it was last looked at."""
        self.registry.register(BotCollector(lambda: self.bot, lambda: self._depth))
        ProcessCollector(registry=self.registry)

    async def health(self) -> Health:
        return STARTING if self.bot is None else judge(await facts_of(self.bot))

    async def look(self) -> None:
        """What a scrape has to wait for."""
        if self.bot is not None:
            with contextlib.suppress(StoreError):  # the log says so, and the last figure stands
                self._depth = await self.bot.deliveries.waiting()

    def id_of(self, key: CallKey) -> str | None:
        """The own id of a call that lives."""
        return None if self.bot is None else self.bot.phone.id_of(key)

    def watch(self, bot: RunningBot) -> None:
        self.calls.observe(bot.phone.observers)
        self.bot = bot


@contextlib.asynccontextmanager
async def operated_bot(
    settings: Settings, supervisor: Supervisor | None = None
) -> AsyncIterator[RunningBot]:
    """The bot of the settings, ready, with everything around it.

    Raises what `running_bot` raises, CannotListen and NoOtel.
    """
    supervisor = supervisor or Supervisor.from_environment()
    operation = Operation()
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(supervisor.watched())
        if settings.admin_port is not None:
            app = admin.build(operation.registry, operation.health, operation.look)
            server = admin.listening(app, settings.admin_host, settings.admin_port)
            port = await stack.enter_async_context(server)
            log.info("metrics and health at port %d", port)
        spans = await _spans(settings, operation, stack)
        bot = await stack.enter_async_context(running_bot(bot_settings(settings)))
        stack.callback(_say_stopping, supervisor, settings.drain_seconds)
        operation.watch(bot)
        if spans is not None:
            spans.observe(bot.phone.observers)
        supervisor.say("READY=1")
        yield bot


async def _spans(
    settings: Settings, operation: Operation, stack: contextlib.AsyncExitStack
) -> CallSpans | None:
    if settings.otlp_endpoint is None:
        return None
    exporter = exporter_to(settings.otlp_endpoint)
    return await stack.enter_async_context(spans_of(exporter, operation.id_of))


def _say_stopping(supervisor: Supervisor, drain_seconds: float) -> None:
    microseconds = round((drain_seconds + ENDS_WITHIN) * 1e6)
    supervisor.say(f"STOPPING=1\nEXTEND_TIMEOUT_USEC={microseconds}")


async def serve_bot(settings: Settings, on_ready: Callable[[str], None]) -> None:
    """Run it until cancelled; `on_ready` is told its user id when it may be called."""
    async with operated_bot(settings) as bot:
        on_ready(bot.phone.user_id)
        forget_what_stays()
        await bot.phone.run()
