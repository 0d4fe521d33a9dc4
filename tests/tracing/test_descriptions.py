"""Facts of session descriptions: of real ones, of strange ones, and never more than facts."""

from __future__ import annotations

import json

import pytest

from tests.media.calls import SAMPLES, damage, sample
from tests.tracing.scan import assert_tells_nothing
from voip.signalling.ice import Candidate
from voip.tracing.descriptions import candidates, description, names_in
from voip.tracing.names import Hosts


@pytest.mark.parametrize("name", SAMPLES)
def test_real_offers(name: str) -> None:
    facts = description(sample(name))
    assert facts["media"][0].startswith("audio sendrecv: opus")
    assert len(facts["media"]) == sample(name).count("\nm=")
    assert facts["chars"] == len(sample(name))
    assert_tells_nothing(json.dumps(facts))
    for damaged in damage(sample(name), 30):
        told = json.dumps([description(damaged), names_in(damaged, Hosts())])
        assert_tells_nothing(told)


@pytest.mark.parametrize(
    ("sdp", "media"),
    [
        ("", []),
        ("v=0\r\nm=", ["other rejected"]),
        ("m=video 0 X 1\r\na=rtpmap:1 VP8/90000\r\n", ["video rejected"]),
        ("m=video 9 X 1\r\na=rtpmap:1 VP8/90000\r\na=recvonly\r\n", ["video recvonly: vp8"]),
        ("m=audio 9 X 1\na=rtpmap:1 192.0.2.1/1\na=rtpmap:2 x/1\n", ["audio sendrecv: other"]),
        ("m=s3cret 9 X 1\na=s3cret\n", ["other sendrecv"]),
        ("m=audio 9 X 1\n" * 100, ["audio sendrecv"] * 16),
    ],
)
def test_strange_ones(sdp: str, media: list[str]) -> None:
    assert description(sdp)["media"] == media


def test_candidates_are_counted_by_kind() -> None:
    given = (
        Candidate("candidate:1 1 udp 1 192.0.2.9 9 typ host"),
        Candidate("2 1 udp 1 192.0.2.9 9 typ relay raddr 0.0.0.0 rport 9"),
        Candidate("3 1 udp 1 192.0.2.9 9 typ s3cret"),
        Candidate("s3cret"),
        Candidate(""),
    )
    assert candidates(given) == {"candidates": {"host": 1, "relay": 1, "other": 1}, "last": True}
