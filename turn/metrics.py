"""What Prometheus reads of the endpoint. Labels come from the settings alone, so they are few."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

ISSUED = ("tier", "region", "shape")


class Issued(Collector):
    """Counts in a dict, which costs a fifth of a Counter: it is done for each answer."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str, str], int] = {}

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily(
            "turn_credentials_issued", "TURN credentials that were given out.", labels=ISSUED
        )
        for labels, count in list(self.counts.items()):
            family.add_metric(labels, count)
        yield family


class Metrics:
    """Counters in a registry of the caller's."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._issued = Issued()
        registry.register(self._issued)
        self._refused_family = Counter(
            "turn_credentials_refused",
            "Requests for TURN credentials that were refused, and why.",
            ["reason", "tier", "shape"],
            registry=registry,
        )
        self._probes = Counter(
            "turn_probes", "Probes of relays.", ["uri", "result"], registry=registry
        )
        self._alive = Gauge(
            "turn_relay_alive",
            "1 while clients are told of this address of a relay, 0 while it is left out.",
            ["uri"],
            registry=registry,
        )

    def issued(self, tier: str, region: str, shape: str) -> None:
        counts = self._issued.counts
        key = (tier, region, shape)
        counts[key] = counts.get(key, 0) + 1

    def refused(self, reason: str, tier: str, shape: str) -> None:
        self._refused_family.labels(reason, tier, shape).inc()

    def probed(self, uri: str, *, ok: bool) -> None:
        self._probes.labels(uri, "ok" if ok else "failed").inc()

    def alive(self, uri: str, *, alive: bool) -> None:
        self._alive.labels(uri).set(alive)
