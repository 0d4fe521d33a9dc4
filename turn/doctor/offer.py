"""What a homeserver offers, judged as a whole: lifetime, clocks, and what is missing. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from turn.client.messages import Login
from turn.client.uri import RelayUri, Transport, UriError, parse_uri
from turn.doctor.causes import Cause
from turn.doctor.judge import duration, expiry_of
from turn.doctor.model import Finding, Step, ok, warning

SHORTEST_TTL = 3600
"""Seconds; some clients ask once a process, some late, some fail when it ends within a call."""
SKEW = 30.0
"""Seconds that clocks may differ: HTTP dates are whole seconds, and the answer takes a while."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The answer to a user who asks for relays."""

    uris: tuple[str, ...]
    login: Login
    ttl: float | None
    """Seconds that the homeserver says the credential lives."""


def judge_clock(ahead: float, took: float) -> Finding:
    """``ahead``: how many seconds the homeserver's clock is before ours."""
    if abs(ahead) > SKEW + took:
        side = "ahead of" if ahead > 0 else "behind"
        text = f"its clock is {duration(abs(ahead))} {side} this machine's"
        return warning(Step.HOMESERVER, text, Cause.CLOCK_SKEW)
    return ok(Step.HOMESERVER, "its clock and this machine's agree")


def judge_lifetime(offer: Offer, now: float) -> list[Finding]:
    """``now`` is Unix time, seconds."""
    if offer.ttl is None:
        return [warning(Step.HOMESERVER, "its answer has no ttl", Cause.TTL_SHORT)]
    findings = []
    expiry = expiry_of(offer.login.username)
    if expiry is not None and expiry - now < offer.ttl - SKEW:
        left = duration(max(0, expiry - now))
        text = f"it says {duration(offer.ttl)}, and the credential ends in {left}"
        findings.append(warning(Step.HOMESERVER, text, Cause.TTL_BEYOND))
    if offer.ttl < SHORTEST_TTL:
        text = f"its credentials live {duration(offer.ttl)} only"
        findings.append(warning(Step.HOMESERVER, text, Cause.TTL_SHORT))
    return findings or [ok(Step.HOMESERVER, f"its credentials live {duration(offer.ttl)}")]


def judge_uris(offer: Offer) -> list[Finding]:
    """What the list lacks for users on strict networks."""
    relays = [uri for uri in _parsed(offer.uris) if uri.relays]
    secure = [uri for uri in relays if uri.transport is Transport.TLS]
    findings = []
    if not secure:
        findings.append(warning(Step.HOMESERVER, "no turns: URI over TCP", Cause.NO_TLS_URI))
    elif not any(uri.port == 443 for uri in secure):
        findings.append(warning(Step.HOMESERVER, "no turns: URI on port 443", Cause.NO_PORT_443))
    return findings


def judge_families(addresses: Iterable[str]) -> Finding:
    """Of everything that the relays' names resolved to."""
    if any(":" in address for address in addresses):
        return ok(Step.HOMESERVER, "a relay has an IPv6 address")
    return warning(Step.HOMESERVER, "no relay has an IPv6 address", Cause.NO_IPV6)


def _parsed(uris: Iterable[str]) -> Iterable[RelayUri]:
    for uri in uris:
        try:
            yield parse_uri(uri)
        except UriError:
            continue  # its own row of the table says so
