"""The codec against RFC 5769's vectors, aioice's codec, and any bytes at all."""

from __future__ import annotations

import contextlib

import aioice.stun
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turn.stun.message import MAX_ATTRIBUTES, BadMessage, build, long_term_key, parse
from turn.stun.names import Attribute, Kind, Method
from turn.stun.values import read_xor_address

SHORT_TERM_KEY = b"VOkJxbRl1RmTxUk/WvJxBt"
REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae"
    "802200105354554e207465737420636c69656e74"
    "002400046e0001ff80290008932ff9b151263b36"
    "00060009" + b"evtj:h6vY".hex() + "202020"
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
    "80280004e57a3bcf"
)
"""RFC 5769 section 2.1; its padding is of spaces."""
RESPONSE_IPV4 = bytes.fromhex(
    "0101003c2112a442b7e7a701bc34d686fa87dfae"
    "8022000b" + b"test vector ".hex() + "002000080001a147e112a643"
    "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7"
    "80280004c07d4c96"
)
RESPONSE_IPV6 = bytes.fromhex(
    "010100482112a442b7e7a701bc34d686fa87dfae"
    "8022000b" + b"test vector ".hex() + "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
    "00080014a382954e4be67bf11784c97c8292c275bfe3ed41"
    "80280004c8fb0b4c"
)
LONG_TERM = bytes.fromhex(
    "000100602112a44278ad3433c6ad72c029da412e"
    "00060012e3839ee38388e383aae38383e382af"
    "e382b90000"
    "0015001c662f2f3439396b39353464364f4c3334"
    "6f4c394653547679"
    "3634734100140 00b6578616d706c652e6f726700".replace(" ", "")
    + "00080014f67024656dd64a3e02b8e0712e85c9a28ca89666"
)
"""RFC 5769 section 2.4."""

attributes = st.lists(
    st.tuples(
        st.integers(0, 0xFFFF).filter(
            lambda a: a not in {Attribute.FINGERPRINT, Attribute.MESSAGE_INTEGRITY}
        ),
        st.binary(max_size=40),
    ),
    max_size=12,
)
transactions = st.binary(min_size=12, max_size=12)


def test_the_sample_request() -> None:
    message = parse(REQUEST)
    assert (message.method, message.kind) == (Method.BINDING, Kind.REQUEST)
    assert message.get(Attribute.USERNAME) == b"evtj:h6vY"
    assert message.get(Attribute.SOFTWARE) == b"STUN test client"
    assert message.signed_with(SHORT_TERM_KEY)
    assert not message.signed_with(b"another key")


@pytest.mark.parametrize(
    ("data", "address"),
    [
        (RESPONSE_IPV4, ("192.0.2.1", 32853)),
        (RESPONSE_IPV6, ("2001:db8:1234:5678:11:2233:4455:6677", 32853)),
    ],
)
def test_the_sample_responses(data: bytes, address: tuple[str, int]) -> None:
    message = parse(data)
    assert (message.method, message.kind) == (Method.BINDING, Kind.SUCCESS)
    assert message.signed_with(SHORT_TERM_KEY)
    mapped = message.get(Attribute.XOR_MAPPED_ADDRESS)
    assert mapped is not None
    assert read_xor_address(mapped, message.transaction_id) == address


def test_the_sample_request_with_long_term_authentication() -> None:
    message = parse(LONG_TERM)
    name = "\u30de\u30c8\u30ea\u30c3\u30af\u30b9"
    assert message.get(Attribute.USERNAME) == name.encode()
    assert message.signed_with(long_term_key(name, "example.org", "TheMatrIX"))


@settings(deadline=None)
@given(st.integers(0, 0xFFF), st.sampled_from(Kind), transactions, attributes)
@pytest.mark.parametrize("key", [b"key", None])
def test_what_is_built_is_read_again(
    key: bytes | None,
    method: int,
    kind: Kind,
    transaction_id: bytes,
    pairs: list[tuple[int, bytes]],
) -> None:
    fingerprint = bool(transaction_id[0] & 1)
    data = build(method, kind, transaction_id, pairs, key=key, fingerprint=fingerprint)
    message = parse(data)
    assert (message.method, message.kind) == (method, kind)
    assert message.transaction_id == transaction_id
    assert list(message.attributes[: len(pairs)]) == pairs
    assert message.signed_with(b"key") is (key is not None)
    assert message.has(Attribute.FINGERPRINT) is fingerprint


@settings(deadline=None)
@given(transactions, st.binary(max_size=64))
def test_aioice_reads_what_is_built(transaction_id: bytes, data: bytes) -> None:
    ours = build(
        Method.DATA,
        Kind.INDICATION,
        transaction_id,
        [(Attribute.DATA, data)],
        key=b"key",
        fingerprint=True,
    )
    theirs = aioice.stun.parse_message(ours)
    assert theirs.check_message_integrity(b"key")
    assert theirs.attributes["DATA"] == data
    theirs = aioice.stun.Message(aioice.stun.Method.DATA, aioice.stun.Class.INDICATION)
    theirs.attributes["DATA"] = data
    theirs.add_message_integrity(b"key")
    message = parse(bytes(theirs))
    assert message.get(Attribute.DATA) == data
    assert message.signed_with(b"key")


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(BadMessage):
        parse(data)


@settings(deadline=None)
@given(st.data())
def test_one_changed_bit_is_noticed_by_the_fingerprint(data: st.DataObject) -> None:
    bit = data.draw(st.integers(0, len(REQUEST) * 8 - 1))
    changed = bytearray(REQUEST)
    changed[bit // 8] ^= 1 << bit % 8
    try:
        message = parse(bytes(changed))
    except BadMessage:
        return
    # The change made another attribute of it: then it has no fingerprint any more.
    assert not message.has(Attribute.FINGERPRINT)


@pytest.mark.parametrize("cut", range(len(REQUEST)))
def test_truncated_messages_are_refused(cut: int) -> None:
    with pytest.raises(BadMessage):
        parse(REQUEST[:cut])


def test_what_follows_message_integrity_is_ignored() -> None:
    """RFC 8489 section 14.5: it is not signed, so that anybody may have added it."""
    data = build(Method.REFRESH, Kind.REQUEST, bytes(12), [(Attribute.LIFETIME, b"aaaa")], key=b"k")
    added = build(0, Kind.REQUEST, bytes(12), [(Attribute.EVEN_PORT, b"\x80")])[20:]
    longer = data[:2] + (len(data) - 20 + len(added)).to_bytes(2, "big") + data[4:] + added
    message = parse(longer)
    assert message.signed_with(b"k")
    assert not message.has(Attribute.EVEN_PORT)


def test_of_duplicates_the_first_counts() -> None:
    pairs = [(Attribute.LIFETIME, b"aaaa"), (Attribute.LIFETIME, b"bbbb")]
    message = parse(build(Method.REFRESH, Kind.REQUEST, bytes(12), pairs))
    assert message.get(Attribute.LIFETIME) == b"aaaa"
    assert message.all(Attribute.LIFETIME) == [b"aaaa", b"bbbb"]


def test_unknown_attributes_are_named_once() -> None:
    pairs = [(0x7F00, b""), (Attribute.LIFETIME, b""), (0x7F00, b""), (0x8F00, b"")]
    message = parse(build(Method.REFRESH, Kind.REQUEST, bytes(12), pairs))
    assert message.unknown(frozenset({Attribute.LIFETIME})) == [0x7F00]


def test_the_number_of_attributes_is_bounded() -> None:
    pairs = [(Attribute.DATA, b"")] * (MAX_ATTRIBUTES + 1)
    with pytest.raises(BadMessage):
        parse(build(Method.SEND, Kind.INDICATION, bytes(12), pairs))


def test_too_much_for_a_message() -> None:
    with pytest.raises(ValueError, match="65,535"):
        build(Method.SEND, Kind.INDICATION, bytes(12), [(Attribute.DATA, bytes(65_535))])


def test_a_repr_shows_no_attributes() -> None:
    assert repr(parse(REQUEST)) == "Message(method=0x1, kind=REQUEST)"
