from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.turn.coturn_process import require_coturn
from turn.coturn.version import CoturnError, Version, installed, parse_options, parse_version


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("4.6.1\n", Version(4, 6, 1)),
        ("4.17.1", Version(4, 17, 1)),
        ("4.7\n", Version(4, 7)),
        ("Version Coturn-4.5.2 'dan Eider'", Version(4, 5, 2)),
        ("turnserver: unknown option", None),
        ("", None),
        ("listening on 192.168.10.1", None),
    ],
)
def test_versions(text: str, version: Version | None) -> None:
    assert parse_version(text) == version


def test_versions_are_in_order() -> None:
    assert Version(4, 6, 1) < Version(4, 7) < Version(4, 17, 1)
    assert str(Version(4, 7)) == "4.7.0"


HELP = """
Usage: turnserver [options]
Options:
 -d, --listening-device	<device-name>		Listener (see --nothing-else).
 --stale-nonce[=<value>]			Use extra security
						for the --forged option
     --no-stun					Option to suppress
 -e, --psql-userdb, --sql-userdb <conn-string>	PostgreSQL
"""


def test_options_of_a_help_are_what_stands_before_the_explanations() -> None:
    expected = {"listening-device", "stale-nonce", "no-stun", "psql-userdb", "sql-userdb"}
    assert parse_options(HELP) == expected


async def test_the_coturn_of_this_machine() -> None:
    require_coturn()
    found = await installed()
    assert found.version >= Version(4, 5, 2)
    assert {"realm", "denied-peer-ip", "use-auth-secret", "no-cli", "userdb"} <= found.options


async def test_without_coturn_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CoturnError, match="--coturn-version"):
        await installed()


async def test_a_program_that_does_not_know_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "turnserver"
    program.touch(0o755)
    program.write_text("#!/bin/sh\necho hello\n")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(CoturnError, match="names no version"):
        await installed()
