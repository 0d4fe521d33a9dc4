"""`turnserver.conf` from a plan: every line with the reason why it is there. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from turn.coturn.plan import DatabaseSecrets, Plan, PlanError, StaticSecrets, problems
from turn.coturn.version import NO_HOLES_IN_RULES, OLDEST, Version, must_turn_off
from turn.peers import dash_ranges

HIDDEN = "(hidden)"


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of the file."""

    option: str
    value: str | None
    why: str
    secret: bool = False
    """The value must not be shown, nor be in a file that others can read."""

    def __repr__(self) -> str:
        return f"Decision({self.shown()})"

    def line(self) -> str:
        return self.option if self.value is None else f"{self.option}={self.value}"

    def shown(self) -> str:
        return f"{self.option}={HIDDEN}" if self.secret else self.line()


def decisions(plan: Plan, version: Version) -> tuple[Decision, ...]:
    """The lines of the file for that version of coturn, in order.

    :raises PlanError: what would be unsafe; nothing is decided then.
    """
    wrong = problems(plan)
    if version < OLDEST:
        wrong.append(
            f"no configuration makes coturn {version} safe (CVE-2020-26262 among others): update to"
            f" {OLDEST} or newer"
        )
    if wrong:
        raise PlanError(wrong)
    return (
        *_identity(plan),
        *_addresses(plan),
        *_encryption(plan, version),
        *_limits(plan),
        *_surface(version),
        *_peers(plan),
        *_operation(plan),
    )


def warnings(plan: Plan, version: Version) -> list[str]:
    """What is safe as written, and still worth a thought."""
    found = []
    if version < NO_HOLES_IN_RULES:
        found.append(
            f"coturn {version} has known holes (CVE-2026-27624 among them); the peer rules here"
            f" close that one, and an update to {NO_HOLES_IN_RULES} or newer closes the others"
        )
    if plan.tls is None:
        found.append("without TLS, networks that let only HTTPS out cannot reach the relay")
    if isinstance(plan.secrets, StaticSecrets):
        found.append(
            "secrets in the file are read when coturn starts: to rotate them while it runs, keep"
            " them in a database (--secrets sqlite:PATH, postgresql:// or redis://)"
        )
    if min(plan.port, plan.tls_port) < 1024:
        found.append("ports below 1024 need root or CAP_NET_BIND_SERVICE when coturn starts")
    return found


def render(lines: tuple[Decision, ...], version: Version, *, with_secrets: bool) -> str:
    """The text of the file. Without secrets, their lines are comments: a relay that was started
    with it would accept nobody, rather than everybody who has read this."""
    text = [f"# For coturn {version}, written by matrix-turn config; change it there, not here."]
    reason = ""
    for decision in lines:
        if decision.why != reason:
            reason = decision.why
            text += ["", f"# {reason}"]
        if decision.secret and not with_secrets:
            text.append(f"# {decision.option}=...  is left out here: write it with --output FILE")
        else:
            text.append(decision.line())
    return "\n".join([*text, ""])


def _identity(plan: Plan) -> Iterator[Decision]:
    why = "Credentials that expire, signed with a shared secret"
    yield Decision("use-auth-secret", None, why)
    yield Decision("realm", plan.realm, why)
    if isinstance(plan.secrets, DatabaseSecrets):
        one = plan.secrets
        yield Decision(one.option, one.value, why, secret=one.has_password)
    else:
        for value in plan.secrets.values:
            yield Decision("static-auth-secret", value, why, secret=True)
    why = "A nonce that was seen by somebody is worth nothing ten minutes later"
    yield Decision("stale-nonce", "600", why)
    yield Decision("fingerprint", None, "Tells STUN from other packets on the same port")


def _addresses(plan: Plan) -> Iterator[Decision]:
    why = "Where clients come in, and where relayed packets leave"
    for address in plan.listening:
        yield Decision("listening-ip", str(address), why)
    for address in plan.listening:
        yield Decision("relay-ip", str(address), why)
    yield Decision("listening-port", str(plan.port), why)
    for one in plan.external:
        yield Decision("external-ip", str(one), "What the outside sees in place of our address")
    why = "Ports of the allocations; open them in the firewall, UDP only"
    yield Decision("min-port", str(plan.relay_ports[0]), why)
    yield Decision("max-port", str(plan.relay_ports[1]), why)


def _encryption(plan: Plan, version: Version) -> Iterator[Decision]:
    if plan.tls is None:
        yield Decision("no-tls", None, "No certificate was given")
    else:
        why = "TLS, for networks that let nothing else out"
        yield Decision("tls-listening-port", str(plan.tls_port), why)
        yield Decision("cert", plan.tls.certificate, why)
        yield Decision("pkey", plan.tls.key, why)
        why = "Broken versions of TLS (RFC 8996)"
        yield from _off(version, why, "no-tlsv1", "no-tlsv1_1")
    yield from _off(version, "No browser uses DTLS here, and it is dear to serve", "no-dtls")


def _off(version: Version, why: str, *options: str) -> Iterator[Decision]:
    for option in options:
        if must_turn_off(option, version):
            yield Decision(option, None, why)


def _limits(plan: Plan) -> Iterator[Decision]:
    why = "What one user, and all together, may take"
    yield Decision("user-quota", str(plan.user_quota), why)
    yield Decision("total-quota", str(plan.total_quota), why)
    yield Decision("max-bps", str(plan.max_bps), why)
    if plan.bps_capacity:
        yield Decision("bps-capacity", str(plan.bps_capacity), why)


def _surface(version: Version) -> Iterator[Decision]:
    yield from _off(version, "A control port that nobody uses", "no-cli")
    why = "A relay to TCP services is not what calls need (RFC 6062)"
    yield Decision("no-tcp-relay", None, why)
    why = "Old ways of STUN, whose answers are longer than their questions"
    yield from _off(version, why, "no-rfc5780", "no-stun-backward-compatibility")
    yield from _off(version, "Nobody needs to know which version this is", "no-software-attribute")
    why = "Rules from a database would outrank those of this file"
    yield Decision("no-dynamic-ip-list", None, why)
    yield Decision("no-dynamic-realms", None, why)


def _peers(plan: Plan) -> Iterator[Decision]:
    why = "Peers inside our own network, in every form; coturn reads no prefixes here"
    yield Decision("no-multicast-peers", None, why)
    for text in dash_ranges():
        yield Decision("denied-peer-ip", text, why)
    why = "Two clients of this relay meet at its own address"
    own = tuple(map(str, plan.own_addresses()))
    for text in own:
        yield Decision("allowed-peer-ip", text, why)
    for peers in plan.allowed_peers:
        if str(peers) not in own:
            yield Decision("allowed-peer-ip", str(peers), "Allowed by the operator")


def _operation(plan: Plan) -> Iterator[Decision]:
    if plan.statsdb is not None:
        why = "Allocations and traffic, for metrics"
        yield Decision(
            plan.statsdb.option, plan.statsdb.value, why, secret=plan.statsdb.has_password
        )
    why = "Its log goes to who started it"
    yield Decision("log-file", "stdout", why)
    if plan.pidfile is not None:
        yield Decision("pidfile", plan.pidfile, why)
