"""How the program ends: by itself, by a signal, or by a second one."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from voip.service.running import run

CHILD = """
import asyncio, sys
from voip.service.running import Interrupted, run

async def main():
    try:
        print("ready", flush=True)
        await asyncio.Event().wait()
    finally:
        print("cleaning", flush=True)
        await asyncio.sleep({cleaning})
        print("clean", flush=True)

try:
    run(main())
except Interrupted:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_it_clean_up(number: signal.Signals) -> None:
    with start(cleaning=0) as child:
        expect(child, "ready")
        child.send_signal(number)
        out, _ = child.communicate(timeout=20)
    assert out.split() == ["cleaning", "clean", "interrupted"]
    assert child.returncode == 0


def test_the_second_signal_does_not_wait() -> None:
    with start(cleaning=60) as child:
        expect(child, "ready")
        child.send_signal(signal.SIGTERM)
        expect(child, "cleaning")
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=20)
    assert child.returncode == -signal.SIGTERM


def test_results_and_errors_pass_through() -> None:
    async def good() -> int:
        return 7

    async def bad() -> None:
        raise KeyError("x")

    assert run(good()) == 7
    with pytest.raises(KeyError):
        run(bad())


def start(cleaning: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD.format(cleaning=cleaning)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def expect(child: subprocess.Popen[str], word: str) -> None:
    assert child.stdout is not None
    assert child.stdout.readline().strip() == word
