"""Code in docstrings: what is indented below an empty line is shown as it stands.

For people who read the source that is enough; reStructuredText would make a quotation of it, and
flow its lines together.
"""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx


def with_code(lines: list[str]) -> list[str]:
    """The lines of a docstring, its code marked."""
    found: list[str] = []
    inside = False
    for number, line in enumerate(lines):
        before = lines[number - 1] if number else "text"
        if line.strip() and not line.startswith(" "):
            inside = False
        elif line.startswith("    ") and not before.strip() and not inside:
            inside = True
            if not _last_text(found).endswith("::"):
                found += [".. code-block:: python", ""]
        found.append(line)
    return found


def _last_text(lines: list[str]) -> str:
    return next((line.rstrip() for line in reversed(lines) if line.strip()), "")


def mark_code(  # noqa: PLR0917 - Sphinx gives all of it
    app: Sphinx, what: str, name: str, thing: object, options: Any, lines: list[str]
) -> None:
    lines[:] = with_code(lines)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("autodoc-process-docstring", mark_code)
    return {"parallel_read_safe": True}
