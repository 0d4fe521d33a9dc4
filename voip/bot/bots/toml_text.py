"""A bot's file that is written in TOML: its values, and the lines of its keys."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from typing import Any, Final

_HEADER: Final = re.compile(r"\s*(\[\[?)\s*([^\[\]#]+?)\s*\]\]?\s*(?:#.*)?")
_KEY: Final = re.compile(r"\s*([\w.\"'-]+)\s*=")


class TomlText:
    def __init__(self, text: str) -> None:
        """Raises ValueError, which says what is wrong and where."""
        self._text = text
        self.values: Any = tomllib.loads(text)

    def line_of(self, where: Sequence[str | int]) -> int | None:
        """The line of a key, or of the innermost table around it; None where it is in neither.
        Entries of lists of tables are counted from 0."""
        found, depth = None, 0
        table: list[str | int] = []
        entries: dict[str, int] = {}
        for number, line in enumerate(self._text.splitlines(), 1):
            if match := _HEADER.fullmatch(line):
                table = [*_names(match[2])]
                if match[1] == "[[":
                    entries[match[2]] = entries.get(match[2], -1) + 1
                    table.append(entries[match[2]])
                here = table
            elif match := _KEY.match(line):
                here = [*table, *_names(match[1])]
            else:
                continue
            if len(here) > depth and here == list(where[: len(here)]):
                found, depth = number, len(here)
        return found


def _names(dotted: str) -> list[str]:
    return [part.strip(" \"'") for part in dotted.split(".")]
