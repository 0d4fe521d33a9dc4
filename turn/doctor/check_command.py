"""`check`: reads what was given, asks the homeserver, checks every URI, prints."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console
from rich.status import Status

from turn.client.errors import NameFailed
from turn.client.names import resolve
from turn.client.uri import UriError, parse_uri
from turn.doctor.account import LoginFailed, logged_in, server_of
from turn.doctor.check import CheckOptions
from turn.doctor.commands import TOKEN_VARIABLE
from turn.doctor.homeserver import Homeserver, ask
from turn.doctor.inputs import InputError, LoginInput, login_of, minting, read_secret, tls_of
from turn.doctor.model import Report, Step, failed
from turn.doctor.offer import Offer, judge_families
from turn.doctor.run import MAX_URIS, check_all
from turn.doctor.show import as_json, print_reports

WORKS, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130


@dataclass(frozen=True, slots=True)
class CommandOptions:
    """The command line."""

    uris: tuple[str, ...]
    login: LoginInput
    homeserver: str | None
    token_file: Path | None
    user: str | None
    ca_file: Path | None
    timeout: float
    within: float
    as_json: bool


@dataclass(frozen=True, slots=True)
class User:
    """Who logs in for the question."""

    user_id: str
    password: str
    url: str | None

    def __repr__(self) -> str:  # a log line with the password in it would be a leak
        return "User()"


Account = Homeserver | User


@dataclass(slots=True)
class Outcome:
    """What there is to print."""

    homeserver: Report | None
    relays: list[Report]


def check_command(options: CommandOptions) -> int:
    """The exit status."""
    errors = Console(stderr=True)
    try:
        account, checks = _read(options)
        with errors.status("Checking...") as status:  # drawn on a terminal only
            outcome = asyncio.run(_run(options, account, checks, _teller(status)))
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


def _read(options: CommandOptions) -> tuple[Account | None, CheckOptions]:
    """Everything that comes from files, the environment and the keyboard. Raises InputError."""
    if not options.uris and options.homeserver is None and options.user is None:
        raise InputError("give URIs to check, or --homeserver or --user to get them from")
    if len(options.uris) > MAX_URIS:
        raise InputError(f"at most {MAX_URIS} URIs are checked at once: give fewer")
    login = login_of(options.login, time.time())
    secret_file = options.login.secret_file
    mint = None if secret_file is None else minting(secret_file)
    checks = CheckOptions(login, tls_of(options.ca_file), options.timeout, mint=mint)
    return _account(options), checks


def _account(options: CommandOptions) -> Account | None:
    url = options.homeserver
    if url is not None and not url.startswith(("https://", "http://")):
        raise InputError("--homeserver is a URL: write https://matrix.example.org")
    if url is not None and "@" in url:
        raise InputError("--homeserver takes no user name: use --user or --token-file")
    if options.user is not None:
        return _user(options, options.user)
    if url is None:
        return None
    if options.token_file is not None:
        token = read_secret(options.token_file, "--token-file")
    else:
        token = os.environ.get(TOKEN_VARIABLE, "")
    if not token:
        raise InputError(f"--homeserver needs --token-file, {TOKEN_VARIABLE} set, or --user")
    if not token.isascii() or not token.isprintable():
        raise InputError("the access token holds characters that no token has: copy it again")
    return Homeserver(url, token)


def _user(options: CommandOptions, user: str) -> User:
    if options.token_file is not None:
        raise InputError("--user logs in by itself: leave out --token-file")
    try:
        server_of(user)
    except ValueError as error:
        raise InputError(f"--user: {error}") from None
    password = typer.prompt(f"Password of {user}", hide_input=True, err=True)
    return User(user, str(password), options.homeserver)


def _teller(status: Status) -> Callable[[Report, Step], None]:
    now: dict[str, str] = {}

    def tell(report: Report, step: Step) -> None:
        now[report.subject] = step.value
        done = sum(value == Step.ECHO.value for value in now.values())
        status.update(f"{len(now)} begun, {done} at the last step; now: {step.value}")

    return tell


async def _run(
    options: CommandOptions,
    account: Account | None,
    checks: CheckOptions,
    tell: Callable[[Report, Step], None],
) -> Outcome:
    started = time.monotonic()
    uris, report = options.uris, None
    if account is not None:
        report, offer = await _ask(account, options, checks.tls, tell)
        if offer is not None:
            uris = uris or offer.uris[:MAX_URIS]
            checks = _with(checks, offer)
            await _judge_families(offer, report, options.timeout)
    left = max(1.0, options.within - (time.monotonic() - started))
    return Outcome(report, await check_all(uris, checks, left, tell))


async def _ask(
    account: Account,
    options: CommandOptions,
    tls: ssl.SSLContext,
    tell: Callable[[Report, Step], None],
) -> tuple[Report, Offer | None]:
    timeout = min(options.within, 2 * options.timeout)
    if isinstance(account, Homeserver):
        report = Report(account.url)
        tell(report, Step.HOMESERVER)
        return report, await ask(account, report, timeout, tls)
    report = Report(account.url or server_of(account.user_id))
    tell(report, Step.HOMESERVER)
    try:
        given = logged_in(account.user_id, account.password, account.url, timeout, tls)
        async with given as homeserver:
            report.subject = homeserver.url
            return report, await ask(homeserver, report, timeout, tls)
    except LoginFailed as error:
        report.findings.append(failed(Step.HOMESERVER, str(error), error.cause))
        report.done = True
        return report, None


def _with(checks: CheckOptions, offer: Offer) -> CheckOptions:
    """The homeserver's credential, unless another one was given."""
    if checks.login is not None:
        return checks
    return CheckOptions(offer.login, checks.tls, checks.timeout)


async def _judge_families(offer: Offer, report: Report, timeout: float) -> None:
    """A name that has no address, or not in time, has a row of its own in the relay's table."""
    waiting = [asyncio.wait_for(resolve(host), timeout) for host in set(_hosts(offer.uris))]
    addresses: list[str] = []
    for found in await asyncio.gather(*waiting, return_exceptions=True):
        if isinstance(found, BaseException):
            if not isinstance(found, NameFailed | TimeoutError):
                raise found
        else:
            addresses += found
    if addresses:
        report.findings.append(judge_families(addresses))


def _hosts(uris: Sequence[str]) -> list[str]:
    hosts = []
    for uri in uris[:MAX_URIS]:
        try:
            hosts.append(parse_uri(uri).host)
        except UriError:
            continue
    return hosts
