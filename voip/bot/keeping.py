"""What is kept of calls, where, how long, and how people agree to that: the operator's policy.

Pure: settings in, decisions out. `consent.py` asks and tells, `erasing.py` deletes, `deliveries.py`
sends copies.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from voip.delivery.storage.s3 import S3Settings
from voip.delivery.webhooks import WebhookSettings


class ConsentBy(StrEnum):
    """How the other side agrees to being recorded."""

    STAYING = "staying"
    """It hears the announcement and the tone, and stays."""
    DIGIT = "digit"
    """It presses 1, or nothing is recorded."""


@dataclass(frozen=True, slots=True)
class Policy:
    """For the calls of one person in one room."""

    consent: ConsentBy = ConsentBy.STAYING
    notice: bool = True
    """Whether the room is told that a call is recorded, and who joins it meanwhile."""
    post: bool = True
    """Whether recordings are posted into the room."""
    store: bool = True
    """Whether recordings are copied into the storage targets."""
    retention: float | None = None
    """Seconds after the beginning of a call after which all copies are deleted; None: never."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What is different for some rooms or people."""

    changes: Mapping[str, Any]
    """Fields of `Policy`."""
    room: str | None = None
    """A room id, where `*` stands for anything; None: every room."""
    user: str | None = None
    """The same of the other side's user id."""

    def applies(self, room_id: str, user_id: str) -> bool:
        return _matches(self.room, room_id) and _matches(self.user, user_id)


@dataclass(frozen=True, slots=True)
class KeepingSettings:
    policy: Policy = field(default_factory=Policy)
    rules: tuple[Rule, ...] = ()
    folder: Path | None = None
    """A storage target on disk."""
    s3: S3Settings | None = None
    key: bytes | None = field(default=None, repr=False)
    """With which copies in storage targets are sealed; None: they are not."""
    webhook: WebhookSettings | None = None

    def policy_of(self, room_id: str, user_id: str) -> Policy:
        """Later rules win over earlier ones."""
        policy = self.policy
        for rule in self.rules:
            if rule.applies(room_id, user_id):
                policy = replace(policy, **rule.changes)
        return policy

    @property
    def asks_anybody(self) -> bool:
        """Whether there may be a call in which consent is asked for."""
        asked = [self.policy.consent, *(rule.changes.get("consent") for rule in self.rules)]
        return ConsentBy.DIGIT in asked

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of the storage targets."""
        named = (("disk", self.folder), ("s3", self.s3))
        return tuple(name for name, settings in named if settings is not None)


def _matches(pattern: str | None, text: str) -> bool:
    """`*` alone is special: room ids may have brackets in them (IPv6 server names)."""
    if pattern is None:
        return True
    parts = (re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(".*".join(parts), text, re.DOTALL) is not None
