"""Logging: one line per record, in UTC, with the call's own id, and nothing secret in it.

A record belongs to a call when it is logged with `extra={"call": id}`: the call's own id, which
ends the name of its folder, never an id that came over the wire.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

from voip.redaction import redact

TAMED: dict[str, int] = {
    # Addresses of candidate pairs at INFO (aioice.ice), of relays (aioice.turn).
    "aioice": logging.WARNING,
    # SDP and packets at DEBUG.
    "aiortc": logging.WARNING,
    "nio": logging.WARNING,
    # An event or a reply that fails nio's schema is printed whole, an SDP in it included. The
    # Matrix edge reads such events by itself, so nothing is missed.
    "nio.events.misc": logging.CRITICAL,
    "nio.responses": logging.CRITICAL,
    # A failed request prints the history of requests, with their access tokens.
    "nio.client.http_client": logging.CRITICAL,
    # Its statements, with the Olm keys and sessions that nio stores through it.
    "peewee": logging.INFO,
    # FFmpeg repeats itself once a packet.
    "libav": logging.ERROR,
    # One line a request, with the address of whoever asks.
    "aiohttp.access": logging.WARNING,
    "asyncio": logging.WARNING,
}
"""Loggers of libraries and the least level that they may use, whatever ours is."""


class LineFormatter(logging.Formatter):
    """`2026-01-31T12:00:00.123Z INFO voip.bot [3f2a9c01d4e5b6a7] what happened`."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC)
        stamp = time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        call = getattr(record, "call", None)
        text = _one_line(redact(self._text(record)))
        return f"{stamp} {record.levelname} {record.name} {f'[{call}] ' if call else ''}{text}"

    def _text(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        return text


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


def _one_line(text: str) -> str:
    """Line breaks as `⏎`: no value can start a record of its own."""
    return " ⏎ ".join(text.splitlines())
