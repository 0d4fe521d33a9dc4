"""How much script the page loads, as it is sent: compressed with gzip."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from pathlib import Path

KB = 1000
STATIC_IMPORT = re.compile(r'(?:from|import)\s*"(\./[^"]+\.js)"')
ENTRY = re.compile(r'src="\./(assets/[^"]+\.js)"')
OTHER_LANGUAGE = re.compile(r"^(first|client)-(?!en-)[a-z]{2}-")
CRYPTOGRAPHY = re.compile(r"crypto|^qrcode-")
"""The codes that devices verify each other's keys by belong to it."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """In KB (1,000 bytes)."""

    first_paint: float
    """The script that index.html names, what that imports, and the first sentences."""
    everything: float
    """All script of one language but for cryptography."""


def measure(page: Path) -> Sizes:
    """Of a built page."""
    assets = page / "assets"
    entry = ENTRY.search((page / "index.html").read_text())
    if entry is None:
        raise ValueError(f"{page / 'index.html'} names no script")
    first = _with_imports(page / entry[1]) | set(assets.glob("first-en-*.js"))
    all_script = [
        path
        for path in assets.glob("*.js")
        if not OTHER_LANGUAGE.match(path.name) and not CRYPTOGRAPHY.search(path.name)
    ]
    return Sizes(_compressed(first), _compressed(all_script))


def _with_imports(path: Path) -> set[Path]:
    found, left = set(), [path.resolve()]
    while left:
        script = left.pop()
        if script not in found:
            found.add(script)
            names = STATIC_IMPORT.findall(script.read_text())
            left += [(script.parent / name).resolve() for name in names]
    return found


def _compressed(paths: set[Path] | list[Path]) -> float:
    return sum(len(gzip.compress(path.read_bytes(), mtime=0)) for path in paths) / KB
