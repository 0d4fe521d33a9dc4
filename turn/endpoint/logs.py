"""Logging of a process that serves alone: one line a record, in UTC, and no key in it."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

from turn.keys.model import IN_TEXT

TAMED = {
    # One line a request, with the client's address and a query that may hold a key.
    "aiohttp.access": logging.CRITICAL,
    # Addresses of whoever sends what is no HTTP.
    "aiohttp.server": logging.CRITICAL,
    # URLs of questions to homeservers, which hold tokens.
    "aiohttp.client": logging.WARNING,
    "asyncio": logging.WARNING,
    "redis": logging.WARNING,
}
"""Loggers of libraries and the least level that they may use, whatever ours is."""


class LineFormatter(logging.Formatter):
    """`2026-01-31T12:00:00.123Z INFO turn.endpoint what happened`."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC)
        stamp = time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        text = record.getMessage()
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        # The last defence: nothing of ours logs one, and what a library quotes is not ours.
        text = " ⏎ ".join(IN_TEXT.sub("mvt.…", text).splitlines())
        return f"{stamp} {record.levelname} {record.name} {text}"


def set_up_logging(level: str, stream: TextIO | None = None) -> None:
    """Send every record of at least `level` (a name such as `info`) to `stream`, or to stderr."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(LineFormatter())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name, least in TAMED.items():
        logging.getLogger(name).setLevel(max(least, root.level))
    logging.captureWarnings(capture=True)
