"""Which metrics the dashboard and the alert rules name, and which a scrape has."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

FOLDER = Path(__file__).parents[2] / "docs" / "grafana"
METRIC = re.compile(r"\b((?:voip|process)_[a-z0-9_]+)\b")
TYPE = re.compile(r"^# TYPE (\S+) (\S+)$", re.MULTILINE)


def expressions() -> list[str]:
    """Every query of the dashboard and of the alert rules."""
    board = json.loads((FOLDER / "voip.json").read_text())
    found = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    found += [variable["query"]["query"] for variable in board["templating"]["list"][1:]]
    groups = yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
    return found + [rule["expr"] for group in groups for rule in group["rules"]]


def named() -> set[str]:
    return {name for text in expressions() for name in METRIC.findall(text)}


def scraped(text: str) -> set[str]:
    """The names that a query may use."""
    names = set()
    for name, kind in TYPE.findall(text):
        names.add(name)
        if kind == "histogram":
            names |= {f"{name}_bucket", f"{name}_sum", f"{name}_count"}
    return names
