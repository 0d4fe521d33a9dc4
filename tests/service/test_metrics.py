"""What is counted of calls, on a clock of the test's own, and what labels may hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from voip.media.events import MediaClosed, MediaStats, Recording, RecordingEnd, RecordingEnded
from voip.observers import Happening, Observers, Passing, Topic, Way
from voip.service.call_metrics import CallMetrics
from voip.signalling.commands import (
    Answered,
    By,
    Calling,
    Ended,
    EndReason,
    Established,
    Ignored,
    IgnoreReason,
    Incoming,
    Replaced,
)
from voip.signalling.content import Capabilities
from voip.signalling.events import Received
from voip.signalling.ids import CallKey, Party

KEY, OTHER = CallKey("!room:secret.example", "call"), CallKey("!room:secret.example", "other")
ANN = Party("@ann:secret.example", "ANNSDEVICE")


class Bench:
    def __init__(self) -> None:
        self.now = 0.0
        self.registry = CollectorRegistry()
        self.metrics = CallMetrics(self.registry, lambda: self.now)
        self.observers = Observers()
        self.metrics.observe(self.observers)

    def tell(self, *happenings: Happening, topic: Topic = Topic.CALL) -> None:
        for happening in happenings:
            self.observers.tell(topic, happening)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)

    def scrape(self) -> str:
        return generate_latest(self.registry).decode()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_call_from_ringing_to_its_end(bench: Bench) -> None:
    bench.tell(Incoming(KEY, ANN, video=False))
    assert bench.value("voip_calls_live") == bench.value("voip_calls_ringing") == 1
    bench.now = 0.4
    bench.tell(Answered(KEY, ANN, Capabilities()), Answered(KEY, ANN, Capabilities()))
    assert bench.value("voip_calls_ringing") == 0
    bench.now = 1.0
    bench.tell(Established(KEY))
    bench.now = 31.0
    bench.tell(Ended(KEY, EndReason.HANGUP, By.PEER, rang=True))
    inbound = {"direction": "inbound"}
    assert bench.value("voip_calls_live") == 0
    assert bench.value("voip_calls_total", **inbound, connected="yes", reason="hangup", by="peer")
    assert bench.value("voip_answer_seconds_sum", **inbound) == 0.4
    assert bench.value("voip_answer_seconds_count", **inbound) == 1
    assert bench.value("voip_connect_seconds_sum", **inbound) == 1.0
    assert bench.value("voip_call_seconds_sum", **inbound) == 30.0


def test_a_call_of_ours_that_is_declined(bench: Bench) -> None:
    bench.tell(Calling(KEY), Ended(KEY, EndReason.REJECTED, By.PEER, rang=False))
    labels = {"direction": "outbound", "connected": "no", "reason": "rejected", "by": "peer"}
    assert bench.value("voip_calls_total", **labels) == 1
    assert bench.value("voip_call_seconds_count", direction="outbound") is None


def test_glare_leaves_one_call(bench: Bench) -> None:
    bench.tell(Calling(KEY), Replaced(KEY, OTHER, ANN))
    assert bench.value("voip_calls_live") == 1
    bench.tell(Established(OTHER), Ended(OTHER, EndReason.HANGUP, By.US, rang=False))
    labels = {"direction": "inbound", "connected": "yes", "reason": "hangup", "by": "us"}
    assert bench.value("voip_calls_total", **labels) == 1
    bench.tell(Calling(KEY), Replaced(KEY, KEY, ANN))
    assert bench.value("voip_calls_live") == 1


def test_an_end_without_a_beginning_counts_nothing(bench: Bench) -> None:
    bench.tell(Ended(KEY, EndReason.ANSWERED_ELSEWHERE, By.OTHER_DEVICE, rang=False))
    assert "voip_calls_total{" not in bench.scrape()


def test_events_recordings_and_media(bench: Bench) -> None:
    bench.tell(Ignored("!r", "@eve:x", "m.call.invite", IgnoreReason.EXPIRED))
    assert bench.value("voip_events_ignored_total", reason="expired") == 1
    part = Recording(Path("b"), "video/webm", 2.0, 50, RecordingEnd.STOPPED)
    whole = Recording(Path("a"), "audio/ogg", 3.5, 100, RecordingEnd.SILENCE, parts=(part,))
    stats = MediaStats(True, 90, 10, 200, 0, 0, jitter=0.02, lost_by_peer=20, mos=4.1)
    bench.tell(RecordingEnded(KEY, whole), MediaClosed(KEY, stats, (), (), ()), topic=Topic.MEDIA)
    assert bench.value("voip_recordings_total", ended="silence") == 1
    assert bench.value("voip_recorded_seconds_total") == 3.5
    assert bench.value("voip_recorded_bytes_total") == 150
    assert bench.value("voip_media_loss_ratio_sum", end="received") == 0.1
    assert bench.value("voip_media_loss_ratio_sum", end="sent") == 0.1
    assert bench.value("voip_media_mos_count", end="sent") is None
    event = Received("!r", "$e", "@ann:x", "m.call.invite", {}, 2.5, True, True, False, None)
    bench.tell(Passing(Way.EVENT, event, 0.0), topic=Topic.DRIVER)
    assert bench.value("voip_event_age_seconds_sum") == 2.5


def test_nothing_of_anybody_is_in_a_scrape_and_labels_are_few(bench: Bench) -> None:
    for number in range(200):
        key = CallKey("!room:secret.example", str(number))
        bench.tell(Incoming(key, ANN, video=True))
        bench.tell(
            Ended(key, EndReason.PEER_FAILED, By.PEER, rang=True, wire_reason=f"secret {number}")
        )
    text = bench.scrape()
    assert "secret" not in text
    assert "ANNSDEVICE" not in text
    assert len(text.splitlines()) < 150
