"""`check`: reads what was given, asks the homeserver, checks every URI, prints."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.status import Status

from turn.client.errors import NameFailed
from turn.client.names import resolve
from turn.client.uri import UriError, parse_uri
from turn.doctor.check import CheckOptions
from turn.doctor.commands import TOKEN_VARIABLE
from turn.doctor.homeserver import Homeserver, ask
from turn.doctor.inputs import InputError, LoginInput, login_of, minting, read_secret, tls_of
from turn.doctor.model import Report, Step
from turn.doctor.offer import Offer, judge_families
from turn.doctor.run import check_all
from turn.doctor.show import as_json, print_reports

WORKS, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130


@dataclass(frozen=True, slots=True)
class CommandOptions:
    """The command line."""

    uris: tuple[str, ...]
    login: LoginInput
    homeserver: str | None
    token_file: Path | None
    ca_file: Path | None
    timeout: float
    within: float
    as_json: bool


@dataclass(slots=True)
class Outcome:
    """What there is to print."""

    homeserver: Report | None
    relays: list[Report]


def check_command(options: CommandOptions) -> int:
    """The exit status."""
    errors = Console(stderr=True)
    try:
        homeserver, checks = _read(options)
        with errors.status("Checking...") as status:  # drawn on a terminal only
            outcome = asyncio.run(_run(options, homeserver, checks, _teller(status)))
    except InputError as error:
        errors.print(f"error: {error}", markup=False, highlight=False)
        return WRONG_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    found = as_json(outcome.homeserver, outcome.relays)
    if options.as_json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        first = [] if outcome.homeserver is None else [outcome.homeserver]
        print_reports([*first, *outcome.relays], Console())
    return WORKS if found["ok"] else FAILED


def _read(options: CommandOptions) -> tuple[Homeserver | None, CheckOptions]:
    """Everything that comes from files and the environment. Raises InputError."""
    if not options.uris and options.homeserver is None:
        raise InputError("give URIs to check, or --homeserver to get them from")
    if len(options.uris) > 100:
        raise InputError("at most 100 URIs are checked at once: give fewer")
    login = login_of(options.login, time.time())
    secret_file = options.login.secret_file
    mint = None if secret_file is None else minting(secret_file)
    checks = CheckOptions(login, tls_of(options.ca_file), options.timeout, mint=mint)
    if options.homeserver is None:
        return None, checks
    if not options.homeserver.startswith(("https://", "http://")):
        raise InputError("--homeserver is a URL: write https://matrix.example.org")
    if options.token_file is not None:
        token = read_secret(options.token_file, "--token-file")
    else:
        token = os.environ.get(TOKEN_VARIABLE, "")
    if not token:
        raise InputError(f"--homeserver needs --token-file, or {TOKEN_VARIABLE} set")
    if not token.isascii() or not token.isprintable():
        raise InputError("the access token holds characters that no token has: copy it again")
    return Homeserver(options.homeserver, token), checks


def _teller(status: Status) -> Callable[[Report, Step], None]:
    now: dict[str, str] = {}

    def tell(report: Report, step: Step) -> None:
        now[report.subject] = step.value
        done = sum(value == Step.ECHO.value for value in now.values())
        status.update(f"{len(now)} begun, {done} at the last step; now: {step.value}")

    return tell


async def _run(
    options: CommandOptions,
    homeserver: Homeserver | None,
    checks: CheckOptions,
    tell: Callable[[Report, Step], None],
) -> Outcome:
    started = time.monotonic()
    uris, report = options.uris, None
    if homeserver is not None:
        report = Report(homeserver.url)
        tell(report, Step.HOMESERVER)
        offer = await ask(homeserver, report, min(options.within, 2 * options.timeout))
        if offer is not None:
            uris = uris or offer.uris[:100]
            checks = _with(checks, offer)
            await _judge_families(offer, report)
    left = max(1.0, options.within - (time.monotonic() - started))
    return Outcome(report, await check_all(uris, checks, left, tell))


def _with(checks: CheckOptions, offer: Offer) -> CheckOptions:
    """The homeserver's credential, unless another one was given."""
    if checks.login is not None:
        return checks
    return CheckOptions(offer.login, checks.tls, checks.timeout)


async def _judge_families(offer: Offer, report: Report) -> None:
    hosts = set(_hosts(offer.uris))
    found = await asyncio.gather(*(resolve(host) for host in hosts), return_exceptions=True)
    addresses = [a for each in found if not isinstance(each, BaseException) for a in each]
    if addresses:
        report.findings.append(judge_families(addresses))
    for each in found:
        if isinstance(each, BaseException) and not isinstance(each, NameFailed):
            raise each


def _hosts(uris: Sequence[str]) -> list[str]:
    hosts = []
    for uri in uris[:100]:
        try:
            hosts.append(parse_uri(uri).host)
        except UriError:
            continue
    return hosts
