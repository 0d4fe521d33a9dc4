"""Every way in which a request ends without credentials: one table, whatever the shape."""

from __future__ import annotations

from dataclasses import dataclass

from turn.askers.model import BadToken, HomeserverSlow, HomeserverUnreachable, NotAllowed
from turn.issuing import BadRequest
from turn.keys.store import KeyStoreError
from turn.limits.model import LimitsUnavailable, Reached
from turn.secrets.model import SecretsUnavailable


class MissingToken(Exception):
    """Nothing in the request says who asks. The text says what would."""


class NotHere(Exception):
    """Whoever asks may do so, and what they name is not there for them."""


class CannotRevoke(Exception):
    """No relay is connected that could end an allocation before its time."""


class LimitReached(Exception):
    """A rate or a quota."""

    def __init__(self, reached: Reached) -> None:
        super().__init__(f"the {reached.limit} of credentials is reached: ask again later")
        self.reached = reached


class TooManyFailures(Exception):
    """Too many tokens that nobody knows came from the client's address."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(
            "too many requests from your address had tokens that are not known: ask again later"
        )
        self.retry_after = retry_after
        """Seconds."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is said to whoever asked."""

    status: int
    errcode: str
    """Of the Matrix specification; `reason` is the metric's label."""
    reason: str
    text: str
    retry_after: float | None = None
    """Seconds."""


@dataclass(frozen=True, slots=True)
class _Kind:
    status: int
    errcode: str
    reason: str
    text: str | None = None
    """Said in place of the error's own, which is for the operator."""


UNASKED = "your homeserver cannot be asked who you are at the moment: ask again later"
BUSY = "credentials cannot be given out at the moment: ask again"
KINDS: dict[type[Exception], _Kind] = {
    BadRequest: _Kind(400, "M_INVALID_PARAM", "bad_request"),
    MissingToken: _Kind(401, "M_MISSING_TOKEN", "no_token"),
    BadToken: _Kind(401, "M_UNKNOWN_TOKEN", "bad_token"),
    # matrix-js-sdk stops asking for good after a 403: only where asking again is of no use.
    NotAllowed: _Kind(403, "M_FORBIDDEN", "not_allowed"),
    NotHere: _Kind(404, "M_NOT_FOUND", "not_found"),
    # 502 and 504, not 401: operators need to tell a bad token from a homeserver that is away.
    HomeserverUnreachable: _Kind(502, "M_UNKNOWN", "homeserver_unreachable", UNASKED),
    HomeserverSlow: _Kind(504, "M_UNKNOWN", "homeserver_slow", UNASKED),
    CannotRevoke: _Kind(501, "M_UNRECOGNIZED", "cannot_revoke"),
    LimitsUnavailable: _Kind(503, "M_UNKNOWN", "limits_unavailable", BUSY),
    SecretsUnavailable: _Kind(503, "M_UNKNOWN", "secrets_unavailable", BUSY),
    KeyStoreError: _Kind(503, "M_UNKNOWN", "keys_unavailable", BUSY),
}
OURS = _Kind(500, "M_UNKNOWN", "internal", "something went wrong here, and it was logged")
"""For an error that nobody thought of."""


def refusal_of(error: Exception) -> Refusal:
    """What to say about an error."""
    if isinstance(error, LimitReached):
        # Client-server API, "Rate limiting": 429, never 403.
        reached = error.reached
        return Refusal(
            429, "M_LIMIT_EXCEEDED", reached.limit.value, str(error), reached.retry_after
        )
    if isinstance(error, TooManyFailures):
        return Refusal(429, "M_LIMIT_EXCEEDED", "failures", str(error), error.retry_after)
    kind = next((KINDS[each] for each in type(error).__mro__ if each in KINDS), OURS)
    return Refusal(kind.status, kind.errcode, kind.reason, kind.text or str(error))
