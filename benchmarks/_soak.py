"""`make soak`: ten thousand calls of the voicemail; is the bot's process the same after them?

It stops by itself, early where a call cannot be connected any more.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict

from benchmarks import harness
from benchmarks._many_calls import AT_ONCE, many_calls
from benchmarks.bots_growth import MOST, draw

FEWEST = 200
EXAMPLE = """\
Example:
  make soak
  python -m benchmarks._soak --calls 2000 --rate 2

Prints one line of JSON, writes it to benchmarks/out/soak.json and the memory over the calls to
benchmarks/out/soak.svg. The exit status is 1 when memory grew or a message is missing.
"""


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks._soak",
        description=__doc__,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--calls", type=int, default=10_000, help=f"at least {FEWEST}")
    parser.add_argument("--rate", type=float, default=4.0, help="calls in a second")
    chosen = parser.parse_args(argv)
    if chosen.calls < FEWEST or chosen.calls % AT_ONCE or chosen.rate <= 0:
        parser.error(f"--calls is a multiple of {AT_ONCE}, {FEWEST} or more; --rate above 0")
    began = time.monotonic()

    def progress(calls: int, memory: float) -> None:
        if calls % 100 == 0:
            left = (time.monotonic() - began) / calls * (chosen.calls - calls)
            said = (
                f"{calls} of {chosen.calls} calls, {memory / 1e6:.1f} MB, {left / 60:.0f} min left"
            )
            harness.progress(said)

    course = many_calls(chosen.calls, chosen.rate, progress)
    harness.progress_done()
    draw("soak", course.memory)
    result = {
        "calls": course.calls,
        "asked_rate": chosen.rate,
        "rate": round(course.rate, 2),
        "seconds": round(course.seconds, 1),
        "unposted": course.unposted,
        "grown_mb": round(course.growth(), 2),
        "memory_mb": round(course.memory[-1][1], 1),
    }
    print(json.dumps(result))
    full = {**result, "course": asdict(course)["memory"]}
    (harness.OUT / "soak.json").write_text(json.dumps(full) + "\n")
    return 0 if course.unposted == 0 and result["grown_mb"] <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
