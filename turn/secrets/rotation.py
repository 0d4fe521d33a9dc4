"""How one shared secret replaces another while credentials of both are about. Pure.

Theory of operation. An issuer signs with one secret; a relay accepts several. What an issuer
knows is up to `spread` seconds old, and what it has signed is valid for up to `lifetime` seconds.
A credential is never refused if

1. the new secret is ADDED, and accepted from then on, while the old one still signs;
2. after `spread`, when every issuer and relay has seen it, the new one is PROMOTED: it signs;
3. after `spread + lifetime`, when whoever had not noticed has, and the last credential signed
   with the old one is over, the old one is REMOVED.

    STEADY --add--> SPREADING --promote--> RETIRING --remove--> STEADY

Each step is one atomic commit to the place that holds the secrets, on the condition that nobody
else has made a step since we looked; so a rotation can be killed between any two, and carried on
from anywhere by anybody. A wait begins only when somebody has SEEN that the step before is
committed (STAMPED): a process may be stopped for an hour between its decision and its commit, and
a time taken before would have let the wait end an hour early.

Secrets are named by their fingerprints here, so that a state can be shown and logged.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from enum import Enum

from turn.secrets.model import Secrets, SecretsUnavailable

FINGERPRINT_LENGTH = 12


class Phase(Enum):
    STEADY = "steady"
    SPREADING = "spreading"
    """The new secret is accepted, and on its way to every issuer and relay."""
    RETIRING = "retiring"
    """The new secret signs; the old one is accepted until nothing that it signed is valid."""


class Did(Enum):
    """What a step has done, in the words of the command line."""

    ADDED = "added"
    PROMOTED = "promoted"
    REMOVED = "removed"
    STAMPED = "stamped"
    ABANDONED = "abandoned"
    """Somebody took away the secret that the rotation was about."""
    HURRIED = "hurried"


@dataclass(frozen=True, slots=True)
class Pace:
    """What the waits have to cover, in seconds."""

    spread: int
    """The oldest view of the secrets that an issuer or a relay may act on."""
    lifetime: int
    """The longest that any credential is signed for, not just advertised."""

    def __post_init__(self) -> None:
        if self.spread < 0 or self.lifetime < 0:
            raise ValueError("a rotation's waits cannot be negative")


AT_ONCE = Pace(0, 0)
"""For a secret that has leaked: what it has signed stops working."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """What is kept beside the secrets, and no more is needed to carry on."""

    phase: Phase
    signing: str
    """The fingerprint of the secret that issuers sign with."""
    fresh: str | None = None
    """While SPREADING: the one that will sign."""
    retiring: str | None = None
    """While RETIRING: the one that will go."""
    since: int | None = None
    """Unix time at which somebody saw that this phase had begun; None: nobody has."""
    pace: Pace = AT_ONCE
    """Of this rotation; whoever carries it on keeps to it."""

    def __post_init__(self) -> None:
        if (self.fresh is not None) != (self.phase is Phase.SPREADING):
            raise ValueError("a fresh secret belongs to the phase of spreading alone")
        if (self.retiring is not None) != (self.phase is Phase.RETIRING):
            raise ValueError("a retiring secret belongs to the phase of retiring alone")

    def due(self) -> int | None:
        """Unix time of the next step; None while nobody has stamped the phase, and when STEADY."""
        if self.since is None or self.phase is Phase.STEADY:
            return None
        wait = self.pace.spread
        if self.phase is Phase.RETIRING:
            wait += self.pace.lifetime
        return self.since + wait


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A place that holds secrets, at one moment."""

    values: tuple[str, ...]
    """What relays accept. The first one signs where no rotation says otherwise."""
    rotation: Rotation | None = None

    def __repr__(self) -> str:  # a log line with the values in it would be a leak
        return f"Snapshot({len(self.values)} values, {self.rotation})"

    def value_of(self, print_: str | None) -> str | None:
        """The secret that has this fingerprint, if it is there."""
        return next((value for value in self.values if fingerprint(value) == print_), None)


@dataclass(frozen=True, slots=True)
class Change:
    """One commit: the next state, with at most one secret that comes and one that goes."""

    did: Did
    rotation: Rotation
    add: str | None = None
    remove: str | None = None

    def __repr__(self) -> str:
        return f"Change({self.did.name}, {self.rotation})"


@dataclass(frozen=True, slots=True)
class Wait:
    until: int
    """Unix time."""


def fingerprint(secret: str) -> str:
    """Names a secret without telling it, if it is as long as a secret should be."""
    return hashlib.sha256(secret.encode()).hexdigest()[:FINGERPRINT_LENGTH]


def by_fingerprint(values: set[str]) -> tuple[str, ...]:
    """An order that every reader of a place without an order agrees on."""
    return tuple(sorted(values, key=lambda value: (fingerprint(value), value)))


def secrets_of(snapshot: Snapshot, where: str) -> Secrets:
    """What an issuer or a relay makes of a snapshot: everybody of the same one, the same.

    :raises SecretsUnavailable: there are none.
    """
    if not snapshot.values:
        raise SecretsUnavailable(
            f"{where} holds no shared secret yet: make the first with matrix-turn rotate"
        )
    return Secrets(_signing(snapshot), snapshot.values)


def begin(snapshot: Snapshot, fresh: str, pace: Pace) -> Change:
    """The first step of a rotation to ``fresh``, or the very first secret of all.

    :raises ValueError: a rotation is under way, or ``fresh`` is there already.
    """
    if snapshot.rotation is not None and snapshot.rotation.phase is not Phase.STEADY:
        raise ValueError("a rotation is under way: carry it on")
    if fresh in snapshot.values:
        raise ValueError("the new secret is there already: take another")
    new = fingerprint(fresh)
    if not snapshot.values:
        return Change(Did.ADDED, Rotation(Phase.STEADY, new), add=fresh)
    signing = fingerprint(_signing(snapshot))
    return Change(Did.ADDED, Rotation(Phase.SPREADING, signing, fresh=new, pace=pace), add=fresh)


def advance(snapshot: Snapshot, now: int) -> Change | Wait | None:
    """The next step, or until when to wait for it; None when no rotation is under way."""
    rotation = snapshot.rotation
    if rotation is None or rotation.phase is Phase.STEADY:
        return None
    signs_next = rotation.fresh or rotation.signing
    if snapshot.value_of(signs_next) is None and snapshot.values:
        left = Rotation(Phase.STEADY, fingerprint(_signing(snapshot)))
        return Change(Did.ABANDONED, left)
    due = rotation.due()
    if due is None or rotation.since is None or rotation.since > now:
        # A stamp from the future was made by a clock that was fast. The phase had begun by then,
        # so to wait from now is safe.
        return Change(Did.STAMPED, replace(rotation, since=now))
    if now < due:
        return Wait(due)
    if rotation.phase is Phase.SPREADING:
        promoted = Rotation(
            Phase.RETIRING, signs_next, retiring=rotation.signing, pace=rotation.pace
        )
        return Change(Did.PROMOTED, promoted)
    gone = snapshot.value_of(rotation.retiring)
    return Change(Did.REMOVED, Rotation(Phase.STEADY, rotation.signing), remove=gone)


def hurry(snapshot: Snapshot) -> Change | None:
    """Take the waits out of the rotation that is under way; None where there is nothing to do."""
    rotation = snapshot.rotation
    if rotation is None or rotation.phase is Phase.STEADY or rotation.pace == AT_ONCE:
        return None
    return Change(Did.HURRIED, replace(rotation, pace=AT_ONCE))


def _signing(snapshot: Snapshot) -> str:
    rotation = snapshot.rotation
    if rotation is None:
        return snapshot.values[0]
    chosen = snapshot.value_of(rotation.signing)
    if chosen is not None:
        return chosen
    # Somebody took the signing secret away by hand. All that are left are accepted; the fresh
    # one comes last, since not everybody may have seen it.
    last = [value for value in snapshot.values if fingerprint(value) == rotation.fresh]
    return [*(value for value in snapshot.values if value not in last), *last][0]
