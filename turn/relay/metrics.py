"""What the relay did, for Prometheus: sums alone, nothing of one user or address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from turn.relay.edge import Edge
from turn.tiers import TIERS, tier_of

Families = Iterator[CounterMetricFamily | GaugeMetricFamily]


class RelayMetrics(Collector):
    """Reads the relay's own counters when it is asked, so that packets cost nothing more.

    The registry may be read in another thread: what can grow meanwhile is copied first.
    """

    def __init__(self, edge: Edge, registry: CollectorRegistry) -> None:
        self._edge = edge
        self._registry = registry
        registry.register(self)

    def unregister(self) -> None:
        self._registry.unregister(self)

    def collect(self) -> Families:
        counts = self._edge.core.counts
        live = GaugeMetricFamily(
            "turn_relay_allocations", "Allocations that live now.", labels=["tier"]
        )
        by_tier = Counter(map(tier_of, self._edge.core.names()))
        for tier in TIERS:
            live.add_metric([tier], by_tier[tier])
        yield live
        yield CounterMetricFamily(
            "turn_relay_allocated", "Allocations made since the start.", counts.allocated
        )
        yield from self._traffic()
        refused = CounterMetricFamily(
            "turn_relay_refused", "Error responses, by STUN error code.", labels=["code"]
        )
        for code, count in sorted(dict(counts.refused).items()):
            refused.add_metric([str(int(code))], count)
        yield refused
        dropped = CounterMetricFamily(
            "turn_relay_dropped", "Messages and packets without an answer.", labels=["reason"]
        )
        for reason, count in sorted({**counts.dropped, **self._lost()}.items()):
            dropped.add_metric([reason], count)
        yield dropped

    def _traffic(self) -> Families:
        labels = ["tier", "to"]
        in_bytes = CounterMetricFamily("turn_relay_bytes", "Bytes forwarded.", labels=labels)
        packets = CounterMetricFamily("turn_relay_packets", "Packets forwarded.", labels=labels)
        for tier, traffic in self._edge.by_tier.items():
            in_bytes.add_metric([tier, "peer"], traffic.bytes_to_peers)
            in_bytes.add_metric([tier, "client"], traffic.bytes_to_clients)
            packets.add_metric([tier, "peer"], traffic.packets_to_peers)
            packets.add_metric([tier, "client"], traffic.packets_to_clients)
        yield in_bytes
        yield packets

    def _lost(self) -> dict[str, int]:
        traffic = self._edge.traffic
        return {
            "no channel": traffic.no_channel,
            "no permission from peer": traffic.no_permission,
            "over bandwidth": traffic.over_bandwidth,
            "unsendable": traffic.unsendable,
        }
