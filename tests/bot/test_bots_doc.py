"""What docs/bots.md shows is run: Python as a module, its flows and tests too; TOML and YAML say
the same. That each block is read as what it is for is in tests/test_docs_blocks.py."""

from __future__ import annotations

import inspect
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.blocks import Block
from tests.blocks import blocks as documented
from voip.bot import Bot
from voip.bot.bots.file import parse
from voip.bot.bots.menu_file import MenuSettings
from voip.bot.testing import FakeCall, virtual_time
from voip.service.cli import app

DOCUMENT = Path(__file__).parents[2] / "docs" / "bots.md"


def blocks(*languages: str) -> list[Block]:
    return documented(*languages, documents=[DOCUMENT])


def of(language: str) -> list[Any]:
    return [pytest.param(one, id=one.headline) for one in blocks(language)]


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
    (block,) = [one for one in blocks("python") if one.headline == headline]
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


def test_yaml_says_what_toml_says() -> None:
    (yaml,) = [one.text for one in blocks("yaml")]
    (toml,) = [one.text for one in blocks("toml") if one.headline == "Menu"]
    assert parse(yaml, MenuSettings, "menu.yaml") == parse(toml, MenuSettings, "menu.toml")


def test_commands() -> None:
    assert len(of("python")) >= 5
    files = [one.headline for one in blocks("toml")]
    assert sorted(files) == ["Bridge-recorder", "Menu", "Voicemail"]
    lines = [line for one in blocks("bash") for line in one.text.splitlines()]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("voip ")]
    assert len(commands) >= 2
    group: Any = typer.main.get_command(app)
    for command, *rest in commands:
        group.get_command(None, command).make_context(command, rest)
