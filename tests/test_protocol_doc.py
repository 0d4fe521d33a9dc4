"""docs/protocol.md: every row names code that exists and a test that exists.

Read from the syntax trees, so that nothing is imported: a row is a promise about the code as it is
written, whatever can run here.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "protocol.md"
NAMED = re.compile(r"([\w/]+\.py)::([\w.]+)")


class Row(NamedTuple):
    line: int
    cells: dict[str, str]
    """By the title of its column."""

    def names(self, column: str) -> list[tuple[str, str]]:
        """The (file, name) pairs of a cell. Raises ValueError where one is misspelt."""
        found = []
        for span in re.findall(r"`([^`]*::[^`]*)`", self.cells[column]):
            match = NAMED.fullmatch(span)
            if match is None:
                raise ValueError(f"line {self.line}: {span} is no name in a file")
            found.append((match[1], match[2]))
        return found


def rows(text: str) -> list[Row]:
    """The rows of every table. Raises ValueError where one has not as many cells as its head."""
    found: list[Row] = []
    head: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("|"):
            head = []
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
        if not head:
            head = cells
        elif set(line) - set("|-: "):
            found.append(Row(number, dict(zip(head, cells, strict=True))))
    return found


@cache
def defined(path: Path) -> frozenset[str]:
    """What a module defines: `function`, `CONSTANT`, `Class`, `Class.method`, `Class.field`."""
    if not path.is_file():
        return frozenset()
    return frozenset(_names(ast.parse(path.read_text()).body, ""))


def _names(body: list[ast.stmt], inside: str) -> list[str]:
    found: list[str] = []
    for node in body:
        match node:
            case ast.ClassDef(name=name, body=inner):
                found += [name, *_names(inner, f"{name}.")]
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.append(inside + name)
            case ast.AnnAssign(target=ast.Name(id=name)):
                found.append(inside + name)
            case ast.Assign(targets=targets):
                names = [each for target in targets for each in ast.walk(target)]
                found += [inside + each.id for each in names if isinstance(each, ast.Name)]
    return found


def problems(row: Row, column: str, folder: str) -> list[str]:
    """What is wrong with a cell that names things in a folder."""
    named = row.names(column)
    if not named:
        return [f"line {row.line}: no {column} is named"]
    return [
        f"line {row.line}: {path}::{name} is not there"
        for path, name in named
        if name not in defined(ROOT / folder / path)
    ]


def problems_of(row: Row) -> list[str]:
    missing = {"clause", "where", "test"} - row.cells.keys()
    if missing:
        return [f"line {row.line}: its table has no column {column}" for column in sorted(missing)]
    tests = [name for _, name in row.names("test") if not name.startswith("test_")]
    return [
        *problems(row, "where", "voip"),
        *problems(row, "test", "tests"),
        *(f"line {row.line}: {name} is no test" for name in tests),
        *(f"line {row.line}: {column} is empty" for column, cell in row.cells.items() if not cell),
    ]


ROWS = rows(DOCUMENT.read_text())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.line))
def test_a_row_names_code_and_a_test_that_exist(row: Row) -> None:
    assert problems_of(row) == []


def test_every_deviation_has_its_reason() -> None:
    deviations = [row for row in ROWS if "why" in row.cells]
    assert len(deviations) >= 30
    assert len(ROWS) - len(deviations) >= 60


def test_the_contents_list_every_section() -> None:
    text = DOCUMENT.read_text()
    titles = re.findall(r"^## (?!Contents$)(.+)$", text, re.MULTILINE)
    anchors = [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles]
    listed = re.findall(r"^- \[(.+)\]\(#(.+)\)", text, re.MULTILINE)
    assert listed == list(zip(titles, anchors, strict=True))


GOOD = """| clause | what we do | where | test |
|---|---|---|---|
| a | b | `signalling/states.py::State.HELD` | `test_protocol_doc.py::test_a_wrong_row_is_noticed` |
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("test_a_wrong_row_is", "test_no_such_row_is", "is not there"),
        ("test_protocol_doc.py", "test_nowhere.py", "is not there"),
        ("`test_protocol_doc.py::test_a_wrong_row_is_noticed`", "none", "no test is named"),
        ("::test_a_wrong_row_is_noticed", "::problems_of", "is no test"),
        ("State.HELD", "State.LOST", "is not there"),
        ("| a ", "| ", "clause is empty"),
        ("| test |\n", "| proof |\n", "no column test"),
    ],
)
def test_a_wrong_row_is_noticed(old: str, new: str, said: str) -> None:
    (row,) = rows(GOOD)
    assert problems_of(row) == []
    (row,) = rows(GOOD.replace(old, new))
    assert said in " ".join(problems_of(row))
