"""Other threads, and the collector, take little from what is due."""

from __future__ import annotations

import subprocess
import sys

import pytest

from voip.media import realtime
from voip.media.engine import MediaEngine
from voip.media.settings import MediaSettings


def test_an_engine_has_threads_take_short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    set_to: list[float] = []
    monkeypatch.setattr(sys, "setswitchinterval", set_to.append)
    MediaEngine(MediaSettings(), lambda event: None)
    assert set_to == [realtime.TURN]


def test_what_stays_is_looked_through_no_more() -> None:
    program = (  # in a process of its own: nothing is ever looked through again
        "import gc; from voip.media.realtime import forget_what_stays; forget_what_stays();"
        "print(gc.get_freeze_count(), len(gc.get_objects()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    frozen, looked_at = map(int, done.stdout.split())
    assert frozen > 10_000 > looked_at
