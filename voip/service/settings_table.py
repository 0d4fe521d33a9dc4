"""README's table of settings, made from the model, so that the two cannot differ."""

from __future__ import annotations

from enum import Enum

from pydantic.fields import FieldInfo

from voip.service.settings import Settings
from voip.service.settings_sources import variable

BEGIN = "<!-- settings: begin -->"
END = "<!-- settings: end -->"


def settings_table() -> str:
    """The table as GitHub-flavoured Markdown."""
    rows = [
        f"| `{variable(name)}` | `{name}` | {_default(field)} | {_cell(field.description or '')} |"
        for name, field in Settings.model_fields.items()
    ]
    head = ["| environment | in the file | default | meaning |", "|---|---|---|---|"]
    return "\n".join([*head, *rows])


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
    if field.is_required():
        return "needed"
    if value is None:
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value.value if isinstance(value, Enum) else value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
