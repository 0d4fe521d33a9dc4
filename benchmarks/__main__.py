"""`python -m benchmarks [NAME ...]`: run the benchmarks here, print and keep the figures."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import traceback
from pathlib import Path

from benchmarks import harness

NOT_BENCHMARKS = {"__init__", "__main__", "harness"}
GROUPS = {
    "bots": ("bots_first_packet", "bots_concurrent", "bots_growth"),
    "media": ("recording", "growth", "video", "receiving", "memory", "workers"),
    "turn": ("turn_credentials", "turn_relay"),
}
"""Names for several benchmarks, whose rows make one table."""
EXAMPLE = """\
example:
  python -m benchmarks recording      (or: make bench ONLY=recording)
  python -m benchmarks bots --calls 20
  python -m benchmarks media          all of the media engine, in one table

Each prints a table and writes benchmarks/out/<name>.json. The exit status is 1 when a goal
was missed or a benchmark failed. Times and CPU shares of different runs cannot be compared;
the ratios can.
"""


def names() -> list[str]:
    """The benchmarks there are: every module here that is not a part of the harness."""
    stems = (path.stem for path in Path(__file__).parent.glob("*.py"))
    return sorted(s for s in stems if s not in NOT_BENCHMARKS and not s.startswith("_"))


def main(argv: list[str] | None = None) -> int:
    known = names()
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Ours and the alternative side by side, in one run.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "name",
        nargs="*",
        help=f"which to run (all where none is named): {', '.join((*known, *GROUPS))}",
    )
    parser.add_argument(
        "--calls", type=int, metavar="N", help="bots: how many voicemail calls at once (50)"
    )
    arguments = parser.parse_args(argv)
    harness.options.calls = arguments.calls
    chosen: list[str] = arguments.name or known
    if unknown := [name for name in chosen if name not in (*known, *GROUPS)]:
        there = ", ".join((*known, *GROUPS))
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are: {there}")
    # All of them run even when one fails: a figure that can be had is shown.
    results = [run(name) for name in chosen]
    return 0 if all(results) else 1


def run(name: str) -> bool:
    """Run one benchmark or a group; True when it ran and every goal was met."""
    began = time.monotonic()
    parts = [_rows(part) for part in GROUPS.get(name, (name,))]
    rows = [row for part in parts for row in part or ()]
    harness.progress_done()
    if rows:
        path = harness.write(name, rows)
        print(harness.table(name, rows))
        print(f"({time.monotonic() - began:.0f} s, written to {path})\n", flush=True)
    return None not in parts and not any(row.met is False for row in rows)


def _rows(name: str) -> list[harness.Row] | None:
    """None where it failed, which must not hide the others."""
    harness.progress(f"{name} …")
    try:
        rows: list[harness.Row] = importlib.import_module(f"benchmarks.{name}").run()
    except Exception:  # noqa: BLE001 - whatever it is, the others are run
        harness.progress_done()
        print(f"{name} failed:\n{traceback.format_exc()}", file=sys.stderr)
        return None
    return rows


if __name__ == "__main__":
    sys.exit(main())
