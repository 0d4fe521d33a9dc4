"""What a check finds: steps, verdicts, and a cause for everything that is not in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from turn.doctor.causes import Cause, remedy


class Step(Enum):
    """In the order in which a call needs them."""

    HOMESERVER = "homeserver"
    URI = "uri"
    CREDENTIAL = "credential"
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    BINDING = "binding"
    CHALLENGE = "challenge"
    ALLOCATE = "allocate"
    RELAY_ADDRESS = "relay-address"
    PERMISSION = "permission"
    ECHO = "echo"
    LATENCY = "latency"


class Verdict(Enum):
    OK = "ok"
    WARNING = "warning"
    """Works here and now; somebody else, or later, may fail."""
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not tried; the text says why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one step gave. The texts hold no secret and no address of a client."""

    step: Step
    verdict: Verdict
    text: str
    cause: Cause | None = None
    """Why, where the verdict is a warning or a failure."""
    address: str | None = None
    """Of the relay, where its name has several."""
    seconds: float | None = None
    """How long the step took."""

    @property
    def remedy(self) -> str | None:
        """What to do about it."""
        return None if self.cause is None else remedy(self.cause)


@dataclass(slots=True)
class Report:
    """Everything found about one URI (or about the list of them), while and after it is checked."""

    subject: str
    findings: list[Finding] = field(default_factory=list)
    done: bool = False

    @property
    def failure(self) -> Finding | None:
        """The first step that failed."""
        return next((each for each in self.findings if each.verdict is Verdict.FAILED), None)

    @property
    def ok(self) -> bool:
        return self.done and self.failure is None


def ok(step: Step, text: str, seconds: float | None = None) -> Finding:
    return Finding(step, Verdict.OK, text, seconds=seconds)


def warning(step: Step, text: str, cause: Cause, seconds: float | None = None) -> Finding:
    return Finding(step, Verdict.WARNING, text, cause, seconds=seconds)


def failed(step: Step, text: str, cause: Cause, seconds: float | None = None) -> Finding:
    return Finding(step, Verdict.FAILED, text, cause, seconds=seconds)


def skipped(step: Step, text: str) -> Finding:
    return Finding(step, Verdict.SKIPPED, text)
