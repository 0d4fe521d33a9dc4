"""Messages as bytes: framing of streams, signing, and whatever a stranger may send."""

from __future__ import annotations

from contextlib import suppress

import pytest
from aioice import stun
from hypothesis import given, settings
from hypothesis import strategies as st

from turn.client.errors import ErrorResponse, Malformed
from turn.client.messages import (
    REQUESTED_ADDRESS_FAMILY,
    Challenge,
    Family,
    Login,
    Protocol,
    Request,
    allocate,
    challenge_of,
    error_of,
    frames,
    parse,
    sign,
)

CHALLENGE = Challenge("example.org", b"a nonce", None)
CHANNEL_DATA = b"\x40\x00\x00\x03abc\x00"


def test_an_attribute_that_the_codec_lacks_is_sent_and_signed() -> None:
    request = allocate(Protocol.UDP, Family.IPV6)
    key = sign(request, Login("user", "password"), CHALLENGE)
    data = bytes(request)
    assert REQUESTED_ADDRESS_FAMILY.to_bytes(2) + b"\x00\x04\x02\x00\x00\x00" in data
    received = parse(data)
    assert received.check_message_integrity(key)
    assert received.attributes["USERNAME"] == "user"
    # The same with another family, and without the fingerprint, which would notice it first.
    body = data[4 : -stun.FINGERPRINT_LENGTH].replace(b"\x00\x04\x02\x00", b"\x00\x04\x01\x00")
    changed = data[:2] + (len(body) - 16).to_bytes(2) + body
    assert not parse(changed).check_message_integrity(key)


def test_a_request_without_more_is_what_the_codec_makes() -> None:
    request = Request(stun.Method.BINDING, {})
    plain = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, request.transaction_id)
    assert bytes(request) == bytes(plain)


@given(st.lists(st.integers(0, 300), max_size=6), st.sets(st.integers(1, 2000), max_size=20))
def test_messages_come_out_of_a_stream_however_it_is_cut(sizes: list[int], cuts: set[int]) -> None:
    messages = []
    for size in sizes:
        attributes = {"REALM": "x" * size}
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, bytes(12), attributes)
        messages += [bytes(request), CHANNEL_DATA]
    stream, buffer, found = b"".join(messages), bytearray(), []
    ends = [*sorted(cuts), len(stream)]
    for begin, end in zip([0, *ends], ends, strict=False):
        buffer += stream[begin:end]
        found += list(frames(buffer))
    assert found == messages
    assert not buffer


@pytest.mark.parametrize("text", [b"HTTP/1.1 400 Bad Request", b"SSH-2.0-x", b"\x80\x2e\x01\x03"])
def test_a_stream_of_something_else_is_noticed_at_once(text: bytes) -> None:
    with pytest.raises(Malformed):
        list(frames(bytearray(text)))


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_bytes_of_anybody_are_a_message_or_malformed(data: bytes) -> None:
    with suppress(Malformed):
        parse(data)
    buffer = bytearray(data)
    with suppress(Malformed):
        assert sum(map(len, frames(buffer))) + len(buffer) == len(data)


@given(st.integers(0, 0xFFFF), st.binary(max_size=40))
def test_attributes_of_any_kind_and_length_are_a_message_or_malformed(
    kind: int, value: bytes
) -> None:
    request = Request(stun.Method.BINDING, {}, ((kind, value),))
    with suppress(Malformed):
        parse(bytes(request))


def test_a_challenge_needs_a_realm_and_a_nonce() -> None:
    complete = {"REALM": "example.org", "NONCE": b"nonce"}
    for missing in complete:
        attributes = {name: value for name, value in complete.items() if name != missing}
        message = stun.Message(stun.Method.ALLOCATE, stun.Class.ERROR, None, attributes)
        with pytest.raises(Malformed):
            challenge_of(message)


def test_the_text_of_an_error_is_made_fit_for_a_terminal() -> None:
    attributes = {"ERROR-CODE": (401, "Un\x1b[31mauthorized\n" + "x" * 500)}
    error = error_of(stun.Message(stun.Method.ALLOCATE, stun.Class.ERROR, None, attributes))
    assert isinstance(error, ErrorResponse)
    assert error.code == 401
    assert "\x1b" not in str(error)
    assert "\n" not in str(error)
    assert len(str(error)) < 100


def test_a_login_does_not_print_itself() -> None:
    assert "hunter2" not in repr(Login("hunter2", "hunter2"))
