"""The fenced blocks of the documents."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_PARTS = re.compile(r"^#+ ([^\n]+)$|^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """Of code, under a headline."""

    document: Path
    line: int
    """Of its first line of code."""
    headline: str
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document.name}:{self.line}"


def blocks(*languages: str, documents: list[Path] = DOCUMENTS) -> list[Block]:
    """All of these languages, in order; of every language where none is named."""
    return [
        block
        for document in documents
        for block in _of(document)
        if not languages or block.language in languages
    ]


def _of(document: Path) -> list[Block]:
    found, headline, text = [], "", document.read_text()
    for match in _PARTS.finditer(text):
        if match[1]:
            headline = match[1]
        else:
            line = text.count("\n", 0, match.start()) + 2
            found.append(Block(document, line, headline, match[2], match[3]))
    return found
