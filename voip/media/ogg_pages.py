"""Ogg pages (RFC 3533 §6): make one, and find the whole ones in a file."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

CONTINUED = 0x01
FIRST = 0x02
LAST = 0x04
MAX_SEGMENTS = 255

_HEADER = struct.Struct("<4sBBqIIIB")
_CRC_AT = 22
_REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))
_ONES = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Page:
    """One page that was read and whose checksum is right."""

    flags: int
    granule: int
    """Position after the last packet that ends here; −1 where none does."""
    serial: int
    number: int
    lacing: bytes
    body: bytes
    start: int
    """Where it begins in the file."""

    @property
    def end(self) -> int:
        return self.start + _HEADER.size + len(self.lacing) + len(self.body)

    def packets(self) -> list[bytes]:
        """The packets that end in this page; one begun in an earlier page lacks its head."""
        packets, begin, position = [], 0, 0
        for segment in self.lacing:
            position += segment
            if segment < MAX_SEGMENTS:
                packets.append(self.body[begin:position])
                begin = position
        return packets


def segments(packet: bytes) -> int:
    """How many lacing values the packet takes in a page."""
    return len(packet) // 255 + 1


def build(flags: int, granule: int, serial: int, number: int, packets: Sequence[bytes]) -> bytes:
    """One page of whole packets, which must fit: at most `MAX_SEGMENTS` segments together."""
    lacing = b"".join(b"\xff" * (len(p) // 255) + bytes([len(p) % 255]) for p in packets)
    return assemble(flags, granule, serial, number, lacing=lacing, body=b"".join(packets))


def assemble(
    flags: int, granule: int, serial: int, number: int, *, lacing: bytes, body: bytes
) -> bytes:
    """One page out of its parts, with its checksum."""
    page = bytearray(_HEADER.pack(b"OggS", 0, flags, granule, serial, number, 0, len(lacing)))
    page += lacing
    page += body
    struct.pack_into("<I", page, _CRC_AT, _checksum(page))
    return bytes(page)


def read(data: bytes) -> Iterator[Page]:
    """The whole pages in `data`, in order; what is damaged or cut off is passed over."""
    start = data.find(b"OggS")
    while start >= 0:
        page = _page_at(data, start)
        if page:
            yield page
        start = data.find(b"OggS", page.end if page else start + 1)


def _page_at(data: bytes, start: int) -> Page | None:
    body = start + _HEADER.size
    if len(data) < body:
        return None
    _, version, flags, granule, serial, number, crc, count = _HEADER.unpack_from(data, start)
    lacing = data[body : body + count]
    end = body + count + sum(lacing)
    if version != 0 or len(lacing) < count or len(data) < end:
        return None
    whole = bytearray(data[start:end])
    whole[_CRC_AT : _CRC_AT + 4] = bytes(4)
    if _checksum(whole) != crc:
        return None
    return Page(flags, granule, serial, number, lacing, data[body + count : end], start)


def _checksum(page: bytes | bytearray) -> int:
    """RFC 3533 §6: polynomial 0x04c11db7, initial value 0, most significant bit first.

    zlib has the same polynomial with the bits mirrored and the register inverted at both ends.
    Mirroring what goes in and what comes out gives Ogg's sum at zlib's speed: a loop in Python
    over every byte would cost more than everything else in the recorder.
    """
    mirrored = zlib.crc32(page.translate(_REVERSED), _ONES) ^ _ONES
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_REVERSED), "big")
