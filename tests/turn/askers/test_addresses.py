"""Which addresses a server name may lead to."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turn.askers.addresses import is_public

PRIVATE_V4 = ("10.0.0.1", "127.0.0.1", "169.254.169.254", "192.168.1.1", "100.64.0.1", "224.0.0.1")


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00::1"]
)
def test_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        *PRIVATE_V4,
        "0.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "192.88.99.1",
        "::",
        "::1",
        "::8.8.8.8",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "64:ff9b:1::1",
        "fe80::1",
        "fec0::1",
        "fd00::1",
        "ff02::1",
        "4000::1",
        "2001::1",
        "2001:db8::1",
        "2002:808:808::1",
        "3fff::1",
        "fe80::1%eth0",
        "2606:4700::5efe:10.0.0.1",
    ],
)
def test_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@given(st.sampled_from(PRIVATE_V4), st.integers(0, 2**16 - 1))
def test_no_private_address_comes_through_inside_another(text: str, rest: int) -> None:
    inner = int(IPv4Address(text))
    forms = [
        inner,  # v4-compatible
        0xFFFF << 32 | inner,  # v4-mapped
        0xFFFF << 48 | inner,  # translated
        int(IPv6Address("64:ff9b::")) | inner,
        int(IPv6Address("64:ff9b:1::")) | rest << 32 | inner,
        int(IPv6Address("2002::")) | inner << 80 | rest,  # 6to4
        int(IPv6Address("2001::")) | inner << 64 | rest,  # Teredo's server
        int(IPv6Address("2001::")) | rest << 32 | inner ^ 0xFFFFFFFF,  # Teredo's client
        int(IPv6Address("2606:4700::5efe:0:0")) | inner,  # ISATAP
    ]
    assert not any(is_public(IPv6Address(form)) for form in forms)


@given(st.ip_addresses(v=6))
def test_public_ipv6_is_what_is_given_out(address: IPv6Address) -> None:
    if is_public(address):
        assert address in IPv6Network("2000::/3")
        assert address.is_global
