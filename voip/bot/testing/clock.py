"""An event loop whose clock jumps: where nothing is left to do, it is the time of the next timer.

Time stands still while a thread works, so what a flow does in threads (files) takes no time
either.
"""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, ParamSpec, TypeVar, TypeVarTuple

P = ParamSpec("P")
T = TypeVar("T")
Ts = TypeVarTuple("Ts")

BEGIN = 1000.0
"""Where the clock stands at first: a difference that was taken for a time shows."""


class Stuck(AssertionError):
    """Everything waits for something that nobody will do, and no timer runs."""

    def __init__(self) -> None:
        super().__init__(
            "the flow and the test wait for each other for ever: give what waits a timeout"
        )


class _Selector(selectors.DefaultSelector):
    """Jumps instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGIN
        self.threads = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if self.threads:
            return super().select(None)  # the end of a thread wakes the loop
        if timeout is None:
            raise Stuck
        self.now += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` is virtual; sockets are looked at, and never waited for."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self._virtual.threads += 1
        future.add_done_callback(self._thread_ended)
        return future

    async def shutdown_default_executor(self, *args: Any) -> None:
        self._virtual.threads += 1  # it is a thread that waits for the others
        try:
            await super().shutdown_default_executor(*args)
        finally:
            self._virtual.threads -= 1

    def _thread_ended(self, _: object) -> None:
        self._virtual.threads -= 1


def virtual_time(test: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Run an async test on a virtual clock of its own. It becomes a plain function, so that no
    plugin is needed for it; fixtures work."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            return runner.run(test(*args, **kwargs))

    return run
