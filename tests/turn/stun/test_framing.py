"""Messages in a stream, however the stream is cut into pieces."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turn.stun.framing import BadFraming, Framing, padded
from turn.stun.message import build
from turn.stun.names import Attribute, Kind, Method

stun = st.builds(
    lambda data: build(Method.SEND, Kind.INDICATION, bytes(12), [(Attribute.DATA, data)]),
    st.binary(max_size=100),
)
channel_data = st.builds(
    lambda number, data: number.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data,
    st.integers(0x4000, 0x7FFF),
    st.binary(max_size=100),
)


@settings(deadline=None)
@given(st.lists(st.one_of(stun, channel_data), max_size=10), st.data())
def test_messages_come_out_as_they_went_in(messages: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(map(padded, messages))
    framing, found, at = Framing(), [], 0
    while at < len(stream):
        size = data.draw(st.integers(1, 150))
        found += framing.feed(stream[at : at + size])
        at += size
    assert found == messages
    assert framing.waiting == 0


@pytest.mark.parametrize(
    "wrong", [b"\x80\0\0\0", b"\xff\xff\xff\xff", b"\0\1\0\3", b"\x16\x03\x01\x02"]
)
def test_what_is_neither_is_refused(wrong: bytes) -> None:
    with pytest.raises(BadFraming):
        Framing().feed(wrong)


@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(1, 50))
def test_any_bytes(data: bytes, size: int) -> None:
    framing = Framing()
    try:
        for at in range(0, len(data), size):
            for message in framing.feed(data[at : at + size]):
                assert message in data
    except BadFraming:
        return
    assert framing.waiting <= len(data)


def test_a_message_that_never_ends_waits_within_bounds() -> None:
    framing = Framing()
    assert framing.feed(b"\x40\x00\xff\xff" + bytes(60_000)) == []
    assert framing.waiting == 60_004
    assert framing.feed(bytes(5_600))[0][:4] == b"\x40\x00\xff\xff"
    assert framing.waiting < 100
