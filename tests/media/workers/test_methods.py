"""Whatever MediaEngine can do, a worker can be asked to do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from voip.media.engine import MediaEngine
from voip.media.sounds import Tone
from voip.media.workers.methods import METHODS, Method
from voip.media.workers.plain import NotPlain
from voip.media.workers.pool import BEGIN, MediaPool
from voip.signalling.ids import CallKey

KEY = CallKey("!room:example.org", "call")
OWN = {"listen", "live", "keep_together"}
"""What is not awaited, and so has to be written for the pool too."""


def test_every_method_crosses_or_is_the_pools_own() -> None:
    """Arguments and results are plain data, or `methods` could not even be imported."""
    public = {name for name in vars(MediaEngine) if not name.startswith("_")}
    assert public - set(METHODS) == OWN, "make it a coroutine of plain data, or write it there"
    assert set(vars(MediaPool)) >= OWN
    assert set(METHODS) >= BEGIN


def test_a_method_knows_which_of_its_arguments_are_calls() -> None:
    assert METHODS["bridge"].calls == ("a", "b")
    assert METHODS["play"].calls == ("key",)
    assert METHODS["prepare"].calls == ()


async def with_a_callback(self: MediaEngine, key: CallKey, done: Callable[[], None]) -> None:
    raise AssertionError("nobody calls it")


async def with_a_task(self: MediaEngine, key: CallKey) -> asyncio.Task[None]:
    raise AssertionError("nobody calls it")


@pytest.mark.parametrize(
    ("function", "which"), [(with_a_callback, "done"), (with_a_task, "return")]
)
def test_what_cannot_cross_is_named(function: Callable[..., object], which: str) -> None:
    with pytest.raises(NotPlain, match=f"{function.__name__}, {which}"):
        Method.of(function)


class Written(MediaEngine):
    """An engine that says what it was asked."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    async def start_recording(self, key: CallKey, folder: Path, **limits: float | None) -> None:
        self.asked.append((key, folder, limits))


async def test_arguments_arrive_by_their_names_and_defaults_stay_there() -> None:
    method, written = METHODS["start_recording"], Written()
    given = method.bind((KEY,), {"folder": Path("x"), "max_seconds": 3})
    await method.perform(written, method.encode(given))
    assert written.asked == [(KEY, Path("x"), {"max_seconds": 3.0})]


def test_a_wrong_call_is_refused_as_python_does() -> None:
    with pytest.raises(TypeError):
        METHODS["play"].bind((KEY, Tone(), 3), {})
    with pytest.raises(TypeError):
        METHODS["play"].bind((KEY,), {})
