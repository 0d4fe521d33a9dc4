"""What Prometheus reads of the bot itself: asked of it at each scrape, so it costs nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from voip.bot.door import Refusal
from voip.bot.runner import RunningBot
from voip.matrix.identity import IdentityState
from voip.media.workers.pool import worker_loads

NUMBERS = {
    "sends_waiting": ("voip_sends_waiting", "Events that wait to be sent."),
}
COUNTS = {
    "delivered": ("voip_events_delivered", "Call events and departures that came."),
    "failed": ("voip_events_failed", "Events on which something of ours failed."),
    "keys_given_up": ("voip_decryption_failures", "Encrypted events whose key never came."),
    "rate_limited": ("voip_sends_rate_limited", "Sends that the homeserver asked to slow down."),
}
PAIRS = {
    "voip_syncs": ("Sync responses.", {"ok": "syncs", "failed": "sync_failures"}),
    "voip_turn_fetches": (
        "Requests for TURN credentials.",
        {"ok": "turn_fetched", "failed": "turn_failed"},
    ),
}


class BotCollector(Collector):
    """
    :param bot: the bot, once it runs.
    :param outbox_depth: how many deliveries wait on disk; None as long as nobody has looked.
    """

    def __init__(
        self,
        bot: Callable[[], RunningBot | None],
        outbox_depth: Callable[[], int | None] = lambda: None,
    ) -> None:
        self._bot, self._outbox_depth = bot, outbox_depth

    def collect(self) -> Iterator[Metric]:
        bot = self._bot()
        if bot is None:
            return
        yield from self._edge(bot)
        yield from self._load(bot)
        refused = CounterMetricFamily(
            "voip_calls_refused", "Calls that were not taken, and why.", labels=["reason"]
        )
        for reason in Refusal:
            refused.add_metric([reason.value], bot.door.refused[reason])
        yield refused
        yield _gauge("voip_draining", "1 while no call is taken any more.", bot.door.draining)
        if (depth := self._outbox_depth()) is not None:
            yield _gauge("voip_outbox_depth", "Deliveries that wait: voip outbox list.", depth)

    def _edge(self, bot: RunningBot) -> Iterator[Metric]:
        matrix = bot.phone.matrix
        counts = matrix.counts
        for name, (metric, text) in NUMBERS.items():
            yield _gauge(metric, text, counts[name])
        for name, (metric, text) in COUNTS.items():
            yield CounterMetricFamily(metric, text, value=counts[name])
        for metric, (text, results) in PAIRS.items():
            family = CounterMetricFamily(metric, text, labels=["result"])
            for result, name in results.items():
                family.add_metric([result], counts[name])
            yield family
        if (age := matrix.sync_age) is not None:
            yield _gauge("voip_sync_age_seconds", "Since the last sync response.", age)
        signed = matrix.identity.state is IdentityState.SIGNED
        yield _gauge("voip_device_signed", "1 where its owner has signed our device.", signed)

    def _load(self, bot: RunningBot) -> Iterator[Metric]:
        yield _gauge("voip_loop_lag_seconds", "How late the event loop comes.", bot.meter.lag)
        yield _gauge("voip_loop_cpu_ratio", "Of a core, for the event loop.", bot.meter.cpu)
        yield _gauge("voip_overloaded", "1 while callers hear busy for it.", bot.door.overloaded)
        loads = worker_loads(bot.phone.media)
        yield _gauge("voip_media_workers", "Media workers that run.", len(loads))
        family = GaugeMetricFamily(
            "voip_media_worker_cpu_ratio", "Of a core, for its event loop.", labels=["worker"]
        )
        for number, load in enumerate(loads):
            family.add_metric([str(number)], load)
        yield family


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
