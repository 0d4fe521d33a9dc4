"""What is counted of calls, for Prometheus: an observer of `Topic.CALL`, `MEDIA` and `DRIVER`.

Labels are our own enumerations, so their sets are small and hold nothing of anybody: no user, no
room, no server, no words of the other side.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from voip.media.events import MediaClosed, MediaStats, RecordingEnded
from voip.observers import Happening, Observers, Passing, Topic, Way
from voip.signalling.commands import (
    Answered,
    Calling,
    Ended,
    Established,
    Ignored,
    Incoming,
    NegotiationFailed,
    Replaced,
)
from voip.signalling.events import Received
from voip.signalling.ids import CallKey
from voip.store.records import Direction

SECONDS: Final = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 8, 13, 20, 30, 60)
TALK_SECONDS: Final = (1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 3 * 3600, 12 * 3600)
RATIOS: Final = (0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
JITTERS: Final = (0.001, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5)
SCORES: Final = (1, 1.5, 2, 2.5, 3, 3.5, 4, 4.2, 4.4)


@dataclass(slots=True)
class _Live:
    direction: Direction
    began: float
    answered: bool = False
    established: float | None = None


class CallMetrics:
    """`observe` subscribes. A few numbers are kept for each call that lives, and go with it."""

    def __init__(
        self, registry: CollectorRegistry, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._live: dict[CallKey, _Live] = {}
        self._make_call_families(registry)
        self._make_media_families(registry)

    def _make_call_families(self, registry: CollectorRegistry) -> None:
        def count(name: str, text: str, *labels: str) -> Counter:
            return Counter(name, text, labels, registry=registry)

        self._calls = count(
            "voip_calls",
            "Calls that are over. `connected`: media flowed.",
            *("direction", "connected", "reason", "by"),
        )
        self._began = count(
            "voip_calls_began", "Calls that began to ring, or to be placed.", "direction"
        )
        self._ignored = count(
            "voip_events_ignored", "Call events that changed nothing, and why.", "reason"
        )
        self._negotiations = count("voip_negotiations_failed", "Changes that did not come about.")
        live = Gauge("voip_calls_live", "Calls that ring or go on.", registry=registry)
        live.set_function(lambda: len(self._live))
        ringing = Gauge("voip_calls_ringing", "Calls nobody has answered yet.", registry=registry)
        ringing.set_function(lambda: sum(not each.answered for each in self._live.values()))

        def histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(name, text, labels, registry=registry, buckets=buckets)

        self._talked = histogram(
            "voip_call_seconds", "How long media flowed.", TALK_SECONDS, "direction"
        )
        self._to_answer = histogram(
            "voip_answer_seconds", "From ringing to the answer.", SECONDS, "direction"
        )
        self._to_media = histogram(
            "voip_connect_seconds", "From ringing until media flowed.", SECONDS, "direction"
        )
        self._event_age = histogram(
            "voip_event_age_seconds",
            "How old call events are when they come, by the homeserver's clock.",
            SECONDS,
        )

    def _make_media_families(self, registry: CollectorRegistry) -> None:
        def histogram(name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(name, text, ["end"], registry=registry, buckets=buckets)

        self._loss = histogram("voip_media_loss_ratio", "Packets that were lost.", RATIOS)
        self._jitter = histogram("voip_media_jitter_seconds", "Jitter (RFC 3550).", JITTERS)
        self._mos = histogram("voip_media_mos", "How it sounded, by the E-model.", SCORES)
        self._interruptions = Counter(
            "voip_media_interruptions", "Times that nothing came for a while.", registry=registry
        )
        self._recordings = Counter(
            "voip_recordings", "Recordings that ended, and why.", ["ended"], registry=registry
        )
        self._recorded = Counter("voip_recorded_seconds", "Recorded.", registry=registry)
        self._bytes = Counter("voip_recorded_bytes", "Recorded.", registry=registry)

    def observe(self, observers: Observers) -> None:
        for topic in (Topic.CALL, Topic.MEDIA, Topic.DRIVER):
            observers.subscribe(topic, self)

    def __call__(self, happening: Happening) -> None:
        match happening:
            case Incoming(key):
                self._begin(key, Direction.INBOUND)
            case Calling(key):
                self._begin(key, Direction.OUTBOUND)
            case Answered(key) if (call := self._live.get(key)) is not None and not call.answered:
                call.answered = True
                self._to_answer.labels(call.direction.value).observe(self._clock() - call.began)
            case Established(key) if (call := self._live.get(key)) is not None:
                call.established = self._clock()
                self._to_media.labels(call.direction.value).observe(call.established - call.began)
            case Replaced(key, by):
                self._live.pop(key, None)
                self._begin(by, Direction.INBOUND)
            case Ended():
                self._end(happening)
            case Ignored(why=why):
                self._ignored.labels(why.name.lower()).inc()
            case NegotiationFailed():
                self._negotiations.inc()
            case Passing(Way.EVENT, Received(age=age)):
                self._event_age.observe(max(age, 0.0))
            case RecordingEnded(_, recording):
                self._recordings.labels(recording.ended.value).inc()
                self._recorded.inc(recording.seconds)
                self._bytes.inc(recording.size + sum(part.size for part in recording.parts))
            case MediaClosed(_, stats):
                self._media(stats)

    def _begin(self, key: CallKey, direction: Direction) -> None:
        self._live[key] = _Live(direction, self._clock())
        self._began.labels(direction.value).inc()

    def _end(self, end: Ended) -> None:
        call = self._live.pop(end.key, None)
        if call is None:  # one that never rang here, for another device answered it before
            return
        connected = call.established is not None
        way = call.direction.value
        self._calls.labels(
            way, "yes" if connected else "no", end.reason.name.lower(), end.by.name.lower()
        ).inc()
        if call.established is not None:
            self._talked.labels(way).observe(self._clock() - call.established)

    def _media(self, stats: MediaStats) -> None:
        self._interruptions.inc(stats.interruptions)
        if stats.packets_received:
            lost = max(stats.packets_lost, 0)
            self._loss.labels("received").observe(lost / (lost + stats.packets_received))
            self._jitter.labels("received").observe(stats.jitter)
        if stats.lost_by_peer is not None and stats.packets_sent:
            self._loss.labels("sent").observe(max(stats.lost_by_peer, 0) / stats.packets_sent)
            self._jitter.labels("sent").observe(stats.jitter_of_peer)
        for end, mos in (("received", stats.mos), ("sent", stats.mos_of_peer)):
            if mos is not None:
                self._mos.labels(end).observe(mos)
