"""Where one message ends in a stream of them (RFC 8656 section 12.5, RFC 8489 section 6.2.2).

Over TCP and TLS both kinds of message follow each other without anything between; ChannelData is
padded to a multiple of four bytes, which its length does not count.
"""

from __future__ import annotations

from typing import Final

from turn.stun.message import HEADER_BYTES

CHANNEL_HEADER_BYTES: Final = 4
FIRST_CHANNEL: Final = 0x4000
LAST_CHANNEL: Final = 0x7FFE
"""RFC 8656 section 12 ends at 0x4FFF, but its forerunner RFC 5766 ended here, and clients of that
(coturn's among them) still take any of these."""


class BadFraming(ValueError):
    """Neither a STUN message nor ChannelData begins here: where the next begins is unknown, so
    that the connection has to be closed."""


class Framing:
    """Takes the stream in pieces of any size; keeps at most one message that is not complete."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are complete now, ChannelData without its padding.

        :raises BadFraming: close the connection; what came before it in `data` is lost.
        """
        data = self._rest + data if self._rest else data
        found: list[bytes] = []
        at, end = 0, len(data)
        while end - at >= CHANNEL_HEADER_BYTES:
            first = data[at]
            length = data[at + 2] << 8 | data[at + 3]
            if first >> 6 == 1:  # section 12.4: 01 is ChannelData, 00 is STUN
                length += CHANNEL_HEADER_BYTES
            elif first < 0x40 and length % 4 == 0:
                length += HEADER_BYTES
            else:
                raise BadFraming("neither STUN nor ChannelData")
            padded = length + 3 & ~3
            if end - at < padded:
                break
            found.append(data[at : at + length])
            at += padded
        self._rest = data[at:]
        return found

    @property
    def waiting(self) -> int:
        """Bytes of the message that is not complete."""
        return len(self._rest)


def padded(data: bytes) -> bytes:
    """A message as it goes into a stream."""
    return data + bytes(-len(data) % 4)
