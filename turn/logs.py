"""The log of a process: one line a record, in UTC, and nothing secret in it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO


class LineFormatter(logging.Formatter):
    """`2026-01-31T12:00:00.123Z INFO turn.endpoint what happened`."""

    def format(self, record: logging.LogRecord) -> str:
        # Line breaks as `⏎`: no value can start a record of its own.
        text = " ⏎ ".join(self.cleaned(self.text_of(record)).splitlines())
        return f"{stamp_of(record)} {record.levelname} {record.name} {self.mark(record)}{text}"

    def text_of(self, record: logging.LogRecord) -> str:
        """What was said, with the traceback where there is one."""
        text = record.getMessage()
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        return text

    def cleaned(self, text: str) -> str:
        """The last defence: without what looks like a secret."""
        return text

    def mark(self, record: logging.LogRecord) -> str:
        """What stands before the text."""
        return ""


def stamp_of(record: logging.LogRecord) -> str:
    """`2026-01-31T12:00:00.123Z`."""
    time = datetime.fromtimestamp(record.created, UTC)
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def set_up(
    level: str, formatter: logging.Formatter, tamed: Mapping[str, int], stream: TextIO | None = None
) -> None:
    """Send every record of at least `level` (a name such as `info`) to `stream`, or to stderr.

    :param tamed: loggers of libraries and the least level that they may use, whatever ours is.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name, least in tamed.items():
        logging.getLogger(name).setLevel(max(least, root.level))
    logging.captureWarnings(capture=True)
