"""The tables of settings in the documents, made from the models, so that the two cannot differ."""

from __future__ import annotations

from enum import Enum
from typing import Any

from pydantic.fields import FieldInfo

from turn.settings_reading import Sources

BEGIN = "<!-- settings: begin -->"
END = "<!-- settings: end -->"


def settings_table(sources: Sources[Any]) -> str:
    """The table as GitHub-flavoured Markdown."""
    rows = [
        f"| `{sources.variable(name)}` | `{name}` | {_default(field)} |"
        f" {_cell(field.description or '')} |"
        for name, field in sources.model.model_fields.items()
    ]
    head = ["| environment | in the file | default | meaning |", "|---|---|---|---|"]
    return "\n".join([*head, *rows])


def with_table(text: str, sources: Sources[Any]) -> str:
    """`text` with what stands between the two markers replaced by the table.

    Raises ValueError where a marker is missing.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the text needs the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{settings_table(sources)}\n{END}{after}"


def _default(field: FieldInfo) -> str:
    value = field.default
    if field.is_required():
        return "needed"
    if value is None or value == () or field.default_factory is not None:
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value.value if isinstance(value, Enum) else value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
