"""What every benchmark here shares: the row, the alternating rounds, the table, the file.

A benchmark is a module in this folder with `def run() -> list[Row]`; `__main__.py` finds it by
its file name. It measures ours and the alternative in the same run, in alternating rounds,
because absolute times drift by a third within an hour on a shared machine while ratios stay.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

OUT = Path(__file__).parent / "out"


@dataclass
class Options:
    """What whoever runs the benchmarks may choose."""

    calls: int | None = None
    """How many calls at once, where a benchmark lets one choose; None: as many as it says."""


options = Options()


@dataclass(frozen=True, slots=True)
class Row:
    """One measured thing, ours beside the peer's. Less is better, for every unit used here."""

    what: str
    ours: float
    peer: float | None
    """None where there is nothing to compare with."""
    peer_name: str
    unit: str
    ratio: float | None
    """ours / peer."""
    goal: float | None
    """The most that `ratio` may be (`Row.against`), or that `ours` may be (`Row.within`)."""
    met: bool | None
    """None where there is no goal: the row only informs."""

    @classmethod
    def against(
        cls,
        what: str,
        ours: float,
        peer: float,
        *,
        peer_name: str,
        unit: str,
        goal: float | None = None,
    ) -> Row:
        """A row whose goal is a ratio: `ours` is at most `goal` times `peer`."""
        ratio = ours / peer if peer else None
        met = None if goal is None else ratio is not None and ratio <= goal
        return cls(what, ours, peer, peer_name, unit, ratio, goal, met)

    @classmethod
    def within(
        cls,
        what: str,
        ours: float,
        *,
        unit: str,
        goal: float,
        peer: float | None = None,
        peer_name: str = "",
    ) -> Row:
        """A row whose goal is in its own unit: `ours` is at most `goal`; a peer only informs."""
        ratio = ours / peer if peer else None
        return cls(what, ours, peer, peer_name, unit, ratio, goal, ours <= goal)


@dataclass(frozen=True, slots=True)
class Medians:
    """What `alternate` gives back: medians, unless something else was asked for."""

    ours: float
    peer: float


TRIES = 4


class SpoiledRound(Exception):  # no error, only no result
    """What was done in a round is not what was to be measured: the machine could not keep up."""


def alternate(
    label: str,
    ours: Callable[[], float],
    peer: Callable[[], float],
    *,
    rounds: int = 3,
    of: Callable[[list[float]], float] = statistics.median,
) -> Medians:
    """Call `ours` and `peer` in turn, `rounds` times each, and give the medians of both.

    `of`: what is taken of all rounds instead. The least is right for processor time in one
    process: whatever else the machine does only ever adds to it.

    The order is swapped from round to round, so that neither always runs on the warmer machine.
    A spoiled round is measured again, `TRIES` times in all; then the benchmark fails.
    """
    mine: list[float] = []
    theirs: list[float] = []
    for number in range(rounds):
        turns = [(ours, mine, "ours"), (peer, theirs, "peer")]
        for measure, results, who in turns if number % 2 == 0 else reversed(turns):
            progress(f"{label}: round {number + 1} of {rounds}, {who}")
            results.append(_unspoiled(measure))
    return Medians(of(mine), of(theirs))


def _unspoiled(measure: Callable[[], float]) -> float:
    for _ in range(TRIES - 1):
        try:
            return measure()
        except SpoiledRound as spoiled:
            progress(f"once more: {spoiled}")
    return measure()


def progress(text: str) -> None:
    """Say what is being done: one line that is overwritten on a terminal, plain lines elsewhere."""
    if sys.stderr.isatty():
        print(f"\r\x1b[2K{text}", end="", file=sys.stderr, flush=True)
    else:
        print(text, file=sys.stderr, flush=True)


def progress_done() -> None:
    """Clear the progress line before a table is printed."""
    if sys.stderr.isatty():
        print("\r\x1b[2K", end="", file=sys.stderr, flush=True)


def table(name: str, rows: Sequence[Row]) -> str:
    """The rows as text, for a person."""
    head = ["what", "ours", "peer", "unit", "ratio", "goal", "met"]
    lines = [head, *([row.what, *_cells(row)] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    lines.insert(1, ["-" * width for width in widths])
    text = ("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) for line in lines)
    return "\n".join([name, *(line.rstrip() for line in text)])


def write(name: str, rows: Iterable[Row], folder: Path = OUT) -> Path:
    """Write `<name>.json` for a program to read; gives the path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    content: dict[str, Any] = {"name": name, "rows": [asdict(row) for row in rows]}
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return path


def _cells(row: Row) -> list[str]:
    peer = "" if row.peer is None else f"{row.peer:.3g} ({row.peer_name})"
    met = {None: "", True: "yes", False: "NO"}[row.met]
    return [f"{row.ours:.3g}", peer, row.unit, _number(row.ratio), _number(row.goal, "≤ "), met]


def _number(value: float | None, sign: str = "") -> str:
    return "" if value is None else f"{sign}{value:.3g}"
