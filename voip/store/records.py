"""What the journal holds, as plain data. Times are Unix seconds of the wall clock: they are read
by the next process, which has another monotonic clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from voip.signalling.ids import CallKey


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


@dataclass(frozen=True, slots=True)
class JournaledCall:
    """A call that was live when it was last heard of: enough to hang it up after a crash."""

    key: CallKey
    party_id: str
    """Our own: the hangup must come from the party that the peer knows."""
    direction: Direction
    peer_user_id: str
    bot: str
    """Which bot has the call, or the command that placed it."""
    version: str = "1"
    """`"0"` or `"1"`: a version 0 peer is hung up on without party_id and reason."""
    peer_party_id: str | None = None
    folder: str | None = None
    """The folder's name under `recordings/`, so that the data folder may be moved."""
    began: float = 0.0
    """Set by the journal."""


@dataclass(frozen=True, slots=True)
class PendingSend:
    """An event that may or may not have reached the homeserver. Sending it again under the same
    `txn_id` is idempotent (client-server API, "Transaction identifiers")."""

    key: CallKey
    txn_id: str
    room_id: str
    type: str
    content: Mapping[str, object]
    """In the clear, also for encrypted rooms."""
    began: float = 0.0
    """Set by the journal."""


@dataclass(frozen=True, slots=True)
class Post:
    """One recording on its way into its room. (folder, file) is posted exactly once."""

    folder: str
    file: str
    room_id: str
    txn_id: str
    done: bool = False
