"""One RTP packet, read in one pass: the header, the loudness, the payload (RFC 3550 §5.1).

aiortc's own reader makes a dozen objects a packet, for fields that recordings do not need.
"""

from __future__ import annotations

import struct
from typing import Final

from voip.signalling.record import Record

_HEADER: Final = struct.Struct("!BBHII")
_EXTENSION: Final = struct.Struct("!HH")
_ONE_BYTE: Final = 0xBEDE
"""Profile of one-byte extension headers (RFC 8285 §4.2)."""
_TWO_BYTE: Final = 0x100
"""Profile of two-byte ones without its last four bits, the application's (RFC 8285 §4.3)."""


class RtpPacket(Record):
    """As it came, decrypted. The names are aiortc's, whose statistics take it as it is."""

    payload_type: int
    marker: bool
    sequence_number: int
    """16 bits."""
    timestamp: int
    """32 bits, in ticks of the payload type's clock."""
    ssrc: int
    level: int | None
    """Loudness as −dBov, 0 (loudest) to 127 (silence), where the sender says it (RFC 6464)."""
    payload: bytes


def parse(data: bytes, level_id: int) -> RtpPacket | None:
    """None for what is no RTP packet. `level_id` is the number of the audio level's header
    extension, 0 for none."""
    if len(data) < _HEADER.size:
        return None
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    start = _HEADER.size + 4 * (first & 0x0F)  # contributing sources, which nobody needs
    end = len(data)
    level = None
    if first >> 6 != 2:
        return None
    if first & 0x10:
        if end < start + _EXTENSION.size:
            return None
        profile, words = _EXTENSION.unpack_from(data, start)
        begin = start + _EXTENSION.size
        start = begin + 4 * words
        if level_id and start <= end:
            level = _level(data, profile, begin, start, level_id)
    if first & 0x20 and end:
        padding = data[-1]
        if not padding:
            return None
        end -= padding
    if start > end:
        return None
    return RtpPacket(
        second & 0x7F, second > 0x7F, sequence, timestamp, ssrc, level, data[start:end]
    )


def _level(data: bytes, profile: int, at: int, end: int, level_id: int) -> int | None:
    """The loudness among the header extensions; a broken one is as good as none."""
    if profile == _ONE_BYTE:
        while at < end:
            number, length = data[at] >> 4, (data[at] & 0x0F) + 1
            if number == level_id:
                return data[at + 1] & 0x7F if at + 1 < end else None
            at += 1 if data[at] == 0 else 1 + length  # a zero is padding
    elif profile >> 4 == _TWO_BYTE:
        while at + 1 < end:
            if data[at] == 0:
                at += 1
                continue
            if data[at] == level_id:
                return data[at + 2] & 0x7F if data[at + 1] and at + 2 < end else None
            at += 2 + data[at + 1]
    return None
