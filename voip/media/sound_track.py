"""Sound alone, from packets as they come to files that hold each at its time."""

from __future__ import annotations

import math
from pathlib import Path

from voip.media import opus
from voip.media.events import MediaDirection, Recording, RecordingEnd
from voip.media.files import LEFT_OPEN, free_name, size_of
from voip.media.limits import MOST_FILES, UNLIMITED, PartLimits
from voip.media.ogg import OggOpusWriter
from voip.media.packets import AudioPacket
from voip.media.placing import Placing
from voip.media.sender_clock import SenderClock
from voip.media.timeline import SteadyTimeline


class SoundTrack:
    """One party's sound as Ogg files: `audio.ogg`, and `audio-2.ogg` and so on where they are
    limited. Not for the event loop: every method may touch the disk.

    Raises OSError as the file system gives it.
    """

    def __init__(
        self, path: Path, limits: PartLimits = UNLIMITED, clock: SenderClock | None = None
    ) -> None:
        """`path` is the first file; `clock` the one behind all of the sender's streams."""
        self._clock = clock or SenderClock()
        self._limits = limits
        self._files = [OggOpusWriter(path)]
        self._begins = [0]
        """Where each begins, in samples."""
        self._full_at = self._end_of(0)
        """Where the next one is to begin, in samples."""
        self._placing: Placing | None = None
        self.began = 0.0
        """Arrival of the first packet."""

    @property
    def path(self) -> Path:
        """The first file."""
        return self._files[0].path

    @property
    def seconds(self) -> float:
        """The length of what was taken so far, as a player gives it."""
        return self._begins[-1] / opus.SAMPLE_RATE + self._files[-1].seconds

    @property
    def files(self) -> int:
        """How many there are."""
        return len(self._files)

    def add(self, packet: AudioPacket) -> None:
        """Take one packet; nothing is written before `flush`."""
        if self._placing is None:
            self._placing = self._begin(packet.arrival)
        self._placing.add(packet)

    def flush(self, now: float) -> None:
        """Write what there is, but for what may still be waiting for a reordered packet."""
        if self._placing is not None:
            self._placing.flush(now)
        file = self._files[-1]
        file.flush()
        if self._limits.reached(0.0, file.size):
            self._full_at = 0

    def close(self, end: float | None = None) -> None:
        """Write everything and close the file; where the sound ended before the monotonic second
        `end`, silence follows up to there."""
        if self._placing is not None:
            self._placing.close()
            if end is not None and end - self.began - self.seconds > LEFT_OPEN:
                position = round((end - self.began) * opus.SAMPLE_RATE)
                self._files[-1].extend(position - self._begins[-1])
        self._files[-1].close()

    def abandon(self) -> None:
        """Close the file as it is, after a failure; `seconds` is then what is in it."""
        self._files[-1].abandon()

    def describe(
        self, why: RecordingEnd, began: float | None, direction: MediaDirection
    ) -> list[Recording]:
        """All files, with their places in a recording that began then (None: with this track)."""
        offset = 0.0 if began is None else self.began - began
        return [
            Recording(
                file.path,
                "audio/ogg",
                file.seconds,
                size_of(file.path),
                why,
                offset=offset + begins / opus.SAMPLE_RATE,
                direction=direction,
            )
            for file, begins in zip(self._files, self._begins, strict=True)
        ]

    def _begin(self, arrival: float) -> Placing:
        self.began = arrival
        line = SteadyTimeline(opus.SAMPLE_RATE, arrival, self._clock, leads=True)
        return Placing(line, self._write)

    def _write(self, packet: AudioPacket, length: int, position: int) -> None:
        if position >= self._full_at:
            self._next(position)
        self._files[-1].write(packet, length, position - self._begins[-1])

    def _next(self, position: int) -> None:
        """Go on in another file: at the end of this one, or after a pause of the sender."""
        last = self._files[-1]
        if len(self._files) >= MOST_FILES:
            self._full_at = math.inf
            return
        begins = max(position, self._begins[-1] + last.samples)
        name = free_name(self.path.parent, self.path.stem, self.path.suffix)
        self._files.append(OggOpusWriter(self.path.with_name(f"{name}{self.path.suffix}")))
        self._begins.append(begins)
        self._full_at = self._end_of(begins)
        last.close()

    def _end_of(self, begins: int) -> float:
        seconds = self._limits.seconds
        return math.inf if seconds is None else begins + seconds * opus.SAMPLE_RATE
