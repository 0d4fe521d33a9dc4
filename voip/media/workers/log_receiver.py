"""What a worker logs, as if it had been logged here; and what it is told to log."""

from __future__ import annotations

import logging

from voip.media.workers.messages import Logged


def levels() -> dict[str, int]:
    """Of every logger that has one of its own; the root's under an empty name."""
    found = {"": logging.getLogger().level}
    for name, logger in logging.root.manager.loggerDict.items():
        if isinstance(logger, logging.Logger) and logger.level != logging.NOTSET:
            found[name] = logger.level
    return found


def log(logged: Logged) -> None:
    """Into this process's log, whose handlers take out what must not be in it."""
    logger = logging.getLogger(logged.name)
    if logger.isEnabledFor(logged.level):
        extra = None if logged.call is None else {"call": logged.call}
        logger.log(logged.level, "%s", logged.text, extra=extra)
