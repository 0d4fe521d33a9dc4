"""What a jitter buffer may decide is to be heard next, and what it counts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from voip.media.packets import AudioPacket


class Pace(Enum):
    """How to play a packet."""

    AS_IT_IS = "as it is"
    SHORTER = "shorter"
    """Take a few milliseconds out, to give delay back."""
    LONGER = "longer"
    """Put a few milliseconds in, to gain some."""
    LEFT_OUT = "left out"
    """Decode it, for the decoder needs it, and do not play it."""


@dataclass(frozen=True, slots=True)
class Play:
    """Decode this packet."""

    packet: AudioPacket
    pace: Pace


@dataclass(frozen=True, slots=True)
class Recover:
    """Decode what is lost from the copy in the packet that follows, which is played next."""

    following: AudioPacket
    samples: int


@dataclass(frozen=True, slots=True)
class Conceal:
    """Nothing is there: have the decoder guess."""

    samples: int


@dataclass(frozen=True, slots=True)
class Silence:
    """Nobody speaks, or nothing came for so long that no guess would do."""

    samples: int


@dataclass(frozen=True, slots=True)
class NothingYet:
    """The first packet is not there, or not due: nothing is to be heard."""


Decision: TypeAlias = Play | Recover | Conceal | Silence | NothingYet
"""Samples are at 48 kHz, multiples of 120 (2.5 ms) and at most 5760 (120 ms)."""


@dataclass(slots=True)
class Counts:
    """What became of the packets, and the samples (48 kHz) of which none told."""

    played: int = 0
    """Packets, as all of these are, but for the last two."""
    duplicates: int = 0
    late: int = 0
    """Came after their place was played."""
    overdue: int = 0
    """Were thrown away, because there was more than the buffer may hold."""
    left_out: int = 0
    """Were quiet and not played, to give delay back."""
    refused: int = 0
    """Were no Opus packets."""
    recovered: int = 0
    """Samples, from the copy in the packet after."""
    concealed: int = 0
    """Samples, guessed."""
