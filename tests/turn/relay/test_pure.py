"""The relay decides without sockets, clock and randomness: what it is tested with is what runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_architecture import ROOT, files, imports

PURE = ("turn/stun", *(f"turn/relay/{name}.py" for name in (
    "allocating", "authentication", "buckets", "core", "lanes", "limits", "model", "nonces",
    "permitting", "refusals", "rules", "state", "table",
)))  # fmt: skip
BANNED = {"asyncio", "datetime", "os", "random", "secrets", "ssl", "threading", "time", "uvloop"}
INET_PTON = ROOT / "turn" / "stun" / "values.py"
"""The one file that may import `socket`: for the texts of addresses."""


def paths(name: str) -> list[Path]:
    path = ROOT / name
    return files(name.replace("/", ".")) if path.is_dir() else [path]


@pytest.mark.parametrize("name", PURE)
def test_no_io_no_clock_no_dice(name: str) -> None:
    found = [each for path in paths(name) for each in imports(path)]
    assert found
    wrong = [
        str(each)
        for each in found
        if each.module.split(".")[0] in BANNED
        or (each.module.split(".")[0] == "socket" and each.file != INET_PTON)
    ]
    assert not wrong
