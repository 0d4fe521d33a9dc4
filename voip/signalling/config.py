"""How long a call waits and how much it keeps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CallConfig:
    """All durations in seconds."""

    invite_lifetime: float = 90.0
    """How long our invites ring; MSC2746 recommends at least 90 s."""
    late_invite: float = 2.0
    late_settles: float = 1.0
    """An invite that comes so late rings after so long: what else is late may end it unheard."""
    longest_lifetime: float = 600.0
    """A peer's lifetime counts up to this, so that what it makes us keep is bounded."""
    prepare_timeout: float = 20.0
    """How long the media edge may take for an offer or an answer."""
    negotiate_lifetime: float = 60.0
    """How long the other side has to answer an offer of ours in the middle of a call."""
    clock_slack: float = 10.0
    """By how much the ages that two homeservers give may be apart."""
    connect_timeout: float = 30.0
    """From the answer to media that flows."""
    batch_after_invite: float = 2.0
    batch_after_answer: float = 0.5
    """How long local candidates are gathered into one event ("Voice over IP", batching)."""
    max_unanswered: int = 64
    """Inbound calls that wait for an answer at the same time; more are ignored."""
    max_tombstones: int = 10_000
    tombstone_seconds: float = 3600.0
    """How long an ended call is remembered, so that what comes late is known to be late."""
    max_early_calls: int = 64
    """Calls of which candidates or a hangup may be kept before their invite comes."""
    max_early_parties: int = 8
    """Parties of one call whose candidates are kept before an answer is chosen."""
    max_parties: int = 16
    """Parties of one call whose device key is remembered."""
    max_early_candidates: int = 128
    """Candidates kept for one party; browsers send far fewer."""
    early_seconds: float = 60.0
