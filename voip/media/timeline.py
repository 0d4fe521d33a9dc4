"""Where an RTP timestamp lies on the recording's own time line."""

from __future__ import annotations

from voip.media.sender_clock import SenderClock

_WRAP = 1 << 32
_HALF = 1 << 31
_NEVER = float("inf")


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
        self.tolerance = round(self.TOLERANCE * rate)
        self._ssrc: int | None = None
        self._timestamp = 0
        self._position = 0
        self._look = _NEVER
        """When to look next whether the line is still right."""
        self._least: float = _NEVER
        """The least of `late` since a look."""
        self.late = 0
        """Ticks from the last place to its arrival: the network's delay, as far as it shows."""

    def place(self, ssrc: int, timestamp: int, arrival: float) -> int:
        """The position in ticks, never negative; a reordered packet gets an earlier one."""
        arrived = round((arrival - self._epoch) * self._rate)
        step = (timestamp - self._timestamp + _HALF) % _WRAP - _HALF
        position = self._position + step
        late = arrived - position
        if ssrc != self._ssrc or step < -self.tolerance or late < -self.tolerance:
            position, late = arrived, 0
            self._restarted(arrival)
        self._ssrc, self._timestamp, self._position, self.late = ssrc, timestamp, position, late
        self._least = min(self._least, late)
        if arrival >= self._look:
            position = self._corrected(arrival)
        return max(0, position)

    def shift(self, ticks: int) -> None:
        """Move the rest of the line: time has passed that the timestamps know nothing of."""
        self._position += ticks
        self.late -= ticks

    def _restarted(self, arrival: float) -> None:
        """The line goes on at an arrival."""

    def _corrected(self, arrival: float) -> int:
        """Look whether the line is still right; gives the place it has then."""
        return self._position


class SteadyTimeline(Timeline):
    """One that stays beside the clocks on the wall, and beside the other tracks of its sender.

    The crystals of sound cards and cameras are some tens of parts in a million off, which adds up
    to a tenth of a second an hour and more. Once a second the line is compared with the sender's
    reports and moved where it is off by more than `SLACK`. Twice a minute the fastest of the
    packets are compared with those of the beginning, which shows how far the sender's clock, or
    without reports the stream's, runs off ours.
    """

    SLACK = 0.005
    """Seconds. Below, a correction would be worse than what it corrects."""
    LOOK = 1.0
    LONGEST_DELAY = 10.0
    """Seconds that something may have been under way, or waited for what was lost before it."""
    WINDOW = 30.0
    """Seconds: the network's worst moods are shorter."""
    DRIFT = 0.01
    MOST_DRIFT = 0.02
    """Seconds that are made good a window, from and to. A path that has become longer is no drift,
    but cannot be told from one: so a packet's length at most."""

    def __init__(self, rate: int, epoch: float, clock: SenderClock, *, leads: bool) -> None:
        """`leads`: the sound, beside which everything else is put."""
        super().__init__(rate, epoch)
        self._clock = clock
        self._leads = leads
        self._window_ends = 0.0
        self._usual: float | None = None
        """The least of `late` in the first window."""

    def shift(self, ticks: int) -> None:
        super().shift(ticks)
        self._least -= ticks

    def _restarted(self, arrival: float) -> None:
        self._look = arrival  # nothing is known but one arrival: the reports may know better
        self._window_ends = arrival + self.WINDOW
        self._least, self._usual = _NEVER, None

    def _corrected(self, arrival: float) -> int:
        self._look = arrival + self.LOOK
        if self._leads and arrival >= self._window_ends:
            self._follow_drift(arrival)
        assert self._ssrc is not None  # noqa: S101  # something was placed
        at = self._clock.place(self._ssrc, self._timestamp)
        off = 0 if at is None else round((at - self._epoch) * self._rate) - self._position
        if self._leads and (at is None or abs(off) > self.tolerance):
            second = self._epoch + self._position / self._rate
            self._clock.anchor(self._ssrc, self._timestamp, second)
        elif at is None or not self._is_possible(at - arrival):
            pass  # nothing to go by
        elif abs(off) >= self.SLACK * self._rate:
            self.shift(off)
        return self._position

    def _is_possible(self, before: float) -> bool:
        """Whether something can have been made so many seconds (as a rule, less than 0) after it
        arrived: or else the report is wrong."""
        return -self.LONGEST_DELAY < before < self.TOLERANCE

    def _follow_drift(self, now: float) -> None:
        least, self._least = self._least, _NEVER
        self._window_ends = now + self.WINDOW
        if self._usual is None or least == _NEVER:
            self._usual = least if self._usual is None and least != _NEVER else self._usual
            return
        drift = (least - self._usual) / self._rate
        if abs(drift) < self.DRIFT:
            return
        drift = max(-self.MOST_DRIFT, min(drift, self.MOST_DRIFT))
        if self._ssrc is not None and self._clock.place(self._ssrc, self._timestamp) is None:
            super().shift(round(drift * self._rate))
        else:
            self._clock.drifted(drift, now)
