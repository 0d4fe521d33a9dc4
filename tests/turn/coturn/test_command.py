"""`matrix-turn config` as a person uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.turn.coturn.plans import SECRET
from turn.cli import app


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    file = tmp_path / "secrets"
    file.touch(0o600)
    file.write_text(f"{SECRET}\n")
    return file


def run(*options: str | Path) -> Result:
    return CliRunner().invoke(app, ["config", *map(str, options)])


@pytest.mark.parametrize("command", ["config", "rotate"])
def test_the_help_shows_an_example_that_can_be_typed(command: str) -> None:
    text = CliRunner().invoke(app, [command, "--help"], terminal_width=100).stdout
    assert f"Example:\n    matrix-turn {command} --" in text


def good(secrets: Path) -> list[str]:
    options = ["--realm", "turn.example.org", "--secrets", f"file:{secrets}"]
    return [*options, "--external-ip", "8.8.4.4", "--coturn-version", "4.17.1"]


def test_printed_without_the_secret(secrets: Path) -> None:
    done = run(*good(secrets))
    assert done.exit_code == 0
    assert "realm=turn.example.org" in done.stdout.splitlines()
    assert SECRET not in done.output


def test_written_for_its_owner_alone_and_checked(secrets: Path, tmp_path: Path) -> None:
    file = tmp_path / "turnserver.conf"
    done = run(*good(secrets), "--output", file)
    assert done.exit_code == 0, done.output
    assert SECRET not in done.output
    assert f"static-auth-secret={SECRET}" in file.read_text().splitlines()
    assert file.stat().st_mode & 0o777 == 0o600
    assert "nothing that is unsafe" in run("--check", file, "--coturn-version", "4.17.1").stdout


def test_what_is_there_is_not_replaced_unless_told(secrets: Path, tmp_path: Path) -> None:
    file = tmp_path / "turnserver.conf"
    file.write_text("mine\n")
    file.chmod(0o644)
    done = run(*good(secrets), "-o", file)
    assert done.exit_code == 2
    assert "is there already" in done.stderr
    assert file.read_text() == "mine\n"
    assert run(*good(secrets), "-o", file, "--force").exit_code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secrets", "turnserver.conf"]


def test_decisions_as_json(secrets: Path, tmp_path: Path) -> None:
    done = run(*good(secrets), "--json", "-o", tmp_path / "conf")
    answer = json.loads(done.stdout)
    assert answer["coturn"] == "4.17.1"
    assert SECRET not in done.output
    hidden = [one for one in answer["decisions"] if one["option"] == "static-auth-secret"]
    assert [one["value"] for one in hidden] == [None]
    assert all(one["why"] for one in answer["decisions"])


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    done = run(
        *["--secrets", f"file:{tmp_path / 'none'}", "--external-ip", "10.0.0.1"],
        *["--allowed-peer", "10.0.0.0/8", "--listening-ip", "here", "--relay-ports", "many"],
        *["--cert", "x", "--redis-statsdb", "x", "--coturn-version", "4.6.1"],
        *["-o", str(tmp_path / "conf")],
    )
    assert done.exit_code == 2
    complaints = done.stderr.splitlines()
    assert all(line.startswith("matrix-turn: ") for line in complaints)
    for words in [
        *["holds no shared secret yet", "the realm is missing", "does not reach"],
        *["coturn reads no prefixes", "no address to listen at", "no range of ports"],
        *["give --cert and --key", "redis-statsdb needs a URL"],
    ]:
        assert sum(words in line for line in complaints) == 1, words
    assert not (tmp_path / "conf").exists()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [("short\n", "fewer than 32 characters"), (f"{SECRET}'\n", "coturn may misread")],
)
def test_secrets_that_are_none(secrets: Path, content: str, complaint: str) -> None:
    secrets.write_text(content)
    done = run(*good(secrets))
    assert done.exit_code == 2
    assert complaint in done.stderr
    assert content.strip() not in done.output


def test_a_file_of_secrets_that_others_can_read(secrets: Path) -> None:
    secrets.chmod(0o644)
    assert "chmod 600" in run(*good(secrets)).stderr


def test_a_version_that_is_none_and_an_owner_who_is_none(secrets: Path, tmp_path: Path) -> None:
    assert "is no version of coturn" in run(*good(secrets), "--coturn-version", "new").stderr
    done = run(*good(secrets), "-o", tmp_path / "conf", "--owner", "nobody-at-all")
    assert "there is no user nobody-at-all" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secrets"]


def test_offline_looks_at_nothing(tmp_path: Path) -> None:
    done = run(
        *["--realm", "turn.example.org", "--external-ip", "8.8.4.4", "--coturn-version", "4.17.1"],
        *["--secrets", "postgresql://turn:hunter2@db.invalid/turn", "--offline"],
        *["--cert", "/nowhere/chain.pem", "--key", "/nowhere/key.pem"],
        *["-o", str(tmp_path / "conf")],
    )
    assert done.exit_code == 0, done.stderr
    assert "hunter2" not in done.output
    lines = (tmp_path / "conf").read_text().splitlines()
    assert "psql-userdb=postgresql://turn:hunter2@db.invalid/turn" in lines
    assert "pkey=/nowhere/key.pem" in lines


def test_a_check_of_what_is_unsafe(tmp_path: Path) -> None:
    file = tmp_path / "turnserver.conf"
    file.write_text("no-auth\nstatic-auth-secret=hunter2\n")
    file.chmod(0o644)
    done = run("--check", file)
    assert done.exit_code == 1
    assert f"unsafe  {file}:1: no-auth" in done.stdout
    assert "chmod 640" in done.stdout
    answer = json.loads(run("--check", file, "--json").stdout)
    assert {"level": "unsafe", "line": 1} in [
        {"level": one["level"], "line": one["line"]} for one in answer["findings"]
    ]
    assert "hunter2" not in done.output
    assert run("--check", tmp_path / "none").exit_code == 1
