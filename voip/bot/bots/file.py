"""Reads a bot's own TOML file strictly: everything wrong with it is said at once, with the line and
the key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

MAX_CHARACTERS: Final = 1 << 20
_HEADER: Final = re.compile(r"\s*(\[\[?)\s*([^\[\]#]+?)\s*\]\]?\s*(?:#.*)?")
_KEY: Final = re.compile(r"\s*([\w.\"'-]+)\s*=")


class BotFileError(Exception):
    """The file cannot be used. `problems` has a sentence for each thing to put right."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


class Strict(BaseModel):
    """A table of such a file. A key that nobody knows is an error: most are misspelt."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=True
    )


Model = TypeVar("Model", bound=Strict)


def read(path: Path, model: type[Model]) -> Model:
    """Blocking. Raises BotFileError."""
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(MAX_CHARACTERS + 1)
    except OSError as error:
        raise BotFileError([f"{path} cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise BotFileError([f"{path} is no text in UTF-8"]) from error
    if len(text) > MAX_CHARACTERS:
        raise BotFileError([f"{path} is longer than a megabyte: is it the right file?"])
    return parse(text, model, str(path))


def parse(text: str, model: type[Model], name: str = "the bot's file") -> Model:
    """`name` begins each message. Raises BotFileError."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BotFileError([f"{name}: {error}"]) from error
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise BotFileError([_sentence(one, text, name) for one in error.errors()]) from error


def _sentence(error: ErrorDetails, text: str, name: str) -> str:
    where = error["loc"]
    line = line_of(text, where)
    place = name if line is None else f"{name}, line {line}"
    what = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        what = "there is no such key: is it misspelt?"
    elif error["type"] == "missing":
        what = "it is missing"
    keys = "".join(f"[{key + 1}]" if isinstance(key, int) else f".{key}" for key in where)
    return f"{place}: {keys[1:]}: {what}" if keys else f"{place}: {what}"


def line_of(text: str, where: Sequence[str | int]) -> int | None:
    """The line of a key, or of the innermost table around it; None where it is in neither. Entries
    of lists of tables are counted from 0."""
    found, depth = None, 0
    table: list[str | int] = []
    entries: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
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
