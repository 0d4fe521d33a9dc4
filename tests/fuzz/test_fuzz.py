"""The seeds, and damaged copies of them, in every run; real fuzzing in the long one."""

from __future__ import annotations

import importlib.util
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"
SEEDS = [(path.parent.name, path) for path in sorted(CORPUS.glob("*/*"))]
COPIES = 40


def test_every_target_has_seeds() -> None:
    assert {target for target, _ in SEEDS} == set(TARGETS)


@pytest.mark.parametrize(("target", "seed"), SEEDS, ids=[f"{t}-{p.name}" for t, p in SEEDS])
def test_a_seed_and_damaged_copies_of_it(target: str, seed: Path) -> None:
    data = seed.read_bytes()
    TARGETS[target](data)
    chance = random.Random(seed.name)
    for _ in range(COPIES):
        TARGETS[target](_damaged(data, chance))


@pytest.mark.parametrize("target", TARGETS)
def test_size_costs_in_proportion(target: str) -> None:
    """Ten times the input may not cost a hundred times the time: nothing is quadratic."""
    longest = max((path.read_bytes() for t, path in SEEDS if t == target), key=len)
    small = (longest * (6_000 // len(longest) + 1))[:6_000]
    cost = _seconds(target, small)
    assert _seconds(target, small * 10) < 40 * max(cost, 0.001)


@pytest.mark.long
@pytest.mark.timeout(180)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris has no build for this Python"
)
def test_fuzzing_finds_nothing(target: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz", target, "--seconds", "15"]
    done = subprocess.run(
        [*command, "--found", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert "stat::number_of_executed_units" in done.stderr


def _damaged(data: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, a stretch cut out, or one doubled."""
    copy = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        if not copy:
            break
        at = chance.randrange(len(copy))
        match chance.randrange(4):
            case 0:
                copy[at] = chance.randrange(256)
            case 1:
                del copy[at : at + chance.randint(1, 20)]
            case 2:
                copy[at:at] = copy[at : at + chance.randint(1, 40)]
            case _:
                copy[at:at] = bytes([chance.randrange(256)])
    return bytes(copy)


def _seconds(target: str, data: bytes) -> float:
    """The best of three, so that a busy machine does not decide."""
    best = 60.0
    for _ in range(3):
        began = time.process_time()
        TARGETS[target](data)
        best = min(best, time.process_time() - began)
    return best
