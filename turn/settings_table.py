"""The table of settings in docs/turn.md, made from the model, so that the two cannot differ.

`python -m turn.settings_table docs/turn.md` writes it anew.
"""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path

from pydantic.fields import FieldInfo

from turn.settings import Settings
from turn.settings_sources import variable

BEGIN = "<!-- settings: begin -->"
END = "<!-- settings: end -->"


def settings_table() -> str:
    """The table as GitHub-flavoured Markdown."""
    rows = [
        f"| `{variable(name)}` | {_default(field)} | {_cell(field.description or '')} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| environment | default | meaning |", "|---|---|---|", *rows])


def with_table(text: str) -> str:
    """`text` with what stands between the two markers replaced by the table.

    Raises ValueError where a marker is missing.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the text needs the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{settings_table()}\n{END}{after}"


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is None or value == () or field.default_factory is not None:
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value.value if isinstance(value, Enum) else value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(with_table(path.read_text()))
