"""A few seconds of a call's media in figures: plain data, because it crosses a process boundary."""

from __future__ import annotations

from voip.signalling.record import Record


class MediaSample(Record):
    at: float
    """Seconds from the connection to the end of this sample."""
    seconds: float
    """How long it is."""
    received: int
    lost: int
    """Packets of theirs by their sequence numbers; less than 0 where they came later after all."""
    sent: int
    lost_by_peer: int
    """Packets of ours, as the other side reported meanwhile."""
    bitrate_in: float
    bitrate_out: float
    """Bits of payload a second."""
    jitter: float
    """Seconds (RFC 3550 §6.4.1), of what comes in, the worst stream."""
    round_trip: float | None
    """Seconds, smoothed, from the other side's reports."""
    mos: float | None
    """How it sounded here, 1 to 4.4: an estimate (`emodel.py`); None where nothing came."""
    mos_of_peer: float | None
    """How ours sounded there."""
