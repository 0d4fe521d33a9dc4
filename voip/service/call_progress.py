"""A call as a person sees it on a terminal: how far it is, and for how long."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from voip.bot.caller import Step


class CallProgress:
    """A context manager that gives the function to call at each step.

    Each step stays on the screen with its time; the one that is under way has a clock.
    """

    def __init__(self, target: str, console: Console | None = None) -> None:
        # Written to stderr, so that stdout is the result alone.
        self._console = console or Console(stderr=True)
        self._progress = Progress(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=self._console,
        )
        self._target = target

    def __enter__(self) -> CallProgress:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._finish_last()
        self._progress.stop()

    def __call__(self, step: Step) -> None:
        self._finish_last()
        if step is not Step.ENDED:
            text = f"{step.value} {self._target}" if step is Step.CALLING else step.value
            self._progress.add_task(text, total=1)

    def _finish_last(self) -> None:
        if self._progress.tasks:
            self._progress.update(self._progress.tasks[-1].id, completed=1)
