"""`voip announce`: what is wrong with its options, its report, and one call for real."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from turn.settings_reading import SettingsError
from voip.bot.bots.announce import Outcome, Told
from voip.service.announce_command import (
    AnnounceOptions,
    _report,
    announce_command,
    announcement_of,
    people_of,
)
from voip.service.running import Exit

OPTIONS = AnnounceOptions(
    people=("@ann:example.org",),
    people_file=None,
    play=None,
    say="The server is down.",
    confirm="1",
    tries=3,
    pause=60,
    ring=40,
    at_once=5,
    machines=False,
    json=True,
)
REPORT = [
    Told("@ann:example.org", Outcome.CONFIRMED, 1),
    Told("@bob:example.org", Outcome.FAILED, 3, "there is no such user"),
]


def test_people_come_from_the_command_and_from_a_list(tmp_path: Path) -> None:
    file = tmp_path / "people.txt"
    file.write_text("# on call\n@bob:example.org  # until Monday\n\n@carol:example.org\n")
    people = people_of(replace(OPTIONS, people_file=file))
    assert people == ["@ann:example.org", "@bob:example.org", "@carol:example.org"]
    file.write_text("@bob:example.org\n\nbob\n")
    with pytest.raises(SettingsError, match=r"people.txt, line 3: must be a whole Matrix id"):
        people_of(replace(OPTIONS, people_file=file))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"people": ()}, "nobody to call"),
        ({"people": ("bob",)}, "whole Matrix id"),
        ({"people_file": Path("nothing.txt")}, "cannot be read"),
        ({"confirm": "12"}, "by one key"),
        ({"say": None, "play": Path("nothing.ogg")}, "no sound file"),
    ],
)
def test_wrong_options_are_said_and_nobody_is_called(
    wrong: dict[str, object], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("espeakng_loader")
    assert announce_command(replace(OPTIONS, **wrong), None) is Exit.WRONG_INPUT  # type: ignore[arg-type]
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert said in told["reason"]


def test_the_message_asks_for_the_key_by_its_name() -> None:
    pytest.importorskip("espeakng_loader")
    assert "star key" in repr(announcement_of(replace(OPTIONS, confirm="*")).prompt)
    assert announcement_of(replace(OPTIONS, confirm="")).prompt is None


def test_the_report_is_a_line_of_json_or_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    _report(OPTIONS, REPORT)
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert told["people"][1] == {
        "user_id": "@bob:example.org",
        "outcome": "failed",
        "tries": 3,
        "detail": "there is no such user",
    }
    _report(replace(OPTIONS, json=False), REPORT)
    table = capsys.readouterr().out
    assert "@ann:example.org" in table
    assert "confirmed" in table
