"""Sound alone, from packets as they come to a file that holds each at its time."""

from __future__ import annotations

from pathlib import Path

from voip.media import opus
from voip.media.ogg import OggOpusWriter
from voip.media.packets import AudioPacket
from voip.media.placing import Placing
from voip.media.sender_clock import SenderClock
from voip.media.timeline import SteadyTimeline
from voip.media.webm import LEFT_OPEN


class SoundTrack:
    """One party's sound as an Ogg file. Not for the event loop: every method may touch the disk.

    Raises OSError as the file system gives it.
    """

    def __init__(self, path: Path, clock: SenderClock | None = None) -> None:
        """`clock` is the one behind all of the sender's streams."""
        self._clock = clock or SenderClock()
        self._file = OggOpusWriter(path)
        self._placing: Placing | None = None
        self.began = 0.0
        """Arrival of the first packet."""

    @property
    def path(self) -> Path:
        return self._file.path

    @property
    def seconds(self) -> float:
        """The length of what was taken so far, as a player gives it."""
        return self._file.seconds

    def add(self, packet: AudioPacket) -> None:
        """Take one packet; nothing is written before `flush`."""
        if self._placing is None:
            self._placing = self._begin(packet.arrival)
        self._placing.add(packet)

    def flush(self, now: float) -> None:
        """Write what there is, but for what may still be waiting for a reordered packet."""
        if self._placing is not None:
            self._placing.flush(now)
        self._file.flush()

    def close(self, end: float | None = None) -> None:
        """Write everything and close the file; where the sound ended before the monotonic second
        `end`, silence follows up to there."""
        if self._placing is not None:
            self._placing.close()
            if end is not None and end - self.began - self.seconds > LEFT_OPEN:
                self._file.extend(round((end - self.began) * opus.SAMPLE_RATE))
        self._file.close()

    def abandon(self) -> None:
        """Close the file as it is, after a failure; `seconds` is then what is in it."""
        self._file.abandon()

    def _begin(self, arrival: float) -> Placing:
        self.began = arrival
        line = SteadyTimeline(opus.SAMPLE_RATE, arrival, self._clock, leads=True)
        return Placing(line, self._file.write)
