"""The commands of a block of shell, and whether what they name and ask for exists."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final

import typer

from tests.blocks import ROOT, Block
from turn.cli import app as turn_app
from turn.settings_sources import SOURCES as TURN_SOURCES
from voip.service.cli import app as voip_app
from voip.service.settings_sources import SOURCES as VOIP_SOURCES

NOT_RUN: Final[Mapping[str, tuple[str, list[str]]]] = {
    "pip": ("it downloads", [sys.executable, "-m", "pip", "install", "--help"]),
    "apt-get": ("as root, and it downloads", ["apt-get", "--help"]),
    "systemctl": ("as root, where systemd is the machine's init", ["systemctl", "--help"]),
    "install": ("as root, outside of the clone", ["install", "--help"]),
    "cp": ("as root, outside of the clone", ["cp", "--help"]),
    "curl": ("the tests of the endpoint ask it the same", ["curl", "--help", "all"]),
}
"""Programs of others that no test runs as the documents do: why, and what lists their options."""
RUN: Final = {"openssl", "umask"}
"""Whose blocks, as far as these go, are run by bash."""


def commands(text: str) -> list[list[str]]:
    """Each command's words, without redirections; what is inside `$( )` is a command too, and
    what is kept in a variable stands in its place."""
    for name, value in re.findall(r'^([A-Z]+)="(.*)"$', text, re.MULTILINE):
        text = text.replace(f'{name}="{value}"', "").replace(f"${name}", value)
    inner = re.findall(r"\$\(([^)]*)\)", text)
    joined = re.sub(r"\$\([^)]*\)", "X", text).replace("\\\n", " ")
    return [words for line in [*joined.splitlines(), *inner] for words in _split(line) if words]


def _split(line: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|<>")
    lexer.whitespace_split = True
    words: list[str] = []
    tokens = iter(lexer)
    for token in tokens:
        if token[0] in ";&|":
            yield words
            words = []
        elif token[0] in "<>":
            next(tokens)
        else:
            words.append(token)
    yield words


def check(words: list[str], block: Block) -> None:
    """Raises AssertionError, or what the program's own parser raises."""
    program, *rest = words
    if program in RUN or program == "cd":
        return
    if program in CHECKS:
        CHECKS[program](rest, block)
    elif program.rpartition("/")[2].startswith("pip"):
        _options("pip", rest)
    elif program.rpartition("/")[2].startswith("python"):
        _python(rest, block)
    else:
        assert program in NOT_RUN, f"{block}: nobody knows {program}"
        _options(program, rest)


def _typer(app: typer.Typer) -> Callable[[list[str], Block], None]:
    def parse(words: list[str], block: Block) -> None:
        command: Any = typer.main.get_command(app)
        rest = list(words)
        while hasattr(command, "commands"):
            name = rest.pop(0)
            command = command.get_command(None, name)
            assert command is not None, f"{block}: there is no {name}"
        command.make_context(command.name, rest)

    return parse


def _make(words: list[str], block: Block) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {word for word in words if "=" not in word} <= targets, str(block)


def _export(words: list[str], block: Block) -> None:
    """Settings that exist."""
    known = {VOIP_SOURCES.variable(name) for name in VOIP_SOURCES.model.model_fields}
    known |= {TURN_SOURCES.variable(name) for name in TURN_SOURCES.model.model_fields}
    assert {word.partition("=")[0] for word in words} <= known, str(block)


def _python(words: list[str], block: Block) -> None:
    """A module or a file that exists, or a file that the document has the reader write."""
    if words[0] == "-m":
        assert importlib.util.find_spec(words[1]), f"{block}: there is no module {words[1]}"
        words = words[2:]
    files = [word for word in words if word.endswith(".py")]
    written = block.document.read_text()
    missing = [f for f in files if not (ROOT / f).is_file() and f"{f}`" not in written]
    assert not missing, str(block)


def _options(program: str, words: list[str]) -> None:
    text = _help(program)
    options = {word.partition("=")[0] for word in words if word.startswith("-")}
    missing = [one for one in options if not re.search(rf"(?<![\w-]){re.escape(one)}(?!\w)", text)]
    assert not missing, f"{program} has no {missing}"


@cache
def _help(program: str) -> str:
    done = subprocess.run(NOT_RUN[program][1], capture_output=True, text=True, check=False)
    return done.stdout


CHECKS: Final[Mapping[str, Callable[[list[str], Block], None]]] = {
    "voip": _typer(voip_app),
    "matrix-turn": _typer(turn_app),
    "make": _make,
    "export": _export,
}
