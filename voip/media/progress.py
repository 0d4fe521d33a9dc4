"""The tones by which telephone networks say how a call gets on, as some countries have them.

The values are those of ITU-T E.180 Supplement 2 and of the list "Various tones used in national
networks" (ITU Operational Bulletin 781, 2003), which Asterisk and FreeSWITCH use too.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from voip.media.sounds import Tone


class Progress(StrEnum):
    """What a tone says."""

    DIAL = "dial"
    """Numbers can be dialled."""
    RINGBACK = "ringback"
    """It rings at the other side."""
    BUSY = "busy"
    CONGESTION = "congestion"
    """The network has no way there."""


_COUNTRIES: Final[Mapping[str, Mapping[Progress, Tone]]] = {
    "de": {
        Progress.DIAL: Tone(425.0),
        Progress.RINGBACK: Tone(425.0, cadence=(1.0, 4.0)),
        Progress.BUSY: Tone(425.0, cadence=(0.48, 0.48)),
        Progress.CONGESTION: Tone(425.0, cadence=(0.24, 0.24)),
    },
    "fr": {
        Progress.DIAL: Tone(440.0),
        Progress.RINGBACK: Tone(440.0, cadence=(1.5, 3.5)),
        Progress.BUSY: Tone(440.0, cadence=(0.5, 0.5)),
        # The list has none; it is commonly the busy tone at twice the pace.
        Progress.CONGESTION: Tone(440.0, cadence=(0.25, 0.25)),
    },
    "gb": {
        Progress.DIAL: Tone((350.0, 440.0)),
        Progress.RINGBACK: Tone((400.0, 450.0), cadence=(0.4, 0.2, 0.4, 2.0)),
        Progress.BUSY: Tone(400.0, cadence=(0.375, 0.375)),
        Progress.CONGESTION: Tone(400.0, cadence=(0.4, 0.35, 0.225, 0.525)),
    },
    "us": {
        Progress.DIAL: Tone((350.0, 440.0)),
        Progress.RINGBACK: Tone((440.0, 480.0), cadence=(2.0, 4.0)),
        Progress.BUSY: Tone((480.0, 620.0), cadence=(0.5, 0.5)),
        Progress.CONGESTION: Tone((480.0, 620.0), cadence=(0.25, 0.25)),
    },
}
COUNTRIES: Final = tuple(_COUNTRIES)
"""ISO 3166 codes, in small letters."""


def tone(says: Progress, country: str = "us", seconds: float | None = None) -> Tone:
    """A sound for `Call.play`. Without `seconds`: one cadence, or a second of what has none, which
    can be played over and over.

    Raises ValueError for a country that is not among `COUNTRIES`.
    """
    if country not in _COUNTRIES:
        raise ValueError(f"the tones of {country!r} are not known: {', '.join(COUNTRIES)}")
    found = _COUNTRIES[country][says]
    length = sum(found.cadence) or 1.0
    return Tone(found.hertz, length if seconds is None else seconds, found.cadence)
