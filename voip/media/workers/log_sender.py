"""A worker's log goes into the log of the process that it belongs to."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from voip.media.workers.channel import Channel
from voip.media.workers.messages import FromWorker, Logged, ToWorker

MOST_WAITING: Final = 1 << 20
"""Bytes: while more wait to be read, what is logged is dropped and counted."""
LONGEST: Final = 16 << 10
"""Characters of a record."""


def send_logs(channel: Channel[ToWorker, FromWorker], levels: dict[str, int]) -> None:
    """Send every record that the pool's process would have logged. Call on the loop."""
    root = logging.getLogger()
    root.handlers[:] = [LogSender(channel, asyncio.get_running_loop())]
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(capture=True)


class LogSender(logging.Handler):
    """Takes secrets out where the other process does: there is one place for that."""

    def __init__(
        self, channel: Channel[ToWorker, FromWorker], loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__()
        self._channel, self._loop = channel, loop
        self._formatter = logging.Formatter()
        self._dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        """On any thread."""
        try:
            text = self._formatter.format(record)[:LONGEST]
            call = getattr(record, "call", None)
            message = Logged(record.name, record.levelno, text, call)
            self._loop.call_soon_threadsafe(self._send, message)
        except Exception:  # noqa: BLE001 - as logging does it: a record never breaks who logs
            self.handleError(record)

    def _send(self, message: Logged) -> None:
        if self._channel.waiting > MOST_WAITING:
            self._dropped += 1
            return
        if self._dropped:
            text = f"{self._dropped} records of a media worker were dropped: too many at once"
            self._dropped = 0
            self._channel.send(Logged(__name__, logging.WARNING, text, None))
        self._channel.send(message)
