"""What can be read from, and made of, an Opus packet without a codec (RFC 6716 §3).

Passthrough needs two things of a packet: how long it is, and a stand-in where one is missing.
"""

from __future__ import annotations

SAMPLE_RATE = 48_000
"""Opus counts in 48 kHz whatever was encoded (RFC 7587 §4.1, RFC 7845 §4)."""
FRAME = 960
"""Samples of 20 ms, the packet that practically everybody sends."""
GRAIN = 120
"""Samples of 2.5 ms, the shortest frame: only gaps of a multiple of it can be filled."""
SILENCE = b"\xf8\xff\xfe"
"""20 ms of digital silence: CELT fullband with its silence flag, decodable by everyone."""
DTX = b"\xf8"
"""A packet that is only a TOC byte: nothing to say (RFC 6716 §3.2.1, discontinuous sending)."""

MAX_PACKET = 48 * 120
"""Samples: "the total duration must not exceed 120 ms" (RFC 6716 §3.2.5)."""

_SILK = (480, 960, 1920, 2880)
_HYBRID = (480, 960)
_CELT = (120, 240, 480, 960)
# RFC 6716 §3.1, table 2: the frame size of each of the 32 configurations.
_FRAME_SIZES = _SILK * 3 + _HYBRID * 2 + _CELT * 4
_STEREO = 0x04


def samples(packet: bytes) -> int:
    """Samples that the packet decodes to, at 48 kHz; 0 where it is not an Opus packet."""
    if not packet:
        return 0  # RFC 6716 §3.4, R1
    toc = packet[0]
    code = toc & 3
    if code == 0:
        count = 1
    elif code < 3:
        count = 2
    elif len(packet) > 1:
        count = packet[1] & 0x3F
    else:
        return 0  # R6: code 3 needs the frame count byte
    total = count * _FRAME_SIZES[toc >> 3]
    return total if total <= MAX_PACKET else 0  # R5


def frame(packet: bytes) -> int:
    """Samples of each frame in the packet, which is not empty."""
    return _FRAME_SIZES[packet[0] >> 3]


def is_pause(packet: bytes) -> bool:
    """Whether the sender's encoder goes silent with this packet: what it makes then needs not be
    sent (opus_encode: "If the return value is 2 bytes or less")."""
    return len(packet) <= 2


def channels(packet: bytes) -> int:
    """1 or 2, as the TOC byte says (RFC 6716 §3.1)."""
    return 2 if packet[0] & _STEREO else 1


def has_fec(packet: bytes) -> bool:
    """Whether the packet carries a copy of what came right before it (RFC 6716 §2.1.7).

    Of the first frame alone: that is the one next to a lost packet.
    """
    if len(packet) < 2:
        return False
    toc = packet[0]
    if toc & 0x80 or toc & 3 > 1:
        # CELT has no copy. Frames whose length stands first: nobody who sends FEC packs them so.
        return False
    # RFC 6716 §4.2.3 and §4.2.4: a bit for each 20 ms says that somebody speaks, the next one that
    # there is a copy, for each channel. They are equally likely, so they stand there as they are.
    frames = max(1, _FRAME_SIZES[toc >> 3] // FRAME)
    coded = [(frames + 1) * channel - 1 for channel in range(1, channels(packet) + 1)]
    return any(packet[1] & (0x80 >> bit) for bit in coded)


def concealment(gap: int, after: bytes) -> list[bytes]:
    """Packets that ask the decoder to bridge `gap` samples that follow the packet `after`.

    RFC 7845 §4.1: a multiplexer should put packets of empty frames, of the configuration that
    was last used, where packets of a live stream are missing. Gives whole 2.5 ms only.
    """
    config = after[0] & 0xFC
    packets = []
    # 20, 10, 5 and 2.5 ms exist in CELT alone; 10 ms in SILK and hybrid.
    for size in (_FRAME_SIZES[config >> 3], GRAIN):
        if size == GRAIN:
            config = (config & _STEREO) | (28 << 3)  # CELT fullband, 2.5 ms
        while count := min(gap // size, MAX_PACKET // size):
            packets.append(_empty_frames(config, count))
            gap -= count * size
    return packets


def silence(gap: int) -> list[bytes]:
    """Packets of digital silence for `gap` samples, 120 ms each where they fit.

    The first says what silence is. Empty frames follow, of 2 bytes a packet: a decoder goes on with
    what it played last, so without the first it would play comfort noise for all of the gap.
    """
    packets = []
    if count := min(gap // FRAME, MAX_PACKET // FRAME):
        # RFC 6716 §3.2.5: code 3, constant bit rate, `count` frames of equal size.
        packets.append(bytes([SILENCE[0] | 3, count]) + SILENCE[1:] * count)
        gap -= count * FRAME
    return packets + concealment(gap, SILENCE)


def _empty_frames(config: int, count: int) -> bytes:
    if count == 1:
        return bytes([config])
    return bytes([config | 3, count])
