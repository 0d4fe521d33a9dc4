"""Spans of calls, read from the SDK's own exporter, on a clock of the test's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from voip.media.events import MediaClosed, MediaStats, Recording, RecordingEnd, RecordingEnded
from voip.observers import Happening, Observers, Posted, Topic
from voip.service.spans import KEPT, CallSpans, NoOtel, exporter_to, spans_of
from voip.signalling.commands import (
    Answered,
    By,
    Calling,
    Ended,
    EndReason,
    Established,
    Incoming,
    Replaced,
)
from voip.signalling.content import Capabilities
from voip.signalling.ids import CallKey, Party

KEY, OTHER = CallKey("!room:secret.example", "secret"), CallKey("!room:secret.example", "other")
ANN = Party("@ann:secret.example", "ANNSSECRET")
HANGUP = Ended(KEY, EndReason.HANGUP, By.PEER, rang=True, wire_reason="secret words")


class Bench:
    def __init__(self) -> None:
        self.now = 1000.0
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.spans = CallSpans(provider.get_tracer("test"), lambda _: "ourown", lambda: self.now)
        self.observers = Observers()
        self.spans.observe(self.observers)

    def tell(self, *happenings: Happening, topic: Topic = Topic.CALL, after: float = 0.0) -> None:
        self.now += after
        for happening in happenings:
            self.observers.tell(topic, happening)

    def found(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self.exporter.get_finished_spans()}


@pytest.fixture
def bench() -> Bench:
    return Bench()


def seconds(span: ReadableSpan) -> float:
    assert span.end_time is not None
    assert span.start_time is not None
    return (span.end_time - span.start_time) / 1e9


def test_a_call_and_its_parts(bench: Bench) -> None:
    recording = Recording(Path("secret.ogg"), "audio/ogg", 3.0, 999, RecordingEnd.CALL_ENDED)
    stats = MediaStats(True, 90, 10, 0, 0, 0, jitter=0.02)
    bench.tell(Incoming(KEY, ANN, video=False))
    bench.tell(Answered(KEY, ANN, Capabilities()), after=0.5)
    bench.tell(Established(KEY), after=0.5)
    bench.tell(MediaClosed(KEY, stats, (), (), ()), topic=Topic.MEDIA, after=4.0)
    bench.tell(HANGUP, after=1.0)
    bench.tell(RecordingEnded(KEY, recording), topic=Topic.MEDIA)
    bench.tell(Posted(KEY, 2.0, ok=True), topic=Topic.POST, after=2.0)
    spans = bench.found()
    assert {name: round(seconds(span), 3) for name, span in spans.items()} == {
        "setup": 1.0,
        "media": 5.0,
        "call": 6.0,
        "recording": 3.0,
        "upload": 2.0,
    }
    call = spans.pop("call")
    assert call.parent is None
    assert call.attributes == {
        "voip.call.direction": "inbound",
        "voip.call.connected": True,
        "voip.call.reason": "hangup",
        "voip.call.by": "peer",
        "voip.call.id": "ourown",
    }
    assert all(
        span.parent and span.parent.span_id == call.context.span_id for span in spans.values()
    )
    assert spans["media"].attributes == {"voip.media.loss": 0.1, "voip.media.jitter": 0.02}
    text = "".join(span.to_json() for span in [call, *spans.values()])
    assert "secret" not in text.lower()
    assert "ann" not in text


def test_glare_goes_on_as_one_call(bench: Bench) -> None:
    bench.tell(Calling(KEY), Replaced(KEY, OTHER, ANN), Established(OTHER))
    bench.tell(Ended(OTHER, EndReason.HANGUP, By.US, rang=False))
    assert sorted(bench.found()) == ["call", "media", "setup"]


def test_what_is_open_at_the_end_is_ended_and_what_is_kept_is_bounded(bench: Bench) -> None:
    for number in range(KEPT + 5):
        key = CallKey("!r", str(number))
        bench.tell(Calling(key), Ended(key, EndReason.BUSY, By.PEER, rang=False))
    assert len(bench.spans._over) == KEPT
    bench.exporter.clear()
    bench.tell(Incoming(KEY, ANN, video=False))
    bench.spans.close()
    assert sorted(bench.found()) == ["call", "setup"]
    bench.tell(HANGUP, Posted(OTHER, 1.0, ok=False))  # nobody knows them any more
    assert sorted(bench.found()) == ["call", "setup"]


async def test_what_is_left_is_sent_at_the_end() -> None:
    class Exporter(InMemorySpanExporter):
        def shutdown(self) -> None:
            sent.extend(self.get_finished_spans())

    sent: list[ReadableSpan] = []
    async with spans_of(Exporter(), lambda _: None) as spans:
        spans(Incoming(KEY, ANN, video=False))
    assert sorted(span.name for span in sent) == ["call", "setup"]


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(NoOtel, match=r"matrix-voip\[otel\]"):
        exporter_to("http://127.0.0.1:4318/v1/traces")


def test_without_an_endpoint_nothing_of_it_is_imported() -> None:
    script = (
        "import sys, voip.service.bot_service\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
