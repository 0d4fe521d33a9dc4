"""What a datagram is, and whom it names; whatever comes, reading it raises nothing."""

from __future__ import annotations

import os
import random

import pytest
from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from voip.media import demux
from voip.media.demux import Kind


def message(kind: stun.Class, **attributes: object) -> bytes:
    one = stun.Message(stun.Method.BINDING, kind, transaction_id=b"twelve bytes")
    for name, value in attributes.items():
        one.attributes[name] = value
    return bytes(one)


def request(username: str) -> bytes:
    return message(stun.Class.REQUEST, PRIORITY=1, USERNAME=username)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", Kind.OTHER),
        (b"\x16\xfe\xff", Kind.MEDIA),
        (b"\x3f", Kind.MEDIA),
        (b"\x80", Kind.MEDIA),
        (b"\xbf", Kind.MEDIA),
        (b"\x40", Kind.OTHER),  # a TURN channel (RFC 7983 §7)
        (b"\xc0", Kind.OTHER),
        (b"\x00\x01", Kind.OTHER),
        (message(stun.Class.INDICATION), Kind.OTHER),
        (message(stun.Class.REQUEST), Kind.OTHER),  # it names nobody
        (request("ours:theirs")[:-3], Kind.OTHER),
        (request("ours:theirs") + b"\0", Kind.OTHER),
        (request(":theirs"), Kind.OTHER),
        (request("x" * 600 + ":theirs"), Kind.OTHER),
    ],
)
def test_kinds(data: bytes, kind: Kind) -> None:
    assert demux.read(data).kind is kind


def test_a_check_names_us_first() -> None:
    assert demux.read(request("ours:theirs")) == (Kind.REQUEST, b"ours")
    assert demux.read(request("ours")) == (Kind.REQUEST, b"ours")


@pytest.mark.parametrize("kind", [stun.Class.RESPONSE, stun.Class.ERROR])
def test_an_answer_carries_the_number_of_the_question(kind: stun.Class) -> None:
    asked = request("theirs:ours")
    assert demux.is_request(asked)
    answer = stun.Message(stun.Method.BINDING, kind, transaction_id=demux.transaction_of(asked))
    assert demux.read(bytes(answer)) == (Kind.RESPONSE, demux.transaction_of(asked))
    assert not demux.is_request(bytes(answer))


@given(st.binary(max_size=80))
def test_any_bytes(data: bytes) -> None:
    demux.read(data)


def test_damaged_checks() -> None:
    dice = random.Random(1)  # noqa: S311 - reproducible, not secret
    for _ in range(3000):
        data = bytearray(request("ours:theirs"))
        for _ in range(dice.randint(1, 4)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        demux.read(bytes(data))
    demux.read(request("a" * 100) + os.urandom(1400))
