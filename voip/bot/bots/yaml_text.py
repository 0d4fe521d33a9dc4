"""A bot's file that is written in YAML: its values, and the lines of its keys.

Of YAML's types only text, lists and tables are used, and the schema says what a text stands for:
`1:` is the key "1", `no:` is Norwegian, 09:00 is nine o'clock and not 540, and `hang_up: yes` is
true. (YAML 1.2, 10.1: the failsafe schema; to YAML 1.1 those are a number, false, and sixtieths.)
Nothing is ever constructed from a tag.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import yaml

DEEP: Final = 20
"""Tables within tables; a table that an alias puts into itself is deeper than any."""
NODES_AT_MOST: Final = 100_000
"""Aliases of aliases make a short file long (a "billion laughs")."""
QUOTES: Final = (
    'A text needs quotes where it begins with @, !, *, &, % or `, or has ": " or " #" in it.'
)
_PLAIN: Final = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map")}
_NOTHING: Final = ("", "~", "null")


class YamlText:
    def __init__(self, text: str) -> None:
        """Raises ValueError, which says what is wrong and where."""
        try:
            self._root = yaml.compose(text, Loader=yaml.BaseLoader)
        except yaml.MarkedYAMLError as error:
            raise ValueError(_sentence(error)) from error
        except yaml.reader.ReaderError as error:
            raise ValueError(f"it has a character that YAML forbids: {error.reason}") from error
        except RecursionError as error:
            raise ValueError("its tables are too deep") from error
        self._seen = 0
        self.values: Any = {} if self._root is None else self._value(self._root, 0)

    def line_of(self, where: Sequence[str | int]) -> int | None:
        """The line of a key, or of the innermost table around it; None where it is in neither.
        Entries of lists are counted from 0."""
        line, node = None, self._root
        for step in where:
            found = _entry(node, step)
            if found is None:
                break
            key, node = found
            line = _line(key)
        return line

    def _value(self, node: yaml.Node, depth: int) -> Any:
        self._seen += 1
        if depth > DEEP or self._seen > NODES_AT_MOST:
            raise ValueError(f"line {_line(node)}: there is too much in this, or it is in itself")
        if node.tag not in _PLAIN:
            raise ValueError(f"line {_line(node)}: {node.tag} is not known here. {QUOTES}")
        match node:
            case yaml.MappingNode():
                return self._table(node, depth)
            case yaml.SequenceNode():
                return [self._value(one, depth + 1) for one in node.value]
            case yaml.ScalarNode(style=None, value=value) if value in _NOTHING:
                return None  # without quotes
        return node.value

    def _table(self, node: yaml.MappingNode, depth: int) -> dict[str, Any]:
        table: dict[str, Any] = {}
        for key, value in node.value:
            name = key.value
            if not isinstance(name, str):  # `? [1, 2]`
                raise ValueError(f"line {_line(key)}: a key must be a text. {QUOTES}")  # noqa: TRY004
            if name in table:  # YAML 1.2, 3.2.1.3; the library would take the last
                raise ValueError(f"line {_line(key)}: {name} is there twice")
            table[name] = self._value(value, depth + 1)
        return table


def _entry(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """What has the line, and the value."""
    match node, step:
        case yaml.MappingNode(), str():
            return next((one for one in node.value if one[0].value == step), None)
        case yaml.SequenceNode(), int() if step < len(node.value):
            return node.value[step], node.value[step]
    return None


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _sentence(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    place = "" if mark is None else f"line {mark.line + 1}: "
    return f"{place}{error.problem or error.context or 'it is no YAML'}. {QUOTES}"
