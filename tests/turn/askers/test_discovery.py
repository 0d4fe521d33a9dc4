"""Server-server API, "Server discovery", case by case."""

from __future__ import annotations

from collections import Counter
from itertools import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turn.askers.discovery import (
    MAX_PLACES,
    AskSrv,
    AskWellKnown,
    Place,
    Route,
    SrvRecord,
    after_srv,
    after_well_known,
    first_step,
    in_order,
)
from turn.askers.server_names import parse_server_name


@pytest.mark.parametrize(
    ("name", "place", "host_header", "certificate"),
    [
        # 1: "If the hostname is an IP literal, then that IP address should be used, together with
        # the given port number, or 8448 if no port is given. The target server must present a
        # valid certificate for the IP address."
        ("1.2.3.4", Place("1.2.3.4", 8448), "1.2.3.4", "1.2.3.4"),
        ("1.2.3.4:99", Place("1.2.3.4", 99), "1.2.3.4:99", "1.2.3.4"),
        ("[2a00::1]", Place("[2a00::1]", 8448), "[2a00::1]", "2a00::1"),
        ("[2a00::1]:99", Place("[2a00::1]", 99), "[2a00::1]:99", "2a00::1"),
        # 2: "If the hostname is not an IP literal, and the server name includes an explicit port"
        ("example.org:99", Place("example.org", 99), "example.org:99", "example.org"),
        ("example.org:443", Place("example.org", 443), "example.org:443", "example.org"),
    ],
)
def test_names_that_say_all(name: str, place: Place, host_header: str, certificate: str) -> None:
    assert first_step(parse_server_name(name)) == Route((place,), host_header, certificate)


def test_other_names_are_looked_up_in_their_well_known_file() -> None:
    assert first_step(parse_server_name("example.org")) == AskWellKnown("example.org")


@pytest.mark.parametrize(
    ("delegated", "place", "host_header", "certificate"),
    [
        # 3.1
        ("1.2.3.4", Place("1.2.3.4", 8448), "1.2.3.4", "1.2.3.4"),
        ("1.2.3.4:99", Place("1.2.3.4", 99), "1.2.3.4:99", "1.2.3.4"),
        ("[2a00::1]:99", Place("[2a00::1]", 99), "[2a00::1]:99", "2a00::1"),
        # 3.2: "a Host header of <delegated_hostname>:<delegated_port>. The target server must
        # present a valid certificate for <delegated_hostname>."
        ("m.example.net:99", Place("m.example.net", 99), "m.example.net:99", "m.example.net"),
    ],
)
def test_delegations_that_say_all(
    delegated: str, place: Place, host_header: str, certificate: str
) -> None:
    step = after_well_known(parse_server_name("example.org"), parse_server_name(delegated))
    assert step == Route((place,), host_header, certificate)


@pytest.mark.parametrize(
    ("delegated", "host"),
    [
        ("m.example.net", "m.example.net"),  # 3.3 and 3.4
        (None, "example.org"),  # 4 and 5
    ],
)
def test_srv_is_asked_for_the_last_name(delegated: str | None, host: str) -> None:
    target = None if delegated is None else parse_server_name(delegated)
    step = after_well_known(parse_server_name("example.org"), target)
    assert isinstance(step, AskSrv)
    assert step.records == (f"_matrix-fed._tcp.{host}", f"_matrix._tcp.{host}")
    # "Requests should be made to the resolved IP address and port with a Host header containing
    # the <hostname>. The target server must present a valid certificate for <hostname>."
    places = [Place("srv.example.com", 4), Place("other.example.com", 5)]
    assert after_srv(step, places) == Route(tuple(places), host, host)
    # 3.5 and 6: "the hostname is resolved [...] port 8448"
    assert after_srv(step, []) == Route((Place(host, 8448),), host, host)


def test_only_so_many_srv_targets_are_tried() -> None:
    places = [Place(f"{number}.example.org", 1) for number in range(1000)]
    assert after_srv(AskSrv("example.org"), places).places == tuple(places[:MAX_PLACES])


def test_srv_records_come_by_priority_and_then_by_weight() -> None:
    records = [
        SrvRecord(20, 100, 1, "last"),
        SrvRecord(10, 10, 1, "light"),
        SrvRecord(10, 90, 1, "heavy"),
    ]
    chances = (at / 100 for at in range(100))
    firsts = Counter(in_order(records, repeat(chance).__next__)[0].host for chance in chances)
    assert firsts["last"] == 0
    assert 8 <= firsts["light"] <= 12
    assert {place.host for place in in_order(records, lambda: 0.5)} == {"last", "light", "heavy"}


def test_an_srv_target_of_a_dot_is_no_service() -> None:
    assert in_order([SrvRecord(0, 0, 0, "")], lambda: 0.0) == []


@given(
    st.lists(
        st.builds(
            SrvRecord,
            st.integers(0, 3),
            st.integers(0, 65535),
            st.integers(1, 65535),
            st.text("abc", min_size=1, max_size=3),
        ),
        max_size=12,
    ),
    st.floats(0, 1, exclude_max=True),
)
def test_the_order_loses_nothing_and_keeps_priorities(
    records: list[SrvRecord], chance: float
) -> None:
    places = in_order(records, lambda: chance)
    assert Counter(places) == Counter(Place(each.target, each.port) for each in records)
    left = sorted(records, key=lambda each: each.priority)
    for place, record in zip(places, left, strict=True):
        same = [each for each in records if each.priority == record.priority]
        assert place in {Place(each.target, each.port) for each in same}
