"""Reads compose.yaml as Compose does, as far as it is used there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import yaml

ROOT = Path(__file__).parents[1]
COMPOSE = ROOT / "compose.yaml"
EXAMPLE = ROOT / ".env.example"
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::([?-])([^}]*))?\}|(\$))")


def example() -> dict[str, str]:
    """`.env.example`, with a secret of its own wherever one is to be filled in."""
    lines = [line for line in EXAMPLE.read_text().splitlines() if line and line[0] != "#"]
    values = dict(line.split("=", 1) for line in lines)
    return {name: value or f"filled-in-{name.lower()}-0123456789" for name, value in values.items()}


def variables() -> set[str]:
    """All that compose.yaml asks the environment for."""
    return {found[1] for found in _VARIABLE.finditer(COMPOSE.read_text()) if found[1]}


def compose(values: dict[str, str] | None = None) -> dict[str, Any]:
    """The file as Compose sees it with these values, or the example's. Raises KeyError."""
    return cast("dict[str, Any]", _filled(yaml.safe_load(COMPOSE.read_text()), values or example()))


def _filled(value: Any, environment: dict[str, str]) -> Any:
    match value:
        case dict():
            return {name: _filled(each, environment) for name, each in value.items()}
        case list():
            return [_filled(each, environment) for each in value]
        case str():
            return _VARIABLE.sub(lambda found: _value(found, environment), value)
    return value


def _value(found: re.Match[str], environment: dict[str, str]) -> str:
    if found[4]:
        return "$"  # compose-spec, "Interpolation": two of them stand for one
    if found[2] == "-":
        return environment.get(found[1]) or found[3]
    return environment[found[1]]
