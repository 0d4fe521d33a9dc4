"""RTP packets are read as aiortc reads them, and whatever else comes is None."""

from __future__ import annotations

import random

import pytest
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import HeaderExtensionsMap
from aiortc.rtp import RtpPacket as AiortcPacket
from hypothesis import given, settings
from hypothesis import strategies as st

from voip.media.rtp import RtpPacket, parse

LEVEL_ID = 1
MAP = HeaderExtensionsMap()
MAP.configure(
    RTCRtpParameters(
        headerExtensions=[
            RTCRtpHeaderExtensionParameters(
                LEVEL_ID, "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
            ),
            RTCRtpHeaderExtensionParameters(4, "urn:ietf:params:rtp-hdrext:sdes:mid"),
        ]
    )
)


def packet(level: int | None = 30, mid: str | None = "0", padding: int = 0) -> AiortcPacket:
    one = AiortcPacket(111, 1, 65535, 2**32 - 1, 4711, b"opus")
    one.extensions.audio_level = None if level is None else (True, level)
    one.extensions.mid = mid
    one.padding_size = padding
    return one


@pytest.mark.parametrize("level", [None, 0, 30, 127])
@pytest.mark.parametrize("mid", [None, "0", "a-longer-one"])
@pytest.mark.parametrize("padding", [0, 1, 4])
def test_as_aiortc_writes_it(level: int | None, mid: str | None, padding: int) -> None:
    data = packet(level, mid, padding).serialize(MAP)
    assert parse(data, LEVEL_ID) == RtpPacket(111, True, 65535, 2**32 - 1, 4711, level, b"opus")


def test_contributing_sources_and_an_unknown_extension_are_passed_over() -> None:
    one = packet()
    one.csrc = [1, 2, 3]
    read = parse(one.serialize(MAP), LEVEL_ID)
    assert read is not None
    assert (read.payload, read.level) == (b"opus", 30)
    assert parse(one.serialize(MAP), 9) == RtpPacket(
        111, True, 65535, 2**32 - 1, 4711, None, b"opus"
    )
    unknown = parse(one.serialize(MAP), 0)
    assert unknown is not None
    assert unknown.level is None


def test_the_level_in_a_two_byte_extension() -> None:
    header = bytes.fromhex("906f0001000000020000000310000002") + bytes([7, 2, 0, 0, 1, 1, 0x9E, 0])
    read = parse(header + b"opus", LEVEL_ID)
    assert read is not None
    assert (read.level, read.payload) == (30, b"opus")


def test_an_extension_that_is_cut_off_says_no_level() -> None:
    data = bytes.fromhex("906f00010000000200000003bede0001") + bytes([0, 0, 0, LEVEL_ID << 4])
    read = parse(data, LEVEL_ID)
    assert read is not None
    assert (read.level, read.payload) == (None, b"")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80" * 11,
        b"\x40" + bytes(11),  # version 1
        b"\x8f" + bytes(11),  # fifteen sources that are not there
        b"\x90" + bytes(11),  # an extension that is not there
        b"\x90" + bytes(11) + b"\xbe\xde\xff\xff",  # a longer one than the packet
        b"\xa0" + bytes(12),  # no padding, says the padding
        b"\xa0" + bytes(11) + b"\x05",  # more than there is
    ],
)
def test_no_packet(data: bytes) -> None:
    assert parse(data, LEVEL_ID) is None


@settings(max_examples=2000, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 15))
def test_any_bytes_are_a_packet_or_none(data: bytes, level_id: int) -> None:
    read = parse(data, level_id)
    if read is not None:
        assert read.payload in data
        assert read.level is None or 0 <= read.level <= 127
        theirs = AiortcPacket.parse(data, HeaderExtensionsMap())
        assert (theirs.sequence_number, theirs.timestamp, theirs.ssrc, theirs.payload) == (
            read.sequence_number,
            read.timestamp,
            read.ssrc,
            read.payload,
        )


@pytest.mark.parametrize("length", [1400, 1500])
def test_a_packet_of_random_bytes(length: int) -> None:
    dice = random.Random(length)  # noqa: S311 - reproducible, not secret
    for _ in range(300):
        parse(dice.randbytes(length), dice.randrange(16))
