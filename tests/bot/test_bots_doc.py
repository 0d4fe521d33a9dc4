"""Every block of docs/bots.md is run: Python as a module, its flows and tests too; TOML and YAML as
the file of its bot; commands as far as their options."""

from __future__ import annotations

import inspect
import re
import shlex
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer

from voip.bot import Bot
from voip.bot.bots.bridge_recorder import BridgeSettings
from voip.bot.bots.file import Strict, parse
from voip.bot.bots.menu_file import MenuSettings
from voip.bot.bots.voicemail import VoicemailSettings
from voip.bot.testing import FakeCall, virtual_time
from voip.service.cli import app

DOCUMENT = Path(__file__).parents[2] / "docs" / "bots.md"
BLOCK = re.compile(r"^#+ ([^\n]+)$|^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILES: dict[str, type[Strict]] = {
    "Voicemail": VoicemailSettings,
    "Menu": MenuSettings,
    "Bridge-recorder": BridgeSettings,
}


class Block(NamedTuple):
    """Of code, under a headline."""

    headline: str
    language: str
    text: str


def blocks() -> list[Block]:
    found, headline = [], ""
    for match in BLOCK.finditer(DOCUMENT.read_text()):
        if match[1]:
            headline = match[1]
        else:
            found.append(Block(headline, match[2], match[3]))
    return found


def of(language: str) -> list[Any]:
    return [pytest.param(one, id=one.headline) for one in blocks() if one.language == language]


def run(block: Block) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "of_the_document"}
    exec(compile(block.text, str(DOCUMENT), "exec"), names)  # noqa: S102  # our own text
    return names


@pytest.mark.parametrize("block", of("python"))
def test_python(block: Block) -> None:
    names = run(block)
    for name, one in names.items():
        if name.startswith("test_"):
            one()
    assert any(inspect.isfunction(one) for one in names.values())


def flow(headline: str) -> dict[str, Any]:
    (block,) = [one for one in blocks() if one.headline == headline and one.language == "python"]
    return run(block)


@virtual_time
async def test_the_first_bot() -> None:
    names = flow("Five minutes")
    assert isinstance(names["bot"], Bot)
    async with FakeCall(names["greet"]) as caller:
        await caller.hears("Hello")
        caller.press("7")
        await caller.hears("That was 7")


@virtual_time
async def test_asking_again() -> None:
    got = []

    async def asks(call: Any) -> None:
        await call.answer()
        got.append(await flow("Ask again until an answer makes sense")["number"](call))

    async with FakeCall(asks) as caller:
        await caller.hears("Your number")
        caller.press("12#")
        await caller.hears("not six digits")
        caller.press("123456")
        await caller.ended()
    assert got == ["123456"]


@virtual_time
async def test_connecting_two() -> None:
    async with FakeCall(flow("Connect two people and record both")["connect"]) as caller:
        ann = await caller.dialled("@ann:example.org")
        await ann.answers()
        await ann.waits(5)
        await ann.hangs_up()
        await caller.ended()
    assert len(caller.call.recordings) == 2


@pytest.mark.parametrize("block", of("toml"))
def test_toml(block: Block) -> None:
    parse(block.text, FILES[block.headline], str(DOCUMENT))


def test_yaml_says_what_toml_says() -> None:
    (yaml,) = [one.text for one in blocks() if one.language == "yaml"]
    (toml,) = [one.text for one in blocks() if (one.headline, one.language) == ("Menu", "toml")]
    assert parse(yaml, MenuSettings, "menu.yaml") == parse(toml, MenuSettings, "menu.toml")


def test_commands() -> None:
    assert len(of("python")) >= 5
    assert len(of("toml")) == len(FILES)
    lines = [line for one in blocks() if one.language == "bash" for line in one.text.splitlines()]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("voip ")]
    assert len(commands) >= 2
    group: Any = typer.main.get_command(app)
    for command, *rest in commands:
        group.get_command(None, command).make_context(command, rest)
