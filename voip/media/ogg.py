"""Opus packets as they arrive, into an Ogg file that survives `kill -9` (RFC 7845).

The pages are written by the forty lines below rather than by FFmpeg's muxer, for three reasons.
Correctness: the missing pieces of a live stream are filled as RFC 7845 §4.1 wants, so that the
file has its true length in every decoder; through FFmpeg they would be jumps of the granule
position, which players treat differently. Crash safety: a page goes to the file in one write,
whole, when we say so, and nothing else is buffered. Cost: one page of packets takes about 10 µs
where muxing its packets one by one takes 3 µs each.

What a kill can cost: what the reorder window holds back, what was handed over since the last
flush, and the one packet that is kept for the page that closes the file.
"""

from __future__ import annotations

import os
import secrets
import struct
from pathlib import Path

from voip.media import ogg_pages, opus
from voip.media.packets import AudioPacket
from voip.media.reorder import Reorder
from voip.media.timeline import Timeline

PRE_SKIP = 312
"""Samples that decoders drop: libopus's own delay of 6.5 ms (RFC 7845 §5.1)."""

_COMFORT = 48 * 420
"""Samples. Senders with DTX speak up every 400 ms: up to there the decoder's comfort noise is
what they mean, and longer it is not heard as a pause but as a hiss."""
_FADE = 48 * 60
"""Samples at the start of a longer gap that the decoder may fade out over."""


class OggOpusWriter:
    """Writes one Opus stream. Not for the event loop: every method may touch the disk.

    Raises OSError as the file system gives it; the file then ends with its last whole page.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("xb", buffering=0)
        self._serial = secrets.randbits(32)
        self._number = 0
        self._reorder = Reorder()
        self._timeline: Timeline | None = None
        self._packets: list[bytes] = []
        """Not written yet; while the file is open the last one stays here, to close it with."""
        self._granule = 0
        """Samples in all pages written, and in `_packets` too (RFC 7845 §4)."""
        self._written = 0
        """Samples in all pages written."""

    @property
    def seconds(self) -> float:
        """The length of what was taken so far, as a player gives it."""
        return max(self._granule - PRE_SKIP, 0) / opus.SAMPLE_RATE

    def add(self, packet: AudioPacket) -> None:
        """Take one packet; nothing is written before `flush`."""
        for ready in self._reorder.add(packet):
            self._append(ready)

    def flush(self, now: float) -> None:
        """Write what there is, but for what may still be waiting for a reordered packet."""
        for ready in self._reorder.expire(now):
            self._append(ready)
        if len(self._packets) > 1:
            self._write(keep=1)

    def close(self) -> None:
        """Write everything, mark the last page as the end of the stream, close the file."""
        try:
            for ready in self._reorder.flush():
                self._append(ready)
            if self._number == 0 and not self._packets:
                # Nothing was heard. FFmpeg refuses a file of headers alone, so 20 ms of silence.
                self._packets, self._granule = [opus.SILENCE], opus.FRAME
            self._write(keep=0, flags=ogg_pages.LAST)
        finally:
            self._file.close()

    def abandon(self) -> None:
        """Close the file as it is, after a failure; `seconds` is then what is in it."""
        self._granule = self._written
        self._packets.clear()
        self._file.close()

    def _append(self, packet: AudioPacket) -> None:
        length = opus.samples(packet.payload)
        if not length:
            return  # not Opus: one such packet would make players give up on the file
        if self._timeline is None:
            self._timeline = Timeline(opus.SAMPLE_RATE, packet.arrival)
        position = self._timeline.place(packet.ssrc, packet.timestamp, packet.arrival)
        gap = position - self._granule
        if gap >= opus.GRAIN and self._packets:
            self._fill(gap - gap % opus.GRAIN, self._packets[-1])
        self._packets.append(packet.payload)
        self._granule += length

    def _fill(self, gap: int, last: bytes) -> None:
        faded = gap if gap <= _COMFORT else _FADE
        self._packets += opus.concealment(faded, last)
        self._packets += opus.silence(gap - faded)
        self._granule += gap

    def _write(self, keep: int, flags: int = 0) -> None:
        """Write all packets but the last `keep`, as few pages as hold them."""
        waiting = self._packets[len(self._packets) - keep :] if keep else []
        ready = self._packets[: len(self._packets) - keep]
        self._headers(self._packets[0])
        while ready:
            page = _page_full(ready)
            ready = ready[len(page) :]
            granule = self._written + sum(map(opus.samples, page))
            self._page(0 if ready else flags, granule, page)
            self._packets, self._written = ready + waiting, granule

    def _headers(self, first: bytes) -> None:
        """RFC 7845 §3: one page for each of the two header packets, before any audio."""
        if self._number == 0:
            self._page(ogg_pages.FIRST, 0, [opus_head(opus.channels(first))])
            self._page(0, 0, [_OPUS_TAGS])

    def _page(self, flags: int, granule: int, packets: list[bytes]) -> None:
        data = ogg_pages.build(flags, granule, self._serial, self._number, packets)
        whole = self._file.tell()
        written = 0
        try:
            while written < len(data):  # a disk that fills up takes a part first, then fails
                written += self._file.write(data[written:])
        except OSError:
            os.ftruncate(self._file.fileno(), whole)
            raise
        self._number += 1


def opus_head(channels: int, pre_skip: int = PRE_SKIP) -> bytes:
    """The identification header (RFC 7845 §5.1). A decoder mixes to `channels` by itself."""
    return struct.pack("<8sBBHIHB", b"OpusHead", 1, channels, pre_skip, opus.SAMPLE_RATE, 0, 0)


_VENDOR = b"matrix-voip"
_OPUS_TAGS = struct.pack(f"<8sI{len(_VENDOR)}sI", b"OpusTags", len(_VENDOR), _VENDOR, 0)


def _page_full(packets: list[bytes]) -> list[bytes]:
    """The first packets, as many as fit into one page."""
    room = ogg_pages.MAX_SEGMENTS
    for count, packet in enumerate(packets):
        room -= ogg_pages.segments(packet)
        if room < 0:
            return packets[:count]
    return packets
