"""`voip check-config`: the settings in effect, and what is wrong or doubtful about them."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from voip.service.announcement import announcement_problems
from voip.service.running import Exit
from voip.service.settings import Settings
from voip.service.settings_sources import SettingsError, load_settings, warnings


@dataclass(slots=True)
class Findings:
    """What was found; `ok` is whether a bot could start with it."""

    settings: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems


def check_command(config: Path | None, *, as_json: bool) -> Exit:
    """Check, print, and say whether a bot could start."""
    findings = check(config)
    if as_json:
        _write(json.dumps({"ok": findings.ok} | _parts(findings), default=str))
    else:
        _print(findings)
    return Exit.DONE if findings.ok else Exit.WRONG_INPUT


def check(config: Path | None) -> Findings:
    """Everything that can be found out without the network."""
    findings = Findings()
    try:
        settings = load_settings(config)
        findings.warnings += warnings(config)
    except SettingsError as error:
        findings.problems += error.problems
        return findings
    findings.settings = shown(settings)
    findings.problems += _data_dir_problems(settings.data_dir)
    findings.problems += announcement_problems(settings)
    return findings


def shown(settings: Settings) -> dict[str, Any]:
    """The settings as they may be seen: of a secret, only that it is there."""
    values: dict[str, Any] = {}
    for name in Settings.model_fields:
        value = getattr(settings, name)
        values[name] = "(set)" if isinstance(value, SecretStr) else value
    return values | {"allow": list(settings.allowed)}


def _data_dir_problems(data_dir: Path) -> list[str]:
    """Whether recordings could be kept there; nothing is made."""
    there = data_dir.absolute()
    while not there.exists():
        there = there.parent
    if not there.is_dir():
        return [f"VOIP_DATA_DIR is {data_dir}, and {there} is no folder: name another one"]
    if not os.access(there, os.W_OK | os.X_OK):
        return [f"VOIP_DATA_DIR is {data_dir}, and this user may not write in {there}"]
    return []


def _parts(findings: Findings) -> dict[str, Any]:
    parts = {"problems": findings.problems, "warnings": findings.warnings}
    return parts | {"settings": findings.settings}


def _print(findings: Findings) -> None:
    width = max(map(len, findings.settings), default=0)
    for name, value in findings.settings.items():
        text = ", ".join(value) if isinstance(value, list) else value
        _write(f"{name:<{width}}  {'-' if text is None else text}")
    for warning in findings.warnings:
        _write(f"warning: {warning}", to_stderr=True)
    for problem in findings.problems:
        _write(f"error: {problem}", to_stderr=True)


def _write(text: str, *, to_stderr: bool = False) -> None:
    (sys.stderr if to_stderr else sys.stdout).write(f"{text}\n")
