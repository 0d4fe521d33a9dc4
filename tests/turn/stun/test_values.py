"""Attribute values: what is written is read again, and what has another form is refused."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turn.stun import values
from turn.stun.names import Code
from turn.stun.values import BadValue

addresses = st.one_of(
    st.tuples(st.builds(str, st.ip_addresses(v=4)), st.integers(0, 65535)),
    st.tuples(st.builds(str, st.ip_addresses(v=6)), st.integers(0, 65535)),
)


def packed(ip: str) -> bytes:
    return (IPv6Address(ip) if ":" in ip else IPv4Address(ip)).packed


@settings(deadline=None)
@given(addresses, st.binary(min_size=12, max_size=12))
def test_addresses(address: tuple[str, int], transaction_id: bytes) -> None:
    ip, port = address
    found = values.read_xor_address(values.xor_address(address, transaction_id), transaction_id)
    assert (packed(found[0]), found[1]) == (packed(ip), port)


@settings(deadline=None)
@given(st.sampled_from(Code), st.text(max_size=40))
def test_error_codes(code: Code, reason: str) -> None:
    assert values.read_error_code(values.error_code(code, reason)) == (code, reason)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 0xFFFF), st.integers(0, 255))
def test_numbers(large: int, channel: int, small: int) -> None:
    assert values.read_number(values.number(large)) == large
    assert values.read_channel_number(values.channel_number(channel)) == channel
    assert values.read_first_byte(values.first_byte(small)) == small


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (values.read_number, b"abc"),
        (values.read_channel_number, b"abcde"),
        (values.read_first_byte, b""),
        (values.read_error_code, b"abc"),
        (lambda value: values.read_xor_address(value, bytes(12)), b""),
        (lambda value: values.read_xor_address(value, bytes(12)), b"\0\2aa1234"),
        (lambda value: values.read_xor_address(value, bytes(12)), b"\0\1aa" + bytes(16)),
        (lambda value: values.read_text(value, 8), b"\xff"),
        (lambda value: values.read_text(value, 8), b"123456789"),
    ],
)
def test_another_form_is_refused(read: Callable[[bytes], object], value: bytes) -> None:
    with pytest.raises(BadValue):
        read(value)
