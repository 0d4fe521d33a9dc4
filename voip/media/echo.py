"""Plays back what it hears: a call test."""

from __future__ import annotations

from voip.media import opus
from voip.media.packets import AudioPacket
from voip.media.player import Player
from voip.media.timeline import Timeline


class Echo:
    """An AudioSink that sends every packet back `delay` seconds after it came.

    At once, the own voice would merge with what one is saying, and echo cancellers would take
    it away. After 0.6 s it is clearly heard as an answer, and what the network does to the
    packets' pace is evened out: a packet goes out when its RTP timestamp says.
    """

    def __init__(self, player: Player, delay: float = 0.6) -> None:
        """`delay` is seconds, from 0.1 (for the pace) to 2 (for the memory)."""
        if not 0.1 <= delay <= 2:
            raise ValueError(f"the echo's delay must be 0.1 to 2 seconds, not {delay}")
        self._player = player
        self._delay = delay
        self._epoch: float | None = None

    def audio(self, packet: AudioPacket) -> None:
        """AudioSink: take one packet, on the loop."""
        if self._epoch is None:
            self._epoch = packet.arrival
            self._line = Timeline(opus.SAMPLE_RATE, self._epoch)
        position = self._line.place(packet.ssrc, packet.timestamp, packet.arrival)
        due = self._epoch + self._delay + position / opus.SAMPLE_RATE
        self._player.push(packet.payload, due)
