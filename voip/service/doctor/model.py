"""What the doctor finds: for each check a result, a reason, and a remedy where one is needed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Result(StrEnum):
    OK = "ok"
    WARNING = "warning"
    """It works; somebody, or later, may find it does not."""
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not tried; the reason says why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The texts hold no secret."""

    check: str
    result: Result
    reason: str
    remedy: str = ""
    """What to do; empty where there is nothing to do."""
    seconds: float | None = None
    """How long it took."""

    def as_json(self) -> dict[str, object]:
        found: dict[str, object] = {
            "check": self.check,
            "result": self.result.value,
            "reason": self.reason,
        }
        if self.remedy:
            found["remedy"] = self.remedy
        return found if self.seconds is None else found | {"seconds": round(self.seconds, 3)}


def ok(check: str, reason: str, seconds: float | None = None) -> Finding:
    return Finding(check, Result.OK, reason, seconds=seconds)


def warning(check: str, reason: str, remedy: str, seconds: float | None = None) -> Finding:
    return Finding(check, Result.WARNING, reason, remedy, seconds)


def failed(check: str, reason: str, remedy: str) -> Finding:
    return Finding(check, Result.FAILED, reason, remedy)


def skipped(check: str, reason: str) -> Finding:
    return Finding(check, Result.SKIPPED, reason)


def all_well(findings: Iterable[Finding]) -> bool:
    return all(finding.result is not Result.FAILED for finding in findings)
