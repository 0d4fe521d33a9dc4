"""How a call sounds, estimated from what the network did: the E-model of ITU-T G.107. Pure.

    R = 93.2 − Idd − Ie,eff        MOS = 1 + 0.035 R + R (R − 60) (100 − R) · 7·10⁻⁶

93.2 is what G.107's default values of everything that is not measured come to (noise, loudness,
side tone). Echo counts as cancelled. What Opus loses with packets has no figures of the ITU-T's: it
is taken as transparent with the concealment of G.711 appendix I (Ie = 0, Bpl = 25.1: G.113,
appendix I), at random loss (BurstR = 1). It is a scale of narrow-band speech, whose best is 4.4: an
estimate to compare calls by, not what a listener would say of Opus.
"""

from __future__ import annotations

import math
from typing import Final

_R0: Final = 93.2
_IE: Final = 0.0
_BPL: Final = 25.1
CODEC_DELAY: Final = 0.0265
"""Seconds that Opus takes: a frame of 20 ms and 6.5 ms of look-ahead."""


def mos(*, loss: float, jitter: float, round_trip: float | None) -> float:
    """1 (bad) to 4.4.

    :param loss: part of the packets, 0 to 1.
    :param jitter: seconds (RFC 3550 §6.4.1); twice as much is waited for at the receiver.
    :param round_trip: seconds; None counts as 0.
    """
    delay = (round_trip or 0.0) / 2 + 2 * jitter + CODEC_DELAY
    return mos_of(_R0 - delay_impairment(delay) - loss_impairment(loss))


def delay_impairment(delay: float) -> float:
    """Idd of G.107 §7.4 with its default sT = 1 and mT = 100 ms; `delay` one way, in seconds."""
    ms = delay * 1000
    if ms <= 100:
        return 0.0
    x = math.log2(ms / 100)
    return 25 * (_sixth(1 + x**6) - 3 * _sixth(1 + (x / 3) ** 6) + 2)


def _sixth(x: float) -> float:
    return math.exp(math.log(x) / 6)


def loss_impairment(loss: float) -> float:
    """Ie,eff of G.107 §7.5; `loss` 0 to 1."""
    percent = 100 * min(max(loss, 0.0), 1.0)
    return _IE + (95 - _IE) * percent / (percent + _BPL)


def mos_of(r: float) -> float:
    """G.107 annex B. Below R = 6.5 its polynomial falls under 1, which is the worst."""
    if r <= 6.5:
        return 1.0
    if r >= 100:
        return 4.5
    return 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6
