"""What a person sees of a call on a terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from voip.bot.caller import Step
from voip.service.call_progress import CallProgress


def test_each_step_stays_with_a_mark_and_a_time() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80, color_system=None)
    with CallProgress("@[bold]ann:example.org", console) as on_step:
        for step in (Step.FINDING_ROOM, Step.CALLING, Step.CONNECTED, Step.ENDED):
            on_step(step)
    last = screen.getvalue().rpartition("finding the room")[2]
    assert "✓ calling @[bold]ann:example.org 0:00:00" in last
    assert "✓ connected" in last
    assert "ended" not in last


def test_a_call_that_fails_leaves_the_screen_as_it_should() -> None:
    screen = io.StringIO()
    progress = CallProgress("@ann:example.org", Console(file=screen, force_terminal=True, width=80))
    with pytest.raises(KeyboardInterrupt):
        interrupted(progress)
    assert screen.getvalue().rstrip("\n").endswith("\x1b[?25h")  # the cursor is shown again


def interrupted(progress: CallProgress) -> None:
    with progress as on_step:
        on_step(Step.FINDING_ROOM)
        raise KeyboardInterrupt
