"""A span for each call, with spans for its parts, for OpenTelemetry: an observer. Needs the `otel`
extra; without an endpoint in the settings nothing of it is imported.

Names and attributes are our own words and numbers: nobody's id, address or words.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from voip.media.events import MediaClosed, RecordingEnded
from voip.observers import Happening, Observers, Posted, Topic
from voip.signalling.commands import (
    Answered,
    Calling,
    Ended,
    Established,
    Incoming,
    Replaced,
)
from voip.signalling.ids import CallKey
from voip.store.records import Direction

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, Tracer

KEPT: Final = 1000
"""Calls that are over, whose recordings may still be uploaded."""
NANOSECONDS: Final = 1_000_000_000
Attributes: TypeAlias = dict[str, str | int | float | bool]


class NoOtel(Exception):
    """The extra is missing; the text says how to get it."""


@dataclass(slots=True)
class _Open:
    call: Span
    part: Span
    """Setup, then media: the one that goes on."""


class CallSpans:
    """
    :param id_of: the call's own id, which its log lines and its trace have too.
    """

    def __init__(
        self,
        tracer: Tracer,
        id_of: Callable[[CallKey], str | None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._tracer, self._id_of, self._clock = tracer, id_of, clock
        self._open: dict[CallKey, _Open] = {}
        self._over: dict[CallKey, Span] = {}

    def observe(self, observers: Observers) -> None:
        for topic in (Topic.CALL, Topic.MEDIA, Topic.POST):
            observers.subscribe(topic, self)

    def __call__(self, happening: Happening) -> None:
        match happening:
            case Incoming(key):
                self._begin(key, Direction.INBOUND)
            case Calling(key):
                self._begin(key, Direction.OUTBOUND)
            case Answered(key) if key in self._open:
                self._open[key].part.add_event("answered", timestamp=self._now())
            case Established(key) if key in self._open:
                self._established(key)
            case Replaced(key, by) if key in self._open:
                self._open[by] = self._open.pop(key)
            case Ended():
                self._end(happening)
            case MediaClosed(key, stats):
                received = stats.packets_received + max(stats.packets_lost, 0)
                lost = max(stats.packets_lost, 0) / received if received else 0.0
                self._say(key, {"voip.media.loss": lost, "voip.media.jitter": stats.jitter})
            case RecordingEnded(key, recording):
                attributes: Attributes = {
                    "voip.recording.ended": recording.ended.value,
                    "voip.recording.bytes": recording.size,
                }
                self._part(key, "recording", recording.seconds, attributes)
            case Posted(key, seconds, ok):
                self._part(key, "upload", seconds, {"voip.upload.ok": ok})

    def close(self) -> None:
        """End what is still open: the process ends."""
        for each in self._open.values():
            each.part.end(self._now())
            each.call.end(self._now())
        self._open.clear()

    def _begin(self, key: CallKey, direction: Direction) -> None:
        from opentelemetry.context import Context  # noqa: PLC0415  # an extra

        now = self._now()
        attributes: Attributes = {"voip.call.direction": direction.value}
        call = self._tracer.start_span("call", Context(), attributes=attributes, start_time=now)
        self._open[key] = _Open(call, self._child(call, "setup", now))

    def _established(self, key: CallKey) -> None:
        each = self._open[key]
        each.part.end(self._now())
        each.part = self._child(each.call, "media", self._now())
        each.call.set_attribute("voip.call.connected", value=True)

    def _end(self, end: Ended) -> None:
        each = self._open.pop(end.key, None)
        if each is None:
            return
        each.part.end(self._now())
        each.call.set_attributes(
            {
                "voip.call.reason": end.reason.name.lower(),
                "voip.call.by": end.by.name.lower(),
                "voip.call.id": self._id_of(end.key) or "",
            }
        )
        each.call.end(self._now())
        self._over[end.key] = each.call
        if len(self._over) > KEPT:
            del self._over[next(iter(self._over))]

    def _say(self, key: CallKey, attributes: Attributes) -> None:
        each = self._open.get(key)
        if each is not None:
            each.part.set_attributes(attributes)

    def _part(self, key: CallKey, name: str, seconds: float, attributes: Attributes) -> None:
        """Something that has ended just now."""
        each = self._open.get(key)
        call = each.call if each is not None else self._over.get(key)
        if call is None:
            return
        span = self._child(call, name, self._now() - round(seconds * NANOSECONDS))
        span.set_attributes(attributes)
        span.end(self._now())

    def _child(self, call: Span, name: str, start: int) -> Span:
        from opentelemetry.trace import set_span_in_context  # noqa: PLC0415  # an extra

        return self._tracer.start_span(name, set_span_in_context(call), start_time=start)

    def _now(self) -> int:
        return round(self._clock() * NANOSECONDS)


def exporter_to(endpoint: str) -> SpanExporter:
    """OTLP over HTTP. Raises NoOtel."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
    except ImportError:
        raise NoOtel(
            "VOIP_OTLP_ENDPOINT needs the otel extra: pip install 'matrix-voip[otel]'"
        ) from None
    return OTLPSpanExporter(endpoint=endpoint)


@contextlib.asynccontextmanager
async def spans_of(
    exporter: SpanExporter, id_of: Callable[[CallKey], str | None]
) -> AsyncIterator[CallSpans]:
    """Sends spans while the context lasts; what is left is sent at its end."""
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415  # an extra
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(
        resource=Resource({"service.name": "matrix-voip"}), shutdown_on_exit=False
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))  # in a thread of its own
    spans = CallSpans(provider.get_tracer("voip"), id_of)
    try:
        yield spans
    finally:
        spans.close()
        await asyncio.to_thread(provider.shutdown)
