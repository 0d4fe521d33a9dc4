from __future__ import annotations

import av
import pytest

from tests.media.audio import sweep_packets
from voip.media import opus


@pytest.mark.parametrize(
    ("packet", "samples"),
    [
        # RFC 6716 §3.1, table 2, and the four ways to pack frames (§3.2).
        (b"\x78x", 960),
        (b"\xf8", 960),
        (b"\x00x", 480),
        (b"\x18x", 2880),
        (b"\x80x", 120),
        (b"\x79xx", 1920),
        (b"\x7a\x01xx", 1920),
        (b"\xfb\x06", 5760),
        (b"\xfb\x07", 0),  # 140 ms
        (b"\xfb\x00", 0),  # no frame
        (b"\xfb", 0),
        (b"", 0),
    ],
)
def test_the_length_of_a_packet(packet: bytes, samples: int) -> None:
    assert opus.samples(packet) == samples


def test_every_two_bytes_have_a_length_or_none() -> None:
    for toc in range(256):
        for count in range(256):
            assert 0 <= opus.samples(bytes([toc, count])) <= 5760


@pytest.mark.parametrize("gap", [120, 480, 960, 1080, 2880, 19_200, 48_000 * 60])
@pytest.mark.parametrize("toc", range(0, 256, 4))
def test_fillings_have_the_length_of_the_gap(gap: int, toc: int) -> None:
    after = bytes([toc]) + b"x" * 30
    assert sum(map(opus.samples, opus.concealment(gap, after))) == gap
    assert sum(map(opus.samples, opus.silence(gap))) == gap


@pytest.mark.parametrize("gap", [120, 1080, 19_200, 48_000])
def test_a_decoder_gives_as_much_as_was_missing(gap: int) -> None:
    decoder = av.AudioCodecContext.create("libopus", "r")
    decoder.format, decoder.layout, decoder.sample_rate = "s16", "mono", 48_000
    before, after = sweep_packets()[:10], sweep_packets()[10:20]
    for filling in (opus.concealment(gap, before[-1]), opus.silence(gap)):
        packets = [*before, *filling, *after]
        decoded = [frame for packet in packets for frame in decoder.decode(av.Packet(packet))]
        assert sum(frame.samples for frame in decoded) == 20 * 960 + gap
