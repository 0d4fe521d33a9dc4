"""Plays back what it hears: a call test."""

from __future__ import annotations

from voip.media.forward import Forward
from voip.media.player import Player


class Echo(Forward):
    """An AudioSink that sends every packet back `delay` seconds after it came.

    At once, the own voice would merge with what one is saying, and echo cancellers would take
    it away. After 0.6 s it is clearly heard as an answer.
    """

    def __init__(self, player: Player, delay: float = 0.6) -> None:
        """`delay` is seconds, from 0.1 (for the pace) to 2 (for the memory)."""
        if not 0.1 <= delay <= 2:
            raise ValueError(f"the echo's delay must be 0.1 to 2 seconds, not {delay}")
        super().__init__(player, delay)
