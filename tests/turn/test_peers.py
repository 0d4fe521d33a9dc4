from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turn.peers import DENIED, canonical, dash_range, dash_ranges, is_forbidden


def embedded_forms(address: IPv4Address) -> list[str]:
    """Every way to write an IPv4 address into an IPv6 one that a system or translator knows."""
    high, low = f"{int(address) >> 16:x}", f"{int(address) & 0xFFFF:x}"
    turned = int(address) ^ 0xFFFF_FFFF
    return [
        f"::ffff:{address}",
        f"::{address}",
        f"::ffff:0:{high}:{low}",
        f"64:ff9b::{address}",
        f"2002:{high}:{low}::1",
        f"2001:0:{high}:{low}::",
        f"2001:0:808:808::{turned >> 16:x}:{turned & 0xFFFF:x}",
        f"2a00:1450::5efe:{high}:{low}",
        f"2a00:1450::200:5efe:{high}:{low}",
    ]


@settings(deadline=None)
@given(st.ip_addresses(v=4))
def test_an_embedded_address_is_found_in_every_form(address: IPv4Address) -> None:
    for form in embedded_forms(address):
        assert address in canonical(form), form


@settings(deadline=None)
@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_an_address_reaches_itself_first(address: IPv4Address | IPv6Address) -> None:
    assert canonical(address)[0] == address
    assert canonical(str(address))[0] == address
    assert len(set(canonical(address))) == len(canonical(address))


@pytest.mark.parametrize("private", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "192.168.1.1"])
def test_private_addresses_are_forbidden_in_every_form(private: str) -> None:
    assert is_forbidden(private)
    for form in embedded_forms(IPv4Address(private)):
        assert is_forbidden(form), form


SPECIAL = (
    ":: ::1 fd00::1 fe80::1%eth0 fec0::1 ff02::1 2001:db8::1 64:ff9b:1::a00:1 "
    "0.0.0.0 224.0.0.1 255.255.255.255 100.64.0.1 198.18.0.1"
)


@pytest.mark.parametrize("address", SPECIAL.split())
def test_special_addresses_are_forbidden(address: str) -> None:
    assert is_forbidden(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2a00:1450:4001::1", "2606:4700::1111"])
def test_public_addresses_may_be_reached(address: str) -> None:
    assert not is_forbidden(address)


def test_what_is_allowed_is_allowed_as_it_is_written_alone() -> None:
    allowed = [ip_network("10.0.0.1/32")]
    assert not is_forbidden("10.0.0.1", allowed)
    assert is_forbidden("10.0.0.2", allowed)
    assert is_forbidden("::ffff:10.0.0.1", allowed)


def test_who_allows_translation_has_not_allowed_private_addresses_behind_it() -> None:
    allowed = [IPv6Network("64:ff9b::/96")]
    assert not is_forbidden("64:ff9b::8.8.8.8", allowed)
    assert is_forbidden("64:ff9b::10.0.0.1", allowed)


def test_text_that_is_no_address() -> None:
    with pytest.raises(ValueError, match="example"):
        is_forbidden("example.org")


def test_ranges_are_written_with_a_dash_and_never_begin_with_the_unspecified_address() -> None:
    ranges = dash_ranges()
    assert len(ranges) == len(DENIED)
    assert not any("/" in text or text.startswith("::-") for text in ranges)
    assert "10.0.0.0-10.255.255.255" in ranges
    assert "::1-::ffff:ffff" in ranges
    assert dash_range(ip_network("192.0.2.7/32")) == "192.0.2.7"


@settings(deadline=None)
@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_ranges_say_the_same_as_the_networks(address: IPv4Address | IPv6Address) -> None:
    ends = [tuple(map(ip_address, text.split("-"))) for text in dash_ranges()]
    in_a_range = any(
        first.version == address.version and int(first) <= int(address) <= int(last)
        for first, last in ends
    )
    in_a_network = any(address in network for network in DENIED)
    assert in_a_range == in_a_network or address == IPv6Address("::")
