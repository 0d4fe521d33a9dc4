"""Calls between a bot and many callers, a process each, for the benchmarks of bots."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks._media_calls import Side
from benchmarks.harness import SpoiledRound

PATIENCE = 60.0


@dataclass(frozen=True)
class Line:
    """A bot, and those who call it."""

    bot: Side
    callers: Side

    def connect(self, first: int, count: int) -> list[float]:
        """Calls with these numbers; gives when the bot got each offer (Unix time)."""
        offers = self.callers.ask("offer", first=first, count=count)
        answers = self.bot.ask("answer", first=first, offers=offers)
        self.callers.ask("apply", first=first, answers=[answer for answer, _ in answers])
        return [at for _, at in answers]

    def end(self, first: int, count: int) -> None:
        """The callers hang up."""
        self.bot.ask("hang up", first=first, count=count)
        self.callers.ask("end", first=first, count=count)

    def heard(self, first: int, count: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.callers.ask("heard", first=first, count=count)
        return found

    def until(self, what: str, least: int, patience: float = PATIENCE, **of: int) -> None:
        """Wait until the bot counts as many. Raises SpoiledRound where it takes too long."""
        until = time.monotonic() + patience
        while (count := int(self.bot.ask(what, **of))) < least:
            if time.monotonic() > until:
                raise SpoiledRound(f"{what}: {count} of {least} calls after {patience:.0f} s")
            time.sleep(0.2)

    def until_posted(self, first: int, count: int) -> list[str]:
        """The files of the messages of those calls, once each has been posted."""
        until = time.monotonic() + PATIENCE
        while not all(files := self.bot.ask("posted", first=first, count=count)):
            if time.monotonic() > until:
                missing = sum(not file for file in files)
                raise SpoiledRound(f"{missing} of {count} messages were not posted")
            time.sleep(0.2)
        return list(files)


@contextmanager
def line(role: str, greeting: str = "", *, favoured: bool = True) -> Iterator[Line]:
    """`role`: see `_bot_process`. `favoured`: before everything else that the machine does, where
    times are measured."""
    with (
        Side("" if favoured else "unfavoured", "benchmarks._callers") as callers,
        Side(role if favoured else f"{role}-unfavoured", "benchmarks._bot_process") as bot,
    ):
        bot.ask("open", greeting=greeting)
        yield Line(bot, callers)
        bot.ask("stop")
        callers.ask("stop")
