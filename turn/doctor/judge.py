"""What the facts that a step brought mean. Pure: the clock is the caller's."""

from __future__ import annotations

import ipaddress
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from turn.client.errors import (
    ErrorResponse,
    Malformed,
    NameFailed,
    NameFault,
    NoAnswer,
    RelayError,
    TlsFault,
    Unreachable,
)
from turn.client.tls import CertificateFacts
from turn.doctor.causes import Cause
from turn.doctor.model import Finding, Step, failed, ok, skipped, warning

CERTIFICATE_DAYS = 14
SOON = 600
"""Seconds: what lives no longer than this is gone before a call has ended."""
SLOW = 0.3
"""Seconds through the relay and back: ITU-T G.114's 150 ms one way."""
EARLIEST_EXPIRY, LATEST_EXPIRY = 10**9, 10**11
"""A username's number outside this is no Unix time in seconds."""
MAX_REALM = 127  # characters; RFC 8489 section 14.9
BY_CODE = {
    300: Cause.ALTERNATE,
    401: Cause.CREDENTIAL_REFUSED,
    403: Cause.FORBIDDEN,
    441: Cause.QUOTA,
    486: Cause.QUOTA,
    508: Cause.CAPACITY,
}
BY_TLS_FAULT = {
    TlsFault.EXPIRED: Cause.TLS_EXPIRED,
    TlsFault.NOT_YET_VALID: Cause.TLS_NOT_YET_VALID,
    TlsFault.WRONG_NAME: Cause.TLS_WRONG_NAME,
    TlsFault.UNKNOWN_ISSUER: Cause.TLS_UNKNOWN_ISSUER,
    TlsFault.SELF_SIGNED: Cause.TLS_SELF_SIGNED,
    TlsFault.OTHER_CERTIFICATE: Cause.TLS_CERTIFICATE,
    TlsFault.NO_TLS: Cause.TLS_NONE,
}


class Scope(IntEnum):
    """From how far away an address can be reached."""

    NOWHERE = 0
    LOOPBACK = 1
    LINK = 2
    PRIVATE = 3
    PUBLIC = 4


def scope_of(address: str) -> Scope:
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        return scope_of(str(ip.ipv4_mapped))
    if ip.is_unspecified or ip.is_multicast:
        return Scope.NOWHERE
    if ip.is_loopback:
        return Scope.LOOPBACK
    if ip.is_link_local:
        return Scope.LINK
    return Scope.PUBLIC if ip.is_global else Scope.PRIVATE


def relay_address(server: str, relayed: str) -> Finding:
    """Whether peers can reach what the relay gave out; ``server`` is where we reached it."""
    step, scope = Step.RELAY_ADDRESS, scope_of(relayed)
    family = f"IPv{ipaddress.ip_address(relayed).version}"
    if scope is Scope.PUBLIC:
        return ok(step, f"{relayed}, {family}, public")
    if scope is Scope.NOWHERE or scope < min(scope_of(server), Scope.PUBLIC):
        kind = "no address of a machine" if scope is Scope.NOWHERE else "not public"
        text = f"{relayed} is {kind}, though the relay is reached at {server}"
        return failed(step, text, Cause.RELAY_ADDRESS_PRIVATE)
    text = f"{relayed}, {family}, is not public: only for callers of the same network"
    return warning(step, text, Cause.RELAY_ADDRESS_LOCAL)


@dataclass(frozen=True, slots=True)
class Times:
    """What clocks said; all in seconds."""

    now: float
    """Unix time here."""
    homeserver_ahead: float | None = None
    """How far the homeserver's clock is ahead of ours, where we know it."""


def expiry_of(username: str) -> int | None:
    """When a time-limited username ends (Unix time, seconds); None for one without an end.

    coturn reads the number before the colon, or the whole of it (draft-uberti-behave-turn-rest).
    """
    # Relays look on either side of the colon; Matrix homeservers write the number first.
    for part in username.split(":"):
        if part.isascii() and part.isdigit() and EARLIEST_EXPIRY < int(part[:20]) < LATEST_EXPIRY:
            return int(part)
    return None


def credential(username: str, times: Times) -> Finding:
    expiry = expiry_of(username)
    step = Step.CREDENTIAL
    if expiry is None:
        return ok(step, "it has no end of its own: a fixed user of the relay's")
    left = expiry - times.now
    if left <= 0:
        return failed(step, f"it expired {duration(-left)} ago", Cause.CREDENTIAL_EXPIRED)
    text = f"valid for {duration(left)}; after that the relay refuses new allocations"
    if left < SOON:
        return warning(step, text, Cause.CREDENTIAL_EXPIRES_SOON)
    return ok(step, text)


def taken(findings: Sequence[Finding]) -> list[Finding]:
    """The findings after the relay took the credential: what it takes has not expired there."""
    text = "by this machine's clock it has expired, and the relay takes it: a clock is wrong"
    return [
        warning(Step.CREDENTIAL, text, Cause.CLOCK_SKEW)
        if each.step is Step.CREDENTIAL and each.cause is Cause.CREDENTIAL_EXPIRED
        else each
        for each in findings
    ]


def allocate_failure(error: RelayError, username: str, times: Times) -> Finding:
    """Why the relay gave nothing."""
    step = Step.ALLOCATE
    if not isinstance(error, ErrorResponse):
        return way_failure(step, error)
    expiry = expiry_of(username)
    if error.code == 401 and expiry is not None and expiry <= times.now:
        text = f"the relay refuses the credential ({error}), which has expired"
        return failed(step, text, Cause.CREDENTIAL_EXPIRED)
    cause = BY_CODE.get(error.code, Cause.ALLOCATE_REFUSED)
    return failed(step, f"the relay says {error}", cause)


def name_failure(host: str, error: NameFailed) -> Finding:
    unknown = error.fault is NameFault.UNKNOWN
    cause = Cause.NAME_UNKNOWN if unknown else Cause.NAME_SERVERS
    return failed(Step.DNS, f"{host}: {error}", cause)


def tls_failure(fault: TlsFault, reason: str) -> Finding:
    return failed(Step.TLS, reason, BY_TLS_FAULT[fault])


def certificate(facts: CertificateFacts, now: float) -> Finding:
    days = facts.days_left(now)
    text = f"{facts.version}, chain and name are good, {days} days left"
    if days < CERTIFICATE_DAYS:
        return warning(Step.TLS, text, Cause.TLS_EXPIRES_SOON)
    return ok(Step.TLS, text)


def way_failure(step: Step, error: RelayError) -> Finding:
    """The packets did not get there, or something else answered."""
    if isinstance(error, Unreachable):
        cause = Cause.NOTHING_LISTENS if error.refused else Cause.UNREACHABLE
    elif isinstance(error, NoAnswer):
        # TCP was accepted: what listens there waits for something else than a TLS handshake.
        cause = Cause.TLS_NONE if step is Step.TLS else Cause.NO_ANSWER
    elif isinstance(error, Malformed):
        cause = Cause.NOT_STUN
    elif isinstance(error, ErrorResponse):
        cause = Cause.BINDING_REFUSED if step is Step.BINDING else Cause.ALLOCATE_REFUSED
    else:
        cause = Cause.NOT_STUN  # it ended a connection on which we said nothing wrong
    return failed(step, str(error), cause)


def challenge(realm: str, seconds: float) -> Finding:
    if len(realm) > MAX_REALM:
        text = f"the realm has {len(realm)} characters; 127 are the most"
        return warning(Step.CHALLENGE, text, Cause.REALM, seconds)
    return ok(Step.CHALLENGE, f"401 with realm {printable(realm)} and a nonce", seconds)


def latency(direct: Sequence[float], relayed: Sequence[float]) -> Finding:
    """Medians of round trips, in seconds."""
    if not direct:
        return skipped(Step.LATENCY, "not measured: the relay answers no Binding")
    there = statistics.median(direct)
    text = f"{milliseconds(there)} to the relay and back"
    if not relayed:
        return ok(Step.LATENCY, text, there)
    through = statistics.median(relayed)
    text = f"{text}, {milliseconds(through)} through it"
    if through > SLOW:
        return warning(Step.LATENCY, text, Cause.SLOW, through)
    return ok(Step.LATENCY, text, through)


def printable(text: str) -> str:
    """Of what a stranger sent: fit for a terminal, and short."""
    shown = "".join(letter for letter in text if letter.isprintable())
    return shown if len(shown) <= 60 else shown[:59] + "…"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms"


def duration(seconds: float) -> str:
    """In the two largest units that are not nought, for people."""
    whole = round(seconds)
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    parts = []
    for name, size in units:
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or "less than 1 s"
