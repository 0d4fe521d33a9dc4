"""What Chromium's fake devices make, found again in a recording: a beep twice a second, and frames
of a circle that opens and closes, no two alike, for the time is written in them."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from tests.media.test_gaps import heard

Picture = npt.NDArray[np.int16]
_STEP = 240
"""Samples: 5 ms, of what one beep's beginning is found to."""


def beeps(path: Path) -> list[float]:
    """The second at which each begins."""
    loud = np.abs(heard(path).astype(float))
    steps = loud[: len(loud) // _STEP * _STEP].reshape(-1, _STEP).max(axis=1)
    found: list[float] = []
    last = -1.0
    for step in np.flatnonzero(steps > 1500):
        second = float(step) * _STEP / 48_000
        if second - last > 0.1:
            found.append(second)
        last = second
    return found


def frames(path: Path) -> list[tuple[float, Picture]]:
    """The second and the brightness of each."""
    with av.open(str(path)) as container:
        return [
            (float(frame.time or 0), frame.to_ndarray()[: frame.height].astype(np.int16))
            for frame in container.decode(container.streams.video[0])
        ]


def apart(recording: Path, reference: Path, every: int = 10) -> list[tuple[float, float]]:
    """How many seconds later the picture is in `recording` than beside the same sound in
    `reference`, and where in the recording: of some frames that are found in both."""
    theirs, our_beeps, their_beeps = frames(reference), beeps(recording), beeps(reference)
    found = []
    for second, picture in frames(recording)[::every]:
        difference, at = min((float(np.abs(picture - one).mean()), at) for at, one in theirs)
        if difference > 0.7:
            continue  # not in it, or damaged by loss
        # The same beep: both began to record at about the same time, and beeps are 0.5 s apart.
        late = [
            min((ours - its for its in their_beeps), key=lambda one: abs(one - (second - at)))
            for ours in our_beeps
            if abs(ours - second) < 1
        ]
        if late:
            found.append((second, second - at - float(np.median(late))))
    return found
