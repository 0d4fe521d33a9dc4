"""How long to keep received sound before it is heard: as short as the network allows."""

from __future__ import annotations

from voip.media import opus
from voip.media.jitter import Jitter
from voip.media.packets import AudioPacket


class Delay:
    """In seconds of the arrivals' clock; positions are in samples at 48 kHz."""

    START = 0.06
    """At least, as long as little is known."""
    LEARNING = 1.0
    """Seconds for which little is known."""
    SHORTEST = 0.02
    LONGEST = 0.5
    MARGIN = 0.01
    """Waited beyond what the jitter asks for."""
    LOSSES = 10.0
    """Seconds for which a loss is remembered, and the packet with the copy waited for."""

    def __init__(self) -> None:
        self._jitter = Jitter()
        self._began: float | None = None
        self._missed: float | None = None
        """When something was missing of which a copy came."""
        self._copy = 0.0
        """How long after it the copy comes."""
        self.wanted = self.START
        """Seconds after the fastest packet's arrival at which a packet is to be heard."""

    def base(self, arrival: float) -> float:
        """When a packet at position 0 would have come, were it as fast as the fastest lately."""
        return arrival if self._jitter.base is None else self._jitter.base

    def due(self, position: int) -> float:
        """When to hear what is at this position. There was a packet before."""
        return self.base(0.0) + position / opus.SAMPLE_RATE + self.wanted

    def missed(self, following: AudioPacket, samples: int) -> None:
        """`following` came, and the one before it did not (yet)."""
        if opus.has_fec(following.payload):
            self._missed, self._copy = following.arrival, samples / opus.SAMPLE_RATE

    def measure(self, position: int, arrival: float) -> None:
        """A packet came."""
        self._jitter.add(arrival - position / opus.SAMPLE_RATE, arrival)
        if self._began is None:
            self._began = arrival
        wanted = self._jitter.wait + self.MARGIN
        if self._missed is not None and arrival - self._missed < self.LOSSES:
            wanted += self._copy
        least = self.START if arrival - self._began < self.LEARNING else self.SHORTEST
        self.wanted = min(max(wanted, least), self.LONGEST)
