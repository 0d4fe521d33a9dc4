"""Logging: one line per record, in UTC, with the call's own id, and nothing secret in it.

A record belongs to a call when it is logged with `extra={"call": id}`: the call's own id, which
ends the name of its folder, never an id that came over the wire.
"""

from __future__ import annotations

import json
import logging
from typing import TextIO

from turn import logs
from voip.redaction import redact, without_matrix_ids

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


class LineFormatter(logs.LineFormatter):
    """`2026-01-31T12:00:00.123Z INFO voip.bot [3f2a9c01d4e5b6a7] what happened`."""

    def cleaned(self, text: str) -> str:
        return redact(text)

    def mark(self, record: logging.LogRecord) -> str:
        call = getattr(record, "call", None)
        return f"[{call}] " if call else ""


class JsonFormatter(LineFormatter):
    """`{"time": "2026-01-31T12:00:00.123Z", "level": "info", "logger": "voip.calls",
    "call": "3f2a9c01d4e5b6a7", "text": "is connected"}`: an object a line.

    Lines go to collectors that many people read, so Matrix ids are taken out of them too.
    """

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": logs.stamp_of(record),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if call := getattr(record, "call", None):
            entry["call"] = str(call)
        text = without_matrix_ids(self.cleaned(self.text_of(record)))
        return json.dumps(entry | {"text": text}, ensure_ascii=False)


def set_up_logging(level: str, stream: TextIO | None = None, *, as_json: bool = False) -> None:
    """Send every record of at least `level` (a name such as `info`) to `stream`, or to stderr."""
    logs.set_up(level, JsonFormatter() if as_json else LineFormatter(), TAMED, stream)
