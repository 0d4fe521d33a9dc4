"""Reads a bot's own file, TOML or YAML, strictly: everything wrong with it is said at once, with
the line and the key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from voip.bot.bots.toml_text import TomlText
from voip.bot.bots.yaml_text import YamlText

MAX_CHARACTERS: Final = 1 << 20
YAML: Final = {".yaml", ".yml"}
"""What a file of YAML is called; any other is TOML."""


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
    """`name` says by its ending which of the two it is, and begins each message. Raises
    BotFileError."""
    try:
        written = YamlText(text) if Path(name).suffix.lower() in YAML else TomlText(text)
    except ValueError as error:
        raise BotFileError([f"{name}: {error}"]) from error
    try:
        return model.model_validate(written.values)
    except ValidationError as error:
        raise BotFileError([_sentence(one, written, name) for one in error.errors()]) from error


def _sentence(error: ErrorDetails, written: TomlText | YamlText, name: str) -> str:
    where = error["loc"]
    line = written.line_of(where)
    place = name if line is None else f"{name}, line {line}"
    what = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        what = "there is no such key: is it misspelt?"
    elif error["type"] == "missing":
        what = "it is missing"
    keys = "".join(f"[{key + 1}]" if isinstance(key, int) else f".{key}" for key in where)
    return f"{place}: {keys[1:]}: {what}" if keys else f"{place}: {what}"
