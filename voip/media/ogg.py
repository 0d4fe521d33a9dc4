"""Opus packets as they arrive, into an Ogg file that survives `kill -9` (RFC 7845).

The pages are written by the forty lines below rather than by FFmpeg's muxer, for three reasons.
Correctness: the missing pieces of a live stream are filled as RFC 7845 §4.1 wants, so that the
file has its true length in every decoder; through FFmpeg they would be jumps of the granule
position, which players treat differently. Crash safety: a page goes to the file in one write,
whole, when we say so, and nothing else is buffered. Cost: one page of packets takes about 10 µs
where muxing its packets one by one takes 3 µs each.

What a kill can cost: what was handed over since the last flush, and the one packet that is kept
for the page that closes the file.
"""

from __future__ import annotations

import os
import secrets
import struct
from pathlib import Path

from voip.media import file_lock, ogg_pages, opus
from voip.media.packets import AudioPacket

PRE_SKIP = 312
"""Samples that decoders drop: libopus's own delay of 6.5 ms (RFC 7845 §5.1)."""

_COMFORT = 48 * 420
"""Samples. Senders with DTX speak up every 400 ms: up to there the decoder's comfort noise is
what they mean, and longer it is not heard as a pause but as a hiss."""
_FADE = 48 * 60
"""Samples at the start of a longer gap that the decoder may fade out over."""
_AHEAD = 48 * 200
"""Samples that the sound may be ahead of its time before speech is left out too."""
_QUIET = 50
"""−dBov: fainter packets are left out first."""


class OggOpusWriter:
    """Writes one Opus stream. Not for the event loop: every method may touch the disk.

    Raises OSError as the file system gives it; the file then ends with its last whole page.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = file_lock.create(path)
        self._serial = secrets.randbits(32)
        self._number = 0
        self._packets: list[bytes] = []
        """Not written yet; while the file is open the last one stays here, to close it with."""
        self._lengths: list[int] = []
        """Of those, in samples."""
        self._granule = 0
        """Samples in all pages written, and in `_packets` too (RFC 7845 §4)."""
        self._written = 0
        """Samples in all pages written."""
        self.size = 0
        """Bytes in the file."""

    @property
    def seconds(self) -> float:
        """The length of what was taken so far, as a player gives it."""
        return max(self._granule - PRE_SKIP, 0) / opus.SAMPLE_RATE

    @property
    def samples(self) -> int:
        """What was taken so far, with those that a player drops at the beginning."""
        return self._granule

    def write(self, packet: AudioPacket, length: int, position: int) -> None:
        """Take one packet of `length` samples that belongs at `position`; nothing is written
        before `flush`.

        What is missing before it is filled. Where more has come than there was time for (a clock
        that runs fast, a sender that repeats itself) packets are left out, quiet ones first.
        """
        gap = position - self._granule
        if gap >= opus.GRAIN and self._packets:
            self._fill(gap - gap % opus.GRAIN, self._packets[-1])
        elif gap <= -length and (gap <= -_AHEAD or _is_quiet(packet)):
            return
        self._packets.append(packet.payload)
        self._lengths.append(length)
        self._granule += length

    def extend(self, position: int) -> None:
        """Silence up to `position`, where that is later than what there is."""
        gap = position - self._granule
        if gap >= opus.GRAIN and self._packets:
            self._fill(gap - gap % opus.GRAIN, self._packets[-1])

    def flush(self) -> None:
        """Write what there is, but for the last packet."""
        if len(self._packets) > 1:
            self._write(keep=1)

    def close(self) -> None:
        """Write everything, mark the last page as the end of the stream, close the file."""
        try:
            if self._number == 0 and not self._packets:
                # Nothing was heard. FFmpeg refuses a file of headers alone, so 20 ms of silence.
                self._packets, self._lengths = [opus.SILENCE], [opus.FRAME]
                self._granule = opus.FRAME
            self._write(keep=0, flags=ogg_pages.LAST)
        finally:
            self._file.close()

    def abandon(self) -> None:
        """Close the file as it is, after a failure; `seconds` is then what is in it."""
        self._granule = self._written
        self._packets.clear()
        self._lengths.clear()
        self._file.close()

    def _fill(self, gap: int, last: bytes) -> None:
        faded = gap if gap <= _COMFORT else _FADE
        filling = opus.concealment(faded, last) + opus.silence(gap - faded)
        self._packets += filling
        self._lengths += map(opus.samples, filling)
        self._granule += gap

    def _write(self, keep: int, flags: int = 0) -> None:
        """Write all packets but the last `keep`, as few pages as hold them."""
        self._headers(self._packets[0])
        begin, end = 0, len(self._packets) - keep
        while begin < end:
            page = _page_full(self._packets, begin, end)
            granule = self._written + sum(self._lengths[begin : begin + len(page)])
            begin += len(page)
            self._page(flags if begin == end else 0, granule, page)
            self._written = granule
        del self._packets[:end], self._lengths[:end]

    def _headers(self, first: bytes) -> None:
        """RFC 7845 §3: one page for each of the two header packets, before any audio."""
        if self._number == 0:
            self._page(ogg_pages.FIRST, 0, [opus_head(opus.channels(first))])
            self._page(0, 0, [_OPUS_TAGS])

    def _page(self, flags: int, granule: int, packets: list[bytes]) -> None:
        data = ogg_pages.build(flags, granule, self._serial, self._number, packets)
        written = 0
        try:
            while written < len(data):  # a disk that fills up takes a part first, then fails
                written += self._file.write(data[written:])
        except OSError:
            os.ftruncate(self._file.fileno(), self.size)
            raise
        self._number += 1
        self.size += len(data)


def opus_head(channels: int, pre_skip: int = PRE_SKIP) -> bytes:
    """The identification header (RFC 7845 §5.1). A decoder mixes to `channels` by itself."""
    return struct.pack("<8sBBHIHB", b"OpusHead", 1, channels, pre_skip, opus.SAMPLE_RATE, 0, 0)


_VENDOR = b"matrix-voip"
_OPUS_TAGS = struct.pack(f"<8sI{len(_VENDOR)}sI", b"OpusTags", len(_VENDOR), _VENDOR, 0)


def _page_full(packets: list[bytes], begin: int, end: int) -> list[bytes]:
    """The packets from `begin` on, as many as fit into one page."""
    room = ogg_pages.MAX_SEGMENTS
    for at in range(begin, end):
        room -= ogg_pages.segments(packets[at])
        if room < 0:
            return packets[begin:at]
    return packets[begin:end]


def _is_quiet(packet: AudioPacket) -> bool:
    return opus.is_pause(packet.payload) or (packet.level is not None and packet.level >= _QUIET)
