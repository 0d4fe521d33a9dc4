"""What is wrong with a bot's own file is said with its line and its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from voip.bot.bots.bridge_recorder import BridgeSettings
from voip.bot.bots.file import BotFileError, Strict, parse, read
from voip.bot.bots.menu_file import MenuSettings
from voip.bot.bots.toml_text import TomlText
from voip.bot.bots.voicemail import VoicemailSettings

MENU = """
languages = { en = "For English, press 1." }

[menus.main]
say = "Press 1."

[menus.main.keys]
1 = { say = "One." }
"""


def problems(text: str, model: type[Strict]) -> list[str]:
    with pytest.raises(BotFileError) as caught:
        parse(text, model, "my.toml")
    return caught.value.problems


@pytest.mark.parametrize(
    ("text", "model", "said"),
    [
        ("inbox = 1 1", VoicemailSettings, "my.toml: Expected newline or end of document after"),
        ("inboks = '!a:b'", VoicemailSettings, "line 1: inboks: there is no such key"),
        ("\nmax_seconds = 0", VoicemailSettings, "line 2: max_seconds: Input should be greater"),
        ("timezone = 'Mars/North'", VoicemailSettings, "line 1: timezone: must be a time zone"),
        (
            "[[greetings]]\nsay = 'a'\n[[greetings]]\nfrom = '25:00'\nsay = 'b'",
            VoicemailSettings,
            "line 4: greetings[2].from: must be a time of the day",
        ),
        ("[[greetings]]\nfrom = 9\nsay = 'a'", VoicemailSettings, "must be a time of the day"),
        ("[[greetings]]\nfrom = '9:00'", VoicemailSettings, "line 1: greetings[1].say: it is miss"),
        (
            "[[greetings]]\nsay = './nothing.ogg'",
            VoicemailSettings,
            "line 2: greetings[1].say: looks like the path of a sound file",
        ),
        ("[[greetings]]\nsay='a'\ndays=['sun', 'sunday']", VoicemailSettings, "line 3: greetings"),
        ("call = 'bob'", BridgeSettings, "line 1: call: String should match pattern"),
        ("", BridgeSettings, "my.toml: call: it is missing"),
        (MENU + "2 = { menu = 'sales' }", MenuSettings, "menus.main.keys.2 leads to the menu 'sal"),
        (MENU + "12 = { menu = 'main' }", MenuSettings, "line 9: menus.main.keys.12"),
        (MENU + "2 = {}", MenuSettings, "line 9: menus.main.keys.2: a key needs one of"),
        (
            MENU + "2 = { menu = 'main', hang_up = true }",
            MenuSettings,
            "line 9: menus.main.keys.2: a key does one of",
        ),
        (
            MENU.replace('"Press 1."', '{ de = "Eins." }'),
            MenuSettings,
            "menus.main.say has no text for en",
        ),
        (
            MENU + "[hours]\nclosed = 'night'",
            MenuSettings,
            "hours.closed leads to the menu 'night'",
        ),
    ],
)
def test_each_mistake_is_named(text: str, model: type[Strict], said: str) -> None:
    assert any(said in problem for problem in problems(text, model)), problems(text, model)


def test_all_mistakes_are_said_at_once() -> None:
    assert len(problems("max_seconds = 0\nmin_seconds = -1\nx = 1", VoicemailSettings)) == 3


@pytest.mark.parametrize(
    ("where", "line"),
    [
        (("menus", "main", "keys", "1", "say"), 8),
        (("menus", "main", "keys", "7"), 7),
        (("menus", "main", "say"), 5),
        (("menus", "main", "timeout"), 4),
        (("nothing",), None),
    ],
)
def test_the_line_of_a_key_or_of_its_table(where: tuple[str, ...], line: int | None) -> None:
    assert TomlText(MENU).line_of(where) == line


def test_files_that_cannot_be_read_say_so(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"say = '\xff'")
    (tmp_path / "long").write_bytes(b"#" * 2_000_000)
    for name, said in (("nothing", "cannot be read"), ("latin", "UTF-8"), ("long", "megabyte")):
        with pytest.raises(BotFileError, match=said):
            read(tmp_path / name, VoicemailSettings)
