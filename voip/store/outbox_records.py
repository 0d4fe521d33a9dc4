"""What the outbox holds, as plain data. Times are Unix seconds of the wall clock: the next process
reads them, which has another monotonic clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

Fields: TypeAlias = Mapping[str, Any]
"""What can be written as JSON."""


class Kind(StrEnum):
    """What is to leave, and where to."""

    POST = "post"
    """A recording, into its room."""
    NOTICE = "notice"
    """A text, into a room."""
    REDACTION = "redaction"
    """Takes a post out of its room again."""
    COPY = "copy"
    """A file of a call, into a storage target."""
    ERASURE = "erasure"
    """Takes a copy out of its target again."""
    WEBHOOK = "webhook"


class State(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    GIVEN_UP = "given_up"
    """Not delivered, and `problem` says why. It stays until somebody looks at it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Something to be delivered exactly once."""

    kind: Kind
    key: str
    """The same thing has the same key: it is written down once, however often it is put."""
    lane: str
    """Where it goes. Entries of one lane leave one after the other."""
    payload: Fields = field(repr=False)
    maybe_sent: float | None = None
    """When an earlier process may have sent it without our knowing whether it arrived."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A draft that was written down, and how far its delivery has come."""

    seq: int
    id: str
    """Made of the key. Transaction id, mark in the room's event, id of the webhook: what makes a
    second delivery known as one."""
    kind: Kind
    key: str
    lane: str
    payload: Fields = field(repr=False)
    state: State
    began: float
    since: float
    """From when its age counts: as `began`, until it is tried anew by hand."""
    not_before: float
    attempts: int = 0
    """Failures in a row."""
    sent: float | None = None
    """When it may first have arrived: the request left, and nothing is known of the answer."""
    progress: Fields = field(default_factory=dict, repr=False)
    """What has been achieved and need not be done again, as its handler knows it."""
    problem: str | None = None
    """Of the last failure, in words for a person."""
    result: str | None = None
    """The event's id, the object's name."""
    ended: float | None = None
