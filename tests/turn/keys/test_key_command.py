"""`matrix-turn key`, as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from turn.cli import app
from turn.keys.model import parse_key
from turn.keys.store import KeyStore


@pytest.fixture(autouse=True)
def _a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TURN_KEYS_FILE", "keys.db")


def key(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["key", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_made_listed_rotated_revoked() -> None:
    made = key("make", "meet", "--rate", "600/m", "--quota", "5000/d", "--region", "eu")
    assert made[0] == 0
    first = parse_key(made[1].strip())
    assert first is not None, "the key alone is on stdout"
    assert "once" in made[2]
    status, text, _ = key("rotate", "meet", "--overlap", "12h", "--json")
    rotated = json.loads(text)
    assert (status, parse_key(rotated["key"]) is not None) == (0, True)
    listed = json.loads(key("list", "--json")[1])
    assert [each["name"] for each in listed] == ["meet"]
    assert [one["valid"] for one in listed[0]["keys"]] == [True, True]
    assert (listed[0]["rate"], listed[0]["regions"]) == ("600/m", ["eu"])
    everything = key("list")[1] + json.dumps(listed)
    assert first.secret not in everything
    assert key("revoke", first.id)[:2] == (0, f"the key {first.id} of meet has ended\n")
    assert "removed" in key("revoke", "meet")[1]
    assert json.loads(key("list", "--json")[1]) == []


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["make", ""], "name"),
        (["make", "x", "--rate", "often"], "30/m"),
        (["make", "x", "--ttl", "9000", "--longest-ttl", "8000"], "--longest-ttl"),
        (["make", "x", "--id-prefix", "a:b"], "--id-prefix"),
        (["make", "x", "--origin", "https://x.org/path"], "--origin"),
        (["make", "x", "--region", "e u"], "--region"),
        (["rotate", "x", "--overlap", "soon"], "--overlap"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(arguments: list[str], why: str) -> None:
    status, _, text = key(*arguments)
    assert (status, why in text) == (2, True)
    assert not Path("keys.db").exists()


def test_who_is_not_there() -> None:
    assert key("list")[0] == 1
    key("make", "meet")
    status, _, text = key("revoke", "other")
    assert (status, "key list" in text) == (1, True)
    assert len(KeyStore(Path("keys.db")).holders()) == 1


def test_without_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TURN_KEYS_FILE")
    status, _, text = key("list")
    assert (status, "TURN_KEYS_FILE" in text) == (2, True)


@pytest.mark.parametrize("command", ["make", "list", "rotate", "revoke"])
def test_help_has_an_example(command: str) -> None:
    assert "Example:" in key(command, "--help")[1]
