"""Logging of an endpoint that serves alone: no key is in it."""

from __future__ import annotations

import logging
from typing import TextIO

from turn.keys.model import IN_TEXT
from turn.logs import LineFormatter, set_up

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


class _Formatter(LineFormatter):
    def cleaned(self, text: str) -> str:
        # Nothing of ours logs one, and what a library quotes is not ours.
        return IN_TEXT.sub("mvt.…", text)


def set_up_logging(level: str, stream: TextIO | None = None) -> None:
    """Send every record of at least `level` (a name such as `info`) to `stream`, or to stderr."""
    set_up(level, _Formatter(), TAMED, stream)
