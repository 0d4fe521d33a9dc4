"""Sends on what another call, or the same one, hears."""

from __future__ import annotations

from voip.media import opus
from voip.media.packets import AudioPacket
from voip.media.player import Player
from voip.media.timeline import Timeline


class Forward:
    """An AudioSink that sends every packet on `delay` seconds after it came.

    What the network does to the packets' pace is evened out by the delay: a packet goes out when
    its RTP timestamp says, as it is, with the numbers of the stream that it goes into.
    """

    def __init__(self, player: Player, delay: float) -> None:
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
