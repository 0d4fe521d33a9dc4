"""Every dependency has its line in docs/dependencies.md, and copyleft ones are extras only."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import files, metadata
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


def licence_file(name: str) -> str:
    """The head of the licence file that a package brings; empty where it brings none."""
    found = [file for file in files(name) or () if file.name.startswith("LICENSE")]
    return found[0].read_text()[:200] if found else ""


@pytest.mark.parametrize("name", names(PROJECT["dependencies"]))
def test_no_copyleft_is_needed_to_answer_calls(name: str) -> None:
    said = metadata(name)
    # Of the free-text field only the first line: some paste the whole licence there.
    stated = [(said.get_all(key) or [""])[0] for key in ("License-Expression", "License")]
    classifiers = [each for each in said.get_all("Classifier") or [] if "License ::" in each]
    text = " ".join([*(each.partition("\n")[0] for each in stated), *classifiers])
    if not text.strip():
        text = licence_file(name)
    assert text.strip(), "no licence is stated: look, and say so in docs/dependencies.md"
    assert not re.search(r"\bA?GPL|General Public", text)
