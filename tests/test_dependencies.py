"""Every dependency has its line in docs/dependencies.md, and copyleft ones are extras only."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
NAME = re.compile(r"[A-Za-z0-9_.-]+")


def names(requirements: list[str]) -> list[str]:
    return [match.group() for each in requirements if (match := NAME.match(each))]


ALL = names(PROJECT["dependencies"]) + [name for extra in EXTRAS.values() for name in names(extra)]


@pytest.mark.parametrize("name", ALL)
def test_it_is_in_the_document(name: str) -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text()
    assert re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)


@pytest.mark.parametrize("name", names(PROJECT["dependencies"]))
def test_no_copyleft_is_needed_to_answer_calls(name: str) -> None:
    said = metadata(name)
    licence = said.get("License-Expression") or said.get("License") or ""
    classifiers = [each for each in said.get_all("Classifier") or [] if "License ::" in each]
    text = " ".join([licence.partition("\n")[0], *classifiers])
    assert text.strip(), "no licence is stated: look, and say so in docs/dependencies.md"
    assert not re.search(r"\bA?GPL|General Public", text)
