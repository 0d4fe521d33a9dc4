"""`voip demo`: everything on this machine for a person, or, with `--smoke`, without one."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from voip.service.demo.demo import run_demo
from voip.service.demo.plan import FIRST_PORT, DemoOptions
from voip.service.demo.smoke import run_smoke
from voip.service.logs import set_up_logging
from voip.service.running import Exit, Interrupted, run
from voip.service.settings import LogLevel


def demo_command(port: int | None, data_dir: Path | None, *, lan: bool) -> Exit:
    """Run until a signal, which is the usual end."""
    _log_little()
    options = DemoOptions(
        port=FIRST_PORT if port is None else port,
        lan=lan,
        data_dir=data_dir or DemoOptions.data_dir,
    )
    try:
        status = run(run_demo(options, _say))
    except Interrupted:
        return Exit.DONE
    return Exit.FAILED if status else Exit.DONE


def smoke_command() -> Exit:
    """The steps go to stderr, so that the one line on stdout is the report."""
    _log_little()
    try:
        report = run(run_smoke(_say_aside))
    except Interrupted:
        return Exit.INTERRUPTED
    _say(json.dumps(report.as_json()))
    return Exit.DONE if report.ok else Exit.FAILED


def _log_little() -> None:
    """The demo talks by itself; VOIP_LOG_LEVEL gives the log as well."""
    asked = os.environ.get("VOIP_LOG_LEVEL", "").lower()
    set_up_logging(asked if asked in set(LogLevel) else LogLevel.WARNING)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _say_aside(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
