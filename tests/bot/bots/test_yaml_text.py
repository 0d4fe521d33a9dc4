"""A bot's file in YAML: it means what it looks like, and mistakes are named with their line."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from voip.bot.bots.file import BotFileError, parse, read
from voip.bot.bots.menu_file import MenuSettings
from voip.bot.bots.voicemail import VoicemailSettings
from voip.bot.bots.yaml_text import QUOTES, YamlText

MENU = """\
languages:
  no: Trykk 1 for norsk.
  en: For English, press 2.
goodbye:
menus:
  main:
    say: {no: Trykk 1., en: Press 1.}
    keys:
      1: {say: {no: 112, en: no}}
      "#": {hang_up: yes}
"""
BEGIN = "menus:\n  main:\n    say: Press 1.\n    keys:\n      1: {hang_up: on}\n"


def test_it_means_what_it_looks_like() -> None:
    menu = parse(MENU, MenuSettings, "menu.yaml")
    assert list(menu.languages) == ["no", "en"]
    assert menu.goodbye is None
    first = menu.menus["main"].keys["1"]
    assert first.say is not None
    assert first.say.root == {"no": "112", "en": "no"}
    assert menu.menus["main"].keys["#"].hang_up


def test_numbers_and_times() -> None:
    text = "max_seconds: 90\ntranscript: off\ngreetings:\n- {from: 18:00, to: 08:30, say: Hello}\n"
    mail = parse(text, VoicemailSettings, "mail.yml")
    assert (mail.max_seconds, mail.transcript) == (90, False)
    assert (mail.greetings[0].begin, mail.greetings[0].end) == (time(18), time(8, 30))


def test_what_is_the_same_is_written_once() -> None:
    text = "menus:\n  main: &main\n    say: Hello\n    keys: {1: {menu: other}}\n  other: *main\n"
    menu = parse(text, MenuSettings, "menu.yaml")
    assert menu.menus["other"] == menu.menus["main"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("inboks: x", "my.yaml, line 1: inboks: there is no such key"),
        (BEGIN + "      12: {hang_up: yes}", "line 6: menus.main.keys.12"),
        (BEGIN + "      2: {}", "line 6: menus.main.keys.2: a key needs one of"),
        (BEGIN + "      2: {menu: sales}", "keys.2 leads to the menu 'sales'"),
        (BEGIN + "      1: {menu: main}", "my.yaml: line 6: 1 is there twice"),
        (BEGIN + "    timeout: soon", "line 6: menus.main.timeout: Input should be a valid number"),
        (BEGIN + "hours: {from: 25:00, closed: main}", "line 6: hours.from: must be a time of"),
        (BEGIN + "      2: {transfer: @ann:example.org}", "line 6: found character '@' that"),
        (BEGIN + "      *: {hang_up: yes}", "line 6: expected alphabetic"),
        (BEGIN + "goodbye: Remember: be good", f"values are not allowed here. {QUOTES}"),
        (BEGIN + "goodbye: !bye now", f"line 6: !bye is not known here. {QUOTES}"),
        (BEGIN + "goodbye: !!python/object/apply:os.getcwd []", "python/object/apply:os.getcwd is"),
        (BEGIN + "? [1, 2]\n: x", "line 6: a key must be a text"),
        ("menus: &a\n  main: *a", "in itself"),
        ("menus: *nobody", "line 1: found undefined alias 'nobody'"),
        ("menus: {", "line 1: "),
        ("a: 1\n---\nb: 2", "line 2: but found another document"),
        ("say: \x00", "a character that YAML forbids"),
        ("[" * 5000, "too deep"),
        ("- a", "my.yaml: Input should be"),
        ("", "my.yaml: menus: it is missing"),
    ],
)
def test_each_mistake_is_named(text: str, said: str) -> None:
    with pytest.raises(BotFileError) as caught:
        parse(text, MenuSettings, "my.yaml")
    assert any(said in problem for problem in caught.value.problems), caught.value.problems


def test_a_short_file_that_is_long() -> None:
    lines = ["a0: &a0 [" + "x, " * 30 + "]"]
    lines += [f"a{n}: &a{n} [" + f"*a{n - 1}, " * 30 + "]" for n in range(1, 10)]
    with pytest.raises(ValueError, match="too much"):
        YamlText("\n".join(lines))


@pytest.mark.parametrize(
    ("where", "line"),
    [
        (("menus", "main", "keys", "1", "say", "no"), 9),
        (("menus", "main", "keys", "7"), 8),
        (("menus", "main", "timeout"), 6),
        (("nothing",), None),
    ],
)
def test_the_line_of_a_key_or_of_its_table(where: tuple[str, ...], line: int | None) -> None:
    assert YamlText(MENU).line_of(where) == line


def test_the_line_of_an_entry_of_a_list() -> None:
    text = YamlText("greetings:\n- say: a\n- from: b\n")
    assert text.line_of(("greetings", 1, "from")) == 3
    assert text.line_of(("greetings", 1, "say")) == 3
    assert text.line_of(("greetings", 7)) == 1


def test_the_ending_of_the_name_says_what_it_is(tmp_path: Path) -> None:
    for name in ("menu.yaml", "menu.yml", "MENU.YAML"):
        (tmp_path / name).write_text(MENU)
        assert "main" in read(tmp_path / name, MenuSettings).menus
    (tmp_path / "menu.toml").write_text(MENU)
    with pytest.raises(BotFileError, match=r"menu\.toml"):
        read(tmp_path / "menu.toml", MenuSettings)
