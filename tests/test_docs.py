"""What the documents point at exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from voip.service.cli import app

ROOT = Path(__file__).parents[1]
FOLDERS = ("voip", "turn", "static/src", "tests", "docs", "benchmarks", "tools", "examples")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def name(document: Path) -> str:
    return document.name


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_links_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)", document.read_text())
    missing = [
        target
        for target in targets
        if "://" not in target and not (document.parent / target).exists()
    ]
    assert missing == []


def slugs(document: Path) -> set[str]:
    """The anchors that a forge makes of the headlines."""
    text = re.sub(r"^```.*?^```$", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_anchors_lead_to_a_headline(document: Path) -> None:
    links = re.findall(r"\]\(([\w./-]*)#([^)]+)\)", document.read_text())
    missing = [
        f"{file}#{anchor}"
        for file, anchor in links
        if anchor not in slugs(document.parent / file if file else document)
    ]
    assert missing == []


def test_the_files_that_architecture_names_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    named = set(re.findall(r"`((?:\w+/)*\w+\.(?:py|tsx|md|yaml))`", text))
    assert len(named) > 20
    known = {path for folder in FOLDERS for path in (ROOT / folder).rglob("*.*")}
    ends = [f"/{path.relative_to(ROOT)}" for path in known]
    assert [
        each for each in sorted(named) if not any(end.endswith(f"/{each}") for end in ends)
    ] == []


def test_the_commands_of_the_readme_parse() -> None:
    lines = re.findall(r"^(voip .+)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(lines) >= 3
    group = typer.main.get_command(app)
    for line in lines:
        _, command, *rest = shlex.split(line)
        one = group.get_command(None, command)  # type: ignore[attr-defined]  # it is a group
        one.make_context(command, rest)


def test_the_targets_of_the_readme_exist() -> None:
    named = set(re.findall(r"\bmake ([a-z-]+)", (ROOT / "README.md").read_text()))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"run", "test"} <= named <= targets
