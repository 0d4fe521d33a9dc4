"""Where an RTP timestamp lies on the recording's own time line."""

from __future__ import annotations

_WRAP = 1 << 32
_HALF = 1 << 31


class Timeline:
    """Maps the RTP timestamps of one track to ticks since the recording began.

    The timestamp is trusted, because it says when the sound was made (RFC 3550 §5.1), not when
    the network delivered it: a stall followed by a burst stays in shape. It is not trusted
    beyond reason. A step back of more than `TOLERANCE`, or a place that much ahead of the clock
    on the wall, is a sender that restarted its clock, and so is a new SSRC: then the line goes
    on where the arrival says. So no recording gets longer than the time that really passed.
    """

    TOLERANCE = 2.0
    """Seconds that a timestamp may be ahead of or behind what the arrival leads to expect."""

    def __init__(self, rate: int, epoch: float) -> None:
        """`rate` in ticks a second; `epoch` is the monotonic second that is position 0."""
        self._rate = rate
        self._epoch = epoch
        self._tolerance = round(self.TOLERANCE * rate)
        self._ssrc: int | None = None
        self._timestamp = 0
        self._position = 0

    def place(self, ssrc: int, timestamp: int, arrival: float) -> int:
        """The position in ticks, never negative; a reordered packet gets an earlier one."""
        arrived = round((arrival - self._epoch) * self._rate)
        step = (timestamp - self._timestamp + _HALF) % _WRAP - _HALF
        position = self._position + step
        if ssrc != self._ssrc or step < -self._tolerance or position > arrived + self._tolerance:
            position = arrived
        self._ssrc, self._timestamp, self._position = ssrc, timestamp, max(position, 0)
        return self._position
