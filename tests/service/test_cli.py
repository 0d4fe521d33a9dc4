"""The command line: its help, its quickness, its exit statuses for wrong input."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from voip.service.cli import app
from voip.service.running import Exit

COMMANDS = [
    "announce",
    "bot",
    "call",
    "check-config",
    "demo",
    "doctor",
    "outbox",
    "page",
    "recordings",
    "trace",
    "turn",
    "verify",
]
ONES = ["announce", "bot", "call", "check-config", "demo", "doctor", "page", "trace", "verify"]
OF_RECORDINGS = ["list", "show", "repair", "export", "expire", "decrypt"]
OF_OUTBOX = ["list", "show", "retry", "give-up"]
HEAVY = {"aiortc", "av", "nio", "numpy", "aiohttp", "pydantic", "rich"}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("VOIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def help_of(*words: str) -> str:
    result = CliRunner().invoke(app, [*words, "--help"])
    assert result.exit_code == 0
    return result.output


def test_help_lists_the_commands() -> None:
    text = help_of()
    assert all(f"  {command} " in text for command in COMMANDS)


@pytest.mark.parametrize(
    "words",
    [
        *([one] for one in ONES),
        *(["recordings", one] for one in OF_RECORDINGS),
        *(["outbox", one] for one in OF_OUTBOX),
    ],
    ids=" ".join,
)
def test_every_command_has_examples_that_parse(words: list[str]) -> None:
    lines = help_of(*words).partition("Example:")[2].splitlines()
    examples = [shlex.split(line) for line in lines if "voip " in line and line.startswith("    ")]
    assert examples
    command = typer.main.get_command(app)
    for word in words:
        command = command.get_command(None, word)  # type: ignore[attr-defined]  # it is a group
    for example in examples:
        rest = example[example.index("voip") + 1 :]
        assert rest[: len(words)] == words
        command.make_context(words[-1], rest[len(words) :])


def test_help_lists_what_can_be_done_with_recordings() -> None:
    text = help_of("recordings")
    assert all(f"  {command} " in text for command in OF_RECORDINGS)


def test_help_does_not_wait_for_heavy_libraries() -> None:
    script = f"import sys, voip.service.cli; print(sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["call", "ann"], "must be a user"),
        (["call", "@ann:example.org", "--play", "missing.ogg"], "no sound file"),
        (["call", "@ann:example.org", "--say", " "], "nothing to say"),
        (["call", "@ann:example.org", "--record", "x.mp3"], "end in .ogg"),
        (["call", "@ann:example.org", "--say", "x", "--play", "y"], "exclude each other"),
        (["call", "@ann:example.org"], "VOIP_HOMESERVER"),
        (["bot"], "VOIP_HOMESERVER"),
        (["bot", "--config", "missing.toml"], "no settings file missing.toml"),
        (["check-config"], "VOIP_HOMESERVER"),
        (["page"], "name a --homeserver"),
        (["page", "--homeserver", "matrix.example.org"], "starts with https://"),
        (["demo", "--smoke", "--lan"], "leave the others out"),
        (["demo", "--port", "80"], "1024"),
        (["trace", "--list", "3f2a"], "exclude each other"),
        (["trace", "--json", "--html", "x.html"], "exclude each other"),
        (["trace", "--config", "missing.toml"], "no settings file missing.toml"),
        (["recordings", "list", "--config", "missing.toml"], "no settings file missing.toml"),
        (["recordings", "repair", "--config", "missing.toml"], "no settings file missing.toml"),
    ],
)
def test_wrong_input_is_told_and_tries_nothing(arguments: list[str], told: str) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == Exit.WRONG_INPUT
    assert told in result.stderr
    assert result.stdout == ""


def test_a_program_gets_its_reason_as_json() -> None:
    result = CliRunner().invoke(app, ["call", "ann", "--json"])
    assert result.exit_code == Exit.WRONG_INPUT
    told = json.loads(result.stdout)
    assert told["ok"] is False
    assert "must be a user" in told["reason"]


@pytest.mark.parametrize("arguments", [["bot"], ["call", "@ann:example.org", "--json"]])
def test_a_homeserver_that_refuses_connections_ends_it(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nobody listens on port 1; the data folder is used, so it is the real start that fails."""
    environment = os.environ | {
        "VOIP_HOMESERVER": "http://127.0.0.1:1",
        "VOIP_USER_ID": "@bot:example.org",
        "VOIP_PASSWORD": "s3cr3t",
        "VOIP_DATA_DIR": str(tmp_path / "data"),
    }
    script = (
        "import voip.matrix.settings as s, voip.service.translation as t\n"
        "from dataclasses import replace\n"
        "usual = t.matrix_settings\n"
        "t.matrix_settings = lambda settings: replace(usual(settings), start_timeout=0.2)\n"
        "from voip.service.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == Exit.FAILED
    assert "did not answer" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "s3cr3t" not in done.stdout + done.stderr
