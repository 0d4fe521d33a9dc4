"""Fuzz one target, or all in turn, under atheris (libFuzzer).

Example:  python -m tests.fuzz offers --seconds 60
What it finds is written to the folder of `--found`, and the exit status is not 0.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
LONGEST_INPUT = 65_536
"""Bytes: a Matrix event has no more (client-server API, "Size limits")."""


def main() -> int:
    arguments = _arguments()
    if arguments.child:
        _fuzz(arguments.target, arguments.seconds, arguments.found)
        return 0
    from tests.fuzz.targets import TARGETS

    names = [arguments.target] if arguments.target else list(TARGETS)
    for name in names:
        print(f"fuzzing {name} for {arguments.seconds} s", flush=True)
        command = [sys.executable, "-m", "tests.fuzz", name, "--child"]
        command += ["--seconds", str(arguments.seconds), "--found", str(arguments.found)]
        status = subprocess.run(command, check=False).returncode
        if status:
            print(f"{name}: something was found, see {arguments.found}", flush=True)
            return status
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("target", nargs="?", help="one of the targets; without it: all in turn")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default: 60)")
    parser.add_argument(
        "--found", type=Path, default=Path("fuzz-found"), help="where failing inputs are put"
    )
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _fuzz(target: str, seconds: int, found: Path) -> None:
    """In a process of its own: libFuzzer ends the process that it ran in."""
    import atheris  # type: ignore[import-untyped]  # it has no types

    with atheris.instrument_imports(include=["voip", "turn", "aiortc.sdp", "aiortc.codecs"]):
        from tests.fuzz.targets import TARGETS

    found.mkdir(parents=True, exist_ok=True)
    options = [
        f"-max_total_time={seconds}",
        "-timeout=5",
        "-rss_limit_mb=1024",
        f"-max_len={LONGEST_INPUT}",
        f"-artifact_prefix={found}/{target}-",
        "-verbosity=0",
        "-print_final_stats=1",
    ]
    # The first folder takes what is new; the seeds of the tree stay as they are.
    grown = found / f"grown-{target}"
    grown.mkdir(exist_ok=True)
    atheris.Setup([sys.argv[0], *options, str(grown), str(CORPUS / target)], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
