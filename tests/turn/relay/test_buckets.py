"""Token buckets, and what counts as one source."""

from __future__ import annotations

from ipaddress import IPv6Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turn.relay.buckets import Bucket, Sources, source_of


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 10), st.floats(0, 50)), max_size=50),
    st.floats(1, 100),
    st.floats(1, 100),
)
def test_never_more_than_the_burst_and_the_rate(
    takes: list[tuple[float, float]], rate: float, burst: float
) -> None:
    bucket, now, passed = Bucket(rate, burst, 5.0), 5.0, 0.0
    for later, amount in takes:
        now += later
        passed += amount if bucket.take(amount, now) else 0.0
        assert passed <= burst + (now - 5.0) * rate + 1e-6


def test_what_is_let_through_is_what_there_is() -> None:
    bucket = Bucket(10.0, 20.0, 0.0)
    assert bucket.take(20.0, 0.0)
    assert not bucket.take(1.0, 0.05)
    assert bucket.take(1.0, 0.1)
    assert not bucket.take(20.1, 1000.0)
    assert bucket.take(20.0, 1000.0)


def test_sources_are_apart_and_bounded() -> None:
    sources = Sources(1.0, 2.0, most=3)
    assert [sources.take("9.9.9.9", 0.0) for _ in range(3)] == [True, True, False]
    assert sources.take("9.9.9.8", 0.0)
    for number in range(10):
        sources.take(f"9.9.8.{number}", 0.0)
    assert len(sources) == 3


def test_whoever_asks_all_the_time_is_not_forgotten() -> None:
    sources = Sources(0.001, 1.0, most=3)
    assert sources.take("9.9.9.9", 0.0)
    for number in range(10):
        sources.take(f"9.9.8.{number}", 0.0)
        assert not sources.take("9.9.9.9", 0.0)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8:0:0:ffff::1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::1", "::2", True),
        ("9.9.9.9", "9.9.9.8", False),
    ],
)
def test_one_customer_is_one_source(one: str, other: str, same: bool) -> None:
    assert (source_of(one) == source_of(other)) is same


@settings(deadline=None)
@given(st.ip_addresses(v=6))
def test_an_ipv6_source_is_its_first_64_bits(address: IPv6Address) -> None:
    groups = source_of(str(address)).split(":")
    assert [int(group, 16) for group in groups] == [
        int(address) >> shift & 0xFFFF for shift in (112, 96, 80, 64)
    ]
