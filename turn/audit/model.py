"""What an audit finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Verdict(Enum):
    CLOSED = "closed"
    """Tried and refused."""
    OPEN = "OPEN"
    """Tried and done: close it."""
    NOTE = "note"
    """Good to know, and no hole."""
    UNKNOWN = "unknown"
    """It could not be tried, so nothing is proven."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one probe gave."""

    probe: str
    """What was tried, in a few words."""
    verdict: Verdict
    text: str
    """What happened."""
    close: tuple[str, ...] = ()
    """The lines of turnserver.conf that close it."""


@dataclass(slots=True)
class Audit:
    """Everything found about one relay."""

    subject: str
    findings: list[Finding] = field(default_factory=list)
    failure: str | None = None
    """Why the relay could not be audited at all."""

    @property
    def ok(self) -> bool:
        """Every probe was made, and refused."""
        bad = (Verdict.OPEN, Verdict.UNKNOWN)
        return self.failure is None and not any(each.verdict in bad for each in self.findings)
