"""Which encoded frames can be decoded without those before them."""

from __future__ import annotations


def is_keyframe(codec: str, data: bytes) -> bool:
    """VP8: RFC 6386 §9.1, the first bit of the frame tag. H.264: a NAL unit of type 5."""
    if codec.upper() == "VP8":
        return bool(data) and not data[0] & 1
    start = data.find(b"\x00\x00\x01")
    while 0 <= start < len(data) - 3:
        if data[start + 3] & 0x1F == 5:
            return True
        start = data.find(b"\x00\x00\x01", start + 3)
    return False
