"""README's table of settings is the model's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from voip.service.settings import Settings
from voip.service.settings_table import BEGIN, END, settings_table, with_table

ROOT = Path(__file__).parents[2]


def test_every_setting_has_a_row_and_a_meaning() -> None:
    rows = settings_table().splitlines()[2:]
    assert len(rows) == len(Settings.model_fields)
    for name, row in zip(Settings.model_fields, rows, strict=True):
        cells = [cell.strip() for cell in row.strip("|").split(" | ")]
        assert cells[:2] == [f"`VOIP_{name.upper()}`", f"`{name}`"]
        assert len(cells[3]) > 20


def test_the_text_around_the_table_stays() -> None:
    text = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert with_table(text) == f"before\n{BEGIN}\n{settings_table()}\n{END}\nafter\n"
    with pytest.raises(ValueError, match="needs the lines"):
        with_table("nothing")


def test_readme_is_up_to_date() -> None:
    text = (ROOT / "README.md").read_text()
    assert with_table(text) == text, "run: python tools/write_settings_table.py"


def test_the_deployment_sets_only_what_exists() -> None:
    text = (ROOT / "compose.yaml").read_text()
    set_there = set(re.findall(r"^ +(VOIP_[A-Z_]+):", text, re.MULTILINE))
    assert set_there
    assert set_there <= {f"VOIP_{name.upper()}" for name in Settings.model_fields}
