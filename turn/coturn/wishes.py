"""From the texts of a command line to a plan, with every complaint at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar

from turn.coturn.databases import database_secrets, is_table, redis_line
from turn.coturn.plan import (
    DatabaseSecrets,
    Plan,
    PlanError,
    StaticSecrets,
    Tls,
    parse_external,
    parse_range,
    problems,
    secret_problem,
)
from turn.coturn.tls_files import tls_problems
from turn.peers import Address
from turn.secrets.model import SecretsUnavailable
from turn.secrets.places import PlaceError, open_store
from turn.secrets.rotation import secrets_of

T = TypeVar("T")
D = TypeVar("D")

UNKNOWN = DatabaseSecrets("userdb", "")
"""In place of secrets that could not be had, while the other complaints are collected."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for, as it was written."""

    realm: str
    secrets: str
    external: tuple[str, ...]
    listening: tuple[str, ...]
    certificate: Path | None
    key: Path | None
    port: int
    tls_port: int
    relay_ports: str
    other_ports: tuple[str, ...]
    user_quota: int
    total_quota: int
    max_bps: int
    bps_capacity: int
    allowed_peers: tuple[str, ...]
    private_network: bool
    statsdb: str
    offline: bool
    pidfile: Path | None

    def __repr__(self) -> str:  # places may hold passwords
        return f"Wishes({self.realm})"


@dataclass(frozen=True, slots=True)
class Target:
    """Where the file goes, and for which coturn."""

    version: str
    output: Path | None
    owner: str
    force: bool


class _Complaints:
    """Collects what is wrong, so that a person puts everything right at once."""

    def __init__(self) -> None:
        self.all: list[str] = []

    def of(self, work: Callable[[], T], instead: D) -> T | D:
        try:
            return work()
        except PlanError as error:
            self.all += error.problems
            return instead


async def plan_of(wishes: Wishes) -> Plan:
    """The plan, safe as far as can be told from here.

    :raises PlanError: every problem, one sentence each.
    """
    wrong = _Complaints()
    secrets = await _secrets(wishes, wrong)
    tls = await _tls(wishes, wrong)
    plan = Plan(
        realm=wishes.realm,
        secrets=secrets,
        listening=_each(wishes.listening, _address, wrong),
        external=_each(wishes.external, parse_external, wrong),
        tls=tls,
        port=wishes.port,
        tls_port=wishes.tls_port,
        relay_ports=wrong.of(lambda: _ports(wishes.relay_ports), (49_152, 51_199)),
        other_ports=_each(wishes.other_ports, _ports, wrong),
        user_quota=wishes.user_quota,
        total_quota=wishes.total_quota,
        max_bps=wishes.max_bps,
        bps_capacity=wishes.bps_capacity,
        allowed_peers=_each(wishes.allowed_peers, parse_range, wrong),
        private_network=wishes.private_network,
        statsdb=wrong.of(lambda: _statsdb(wishes.statsdb), None),
        pidfile=None if wishes.pidfile is None else str(wishes.pidfile.absolute()),
    )
    found = list(dict.fromkeys([*wrong.all, *problems(plan)]))
    if found:
        raise PlanError(found)
    return plan


def _each(texts: tuple[str, ...], parse: Callable[[str], T], wrong: _Complaints) -> tuple[T, ...]:
    parsed = [wrong.of(partial(parse, text), None) for text in texts]
    return tuple(one for one in parsed if one is not None)


async def _secrets(wishes: Wishes, wrong: _Complaints) -> StaticSecrets | DatabaseSecrets:
    if not wishes.secrets:
        wrong.all.append("there is no place of secrets: give --secrets, such as file:PATH")
        return UNKNOWN
    in_table = is_table(wishes.secrets)
    table = wrong.of(lambda: database_secrets(wishes.secrets), UNKNOWN) if in_table else None
    if table is not None and (wishes.offline or not wishes.realm or table is UNKNOWN):
        return table
    try:
        store = open_store(wishes.secrets, wishes.realm)
        values = secrets_of(await store.read(), store.where).accepted
    except (SecretsUnavailable, PlaceError) as error:
        wrong.all.append(str(error))
        return UNKNOWN
    if table is None:
        return StaticSecrets(values)
    wrong.all += dict.fromkeys(filter(None, map(secret_problem, values)))
    return table


async def _tls(wishes: Wishes, wrong: _Complaints) -> Tls | None:
    if wishes.certificate is None and wishes.key is None:
        return None
    if wishes.certificate is None or wishes.key is None:
        wrong.all.append("TLS needs both: give --cert and --key")
        return None
    certificate, key = wishes.certificate.absolute(), wishes.key.absolute()
    if not wishes.offline:
        wrong.all += await asyncio.to_thread(tls_problems, certificate, key, datetime.now(UTC))
    return Tls(str(certificate), str(key))


def _address(text: str) -> Address:
    try:
        return ip_address(text)
    except ValueError:
        raise PlanError([f"{text!r} is no address to listen at: give an IP address"]) from None


def _ports(text: str) -> tuple[int, int]:
    low, _, high = text.partition("-")
    if not (low.isdecimal() and high.isdecimal()):
        raise PlanError([f"{text!r} is no range of ports: write it like 49152-51199"])
    return int(low), int(high)


def _statsdb(url: str) -> DatabaseSecrets | None:
    return redis_line("redis-statsdb", url) if url else None
