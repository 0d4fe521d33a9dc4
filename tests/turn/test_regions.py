"""Which relay a client is told of."""

from __future__ import annotations

import ipaddress
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turn.issuing import BadRequest
from turn.regions import Relay, Relays, Wish, host_of, is_ipv6, region_of

EU = [
    Relay("eu", (f"turn:eu{n}.example.org:3478?transport=udp", f"turns:eu{n}.example.org"))
    for n in range(4)
]
US = Relay("us", ("stun:us.example.org", "turn:us.example.org"))
RELAYS = Relays([*EU, US])
ANYBODY = "whoever asks"


def test_the_hint_wins_then_the_network_then_the_first_region() -> None:
    choose = RELAYS.choose
    assert choose(Wish(region="us", network="eu"), ANYBODY).region == "us"
    assert choose(Wish(network="us"), ANYBODY).region == "us"
    assert choose(Wish(network="mars"), ANYBODY).region == "eu"
    assert choose(Wish(), ANYBODY).region == "eu"
    assert choose(Wish(), ANYBODY, ("us", "eu")).region == "us", "the key's first region"


def test_a_region_that_is_not_ones_own_is_refused_with_those_that_are() -> None:
    with pytest.raises(BadRequest, match=r"there are: eu$"):
        RELAYS.choose(Wish(region="us"), ANYBODY, ("eu",))
    with pytest.raises(BadRequest, match="there are: eu, us"):
        RELAYS.choose(Wish(region="mars"), ANYBODY)
    assert RELAYS.choose(Wish(network="us"), ANYBODY, ("eu",)).region == "eu"


@given(st.text(min_size=1), st.text(), st.text(), st.sampled_from(["eu", "us", None]))
def test_both_ends_of_a_call_get_the_same_relay(
    call: str, one: str, other: str, network: str | None
) -> None:
    ends = [
        RELAYS.choose(Wish(call=call, network=network), one),
        RELAYS.choose(Wish(call=call), other),
    ]
    assert ends[0] == ends[1]
    assert ends[0].uris in {relay.uris for relay in EU}


def test_calls_spread_over_the_relays_and_only_those_of_a_dead_one_move() -> None:
    dead = frozenset(EU[0].uris)
    before = {n: RELAYS.choose(Wish(call=f"call {n}"), ANYBODY).name for n in range(2000)}
    after = {n: RELAYS.choose(Wish(call=f"call {n}"), ANYBODY, (), dead).name for n in range(2000)}
    assert all(400 < count < 600 for count in Counter(before.values()).values())
    moved = {n for n in before if before[n] != after[n]}
    assert moved == {n for n in before if before[n] == "eu0.example.org"}


def test_an_address_that_is_dead_is_left_out_and_its_relay_stays() -> None:
    dead = frozenset({EU[1].uris[0]})
    calls = [Wish(call=f"call {n}") for n in range(100)]
    before = [RELAYS.choose(call, ANYBODY).name for call in calls]
    after = [RELAYS.choose(call, ANYBODY, (), dead) for call in calls]
    assert [choice.name for choice in after] == before
    assert {c.uris for c in after if c.name == "eu1.example.org"} == {EU[1].uris[1:]}


def test_the_next_region_helps_out_and_when_all_is_dead_all_is_told() -> None:
    eu = frozenset(uri for relay in EU for uri in relay.uris)
    assert RELAYS.choose(Wish(), ANYBODY, (), eu).region == "us"
    assert RELAYS.choose(Wish(), ANYBODY, ("eu",), eu).region == "eu", "not beyond one's regions"
    everything = eu | set(US.uris)
    assert RELAYS.choose(Wish(region="us"), ANYBODY, (), everything).uris == US.uris
    only_stun = frozenset({US.uris[1]})
    assert RELAYS.choose(Wish(region="us"), ANYBODY, (), only_stun).region == "eu"


def test_several_at_once() -> None:
    choice = Relays([*EU, US], at_once=2).choose(Wish(call="x"), ANYBODY)
    assert len({host_of(uri) for uri in choice.uris}) == 2
    assert Relays([US], at_once=2).choose(Wish(), ANYBODY).uris == US.uris


def test_the_smallest_network_decides() -> None:
    networks = {
        ipaddress.ip_network("10.0.0.0/8"): "wide",
        ipaddress.ip_network("10.1.0.0/16"): "narrow",
        ipaddress.ip_network("2001:db8::/32"): "six",
    }
    found = {
        text: region_of(ipaddress.ip_address(text), networks)
        for text in ("10.2.0.1", "10.1.0.1", "::ffff:10.1.0.1", "2001:db8::1", "192.0.2.1")
    }
    assert list(found.values()) == ["wide", "narrow", "narrow", "six", None]


@pytest.mark.parametrize(
    ("uri", "host"),
    [
        ("turn:example.org", "example.org"),
        ("turns:example.org:443?transport=tcp", "example.org"),
        ("turn:[2001:db8::1]:3478?transport=udp", "[2001:db8::1]"),
        ("stun:192.0.2.1", "192.0.2.1"),
    ],
)
def test_hosts(uri: str, host: str) -> None:
    assert host_of(uri) == host
    assert is_ipv6(uri) == host.startswith("[")


def test_no_relay_at_all() -> None:
    with pytest.raises(ValueError, match="no relay"):
        Relays([])
