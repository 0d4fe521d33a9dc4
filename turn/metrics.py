"""What Prometheus reads of the endpoint. Labels come from the settings alone, so they are few."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class Metrics:
    """Counters in a registry of the caller's."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._issued_family = Counter(
            "turn_credentials_issued",
            "TURN credentials that were given out.",
            ["tier", "region", "shape"],
            registry=registry,
        )
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
        # To find a labelled child costs more than to count in it.
        self._issued: dict[tuple[str, str, str], Counter] = {}

    def issued(self, tier: str, region: str, shape: str) -> None:
        key = (tier, region, shape)
        child = self._issued.get(key)
        if child is None:
            child = self._issued[key] = self._issued_family.labels(*key)
        child.inc()

    def refused(self, reason: str, tier: str, shape: str) -> None:
        self._refused_family.labels(reason, tier, shape).inc()

    def probed(self, uri: str, *, ok: bool) -> None:
        self._probes.labels(uri, "ok" if ok else "failed").inc()

    def alive(self, uri: str, *, alive: bool) -> None:
        self._alive.labels(uri).set(alive)
