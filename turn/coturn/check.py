"""What is unsafe in a turnserver.conf, whoever wrote it. Pure.

It says what the file asks for. Whether the running relay does it is for `matrix-turn audit`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from turn.coturn.plan import MIN_SECRET_LENGTH, WIDEST_V4, PlanError, Range, parse_range
from turn.coturn.version import Version, must_turn_off
from turn.peers import COMPATIBLE, DENIED, Network, dash_range

DANGERS = {
    "allow-loopback-peers": "clients may reach this machine's own services: remove it",
    "server-relay": "anybody may send to clients without their permission: remove it",
    "web-admin": "the web administration is one password away from the internet: remove it",
}
OLD_SURFACE = {
    "no-tlsv1": "TLS 1.0 is broken",
    "no-tlsv1_1": "TLS 1.1 is broken",
    "no-rfc5780": "its answers are longer than the questions",
    "no-stun-backward-compatibility": "its answers are longer than the questions",
    "no-dtls": "DTLS is dear to serve, and no browser uses it here",
}
"""Of versions that have it on unless told; see `OFF_SINCE`."""
LIMITS = {
    "user-quota": "one user may take every port",
    "total-quota": "allocations have no limit",
    "max-bps": "one allocation may take the whole line",
    "stale-nonce": "a nonce is good for ever",
}


class Level(Enum):
    UNSAFE = "unsafe"
    ADVICE = "advice"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a file. `line` is None where something is missing."""

    level: Level
    text: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    name: str
    value: str
    line: int

    def __repr__(self) -> str:  # the value may be a secret
        return f"Setting({self.name}, line {self.line})"


def parse(text: str) -> list[Setting]:
    """The settings of a file, as coturn reads it: a line each, `#` comments the whole line out."""
    settings = []
    for number, line in enumerate(text.split("\n"), 1):
        words = line.replace("=", " = ", 1).split(maxsplit=1)  # `name=value` and `name value`
        if words and not words[0].startswith("#"):
            value = words[1].removeprefix("=") if len(words) > 1 else ""
            settings.append(Setting(words[0], value.strip("\"' \t\r"), number))
    return settings


def check(text: str, version: Version, known: frozenset[str] | None = None) -> list[Finding]:
    """What to put right, the worst first.

    :param known: the options that the installed coturn has; None where that cannot be told.
    """
    settings = parse(text)
    found = [
        *_of_who_may_come(settings),
        *_of_peers(settings),
        *_of_surface(settings, version),
        *_of_limits(settings),
        *_of_unknown(settings, known),
    ]
    return sorted(found, key=lambda one: one.level is not Level.UNSAFE)


def _named(settings: Iterable[Setting], *names: str) -> list[Setting]:
    return [one for one in settings if one.name in names]


def _unsafe(text: str, line: int | None = None) -> Finding:
    return Finding(Level.UNSAFE, text, line)


def _of_who_may_come(settings: list[Setting]) -> Iterator[Finding]:
    for one in _named(settings, "no-auth", "z"):
        yield _unsafe("no-auth lets everybody relay through you: remove it", one.line)
    if not _named(settings, "use-auth-secret", "lt-cred-mech", "a", "oauth"):
        yield _unsafe("nobody is asked for credentials: add use-auth-secret and a secret")
    databases = ("userdb", "psql-userdb", "redis-userdb", "mysql-userdb", "mongo-userdb")
    secrets = _named(settings, "static-auth-secret")
    if _named(settings, "use-auth-secret") and not secrets and not _named(settings, *databases):
        yield _unsafe("use-auth-secret without a secret refuses everybody: add static-auth-secret")
    for one in secrets:
        if len(one.value) < MIN_SECRET_LENGTH:
            yield _unsafe(
                f"the secret has fewer than {MIN_SECRET_LENGTH} characters and can be guessed from"
                " one credential: replace it by a longer one",
                one.line,
            )
    for one in _named(settings, "user", "u"):
        yield Finding(
            Level.ADVICE, "a fixed user never expires: use use-auth-secret instead", one.line
        )
    if not _named(settings, "realm", "r"):
        yield _unsafe("there is no realm, and browsers are refused without: add realm=DOMAIN")


def _of_peers(settings: list[Setting]) -> Iterator[Finding]:
    for name, why in DANGERS.items():
        for one in _named(settings, name):
            yield _unsafe(why, one.line)
    if not _named(settings, "no-multicast-peers"):
        yield _unsafe("clients may send to multicast groups: add no-multicast-peers")
    denied: list[Range] = []
    for one in _named(settings, "denied-peer-ip"):
        peers = yield from _range_of(one)
        if peers is not None:
            denied.append(peers)
    open_ones = [network for network in DENIED if not _covered(network, denied)]
    if open_ones:
        lines = ", ".join(f"denied-peer-ip={dash_range(network)}" for network in open_ones)
        yield _unsafe(
            f"clients may reach {len(open_ones)} networks that are yours or nobody's through the"
            f" relay: add {lines}"
        )
    for one in _named(settings, "allowed-peer-ip"):
        peers = yield from _range_of(one)
        if peers is not None and peers.size() > WIDEST_V4:
            yield from _of_wide(peers, one.line)


def _range_of(setting: Setting) -> Generator[Finding, None, Range | None]:
    try:
        return parse_range(setting.value)
    except PlanError as error:
        yield _unsafe(error.problems[0], setting.line)
        return None


def _of_wide(peers: Range, line: int) -> Iterator[Finding]:
    inside = [
        network
        for network in DENIED
        if network.version == peers.first.version
        and int(network[0]) <= int(peers.last)
        and int(peers.first) <= int(network[-1])
    ]
    if inside:
        yield _unsafe(
            f"an allowed range outranks the denied ones, and this one opens {inside[0]} to"
            " everybody who has credentials: allow single machines",
            line,
        )


def _covered(network: Network, ranges: Iterable[Range]) -> bool:
    """Whether every address of the network is in some range. `::` coturn refuses by itself."""
    next_one = int(network[0]) + (1 if network == COMPATIBLE else 0)
    of_its_kind = [one for one in ranges if one.first.version == network.version]
    for one in sorted(of_its_kind, key=lambda one: int(one.first)):
        if int(one.first) <= next_one <= int(one.last):
            next_one = int(one.last) + 1
    return next_one > int(network[-1])


def _of_surface(settings: list[Setting], version: Version) -> Iterator[Finding]:
    if must_turn_off("no-cli", version) and not _named(settings, "no-cli", "cli-password"):
        yield _unsafe("the control port has no password: add no-cli")
    if not _named(settings, "no-tcp-relay"):
        yield _unsafe("clients may open TCP connections from your network: add no-tcp-relay")
    for name, why in OLD_SURFACE.items():
        if name.startswith("no-tlsv1") and _named(settings, "no-tls"):
            continue
        if must_turn_off(name, version) and not _named(settings, name):
            yield Finding(Level.ADVICE, f"{why}: add {name}")


def _of_limits(settings: list[Setting]) -> Iterator[Finding]:
    for name, why in LIMITS.items():
        if not any(one.value.strip("0") for one in _named(settings, name)):
            yield Finding(Level.ADVICE, f"{why}: add {name}")


def _of_unknown(settings: list[Setting], known: frozenset[str] | None) -> Iterator[Finding]:
    for one in settings:
        if known and len(one.name) > 1 and one.name not in known:
            yield _unsafe(
                f"this coturn has no option {one.name}, and runs on without what it should do",
                one.line,
            )
