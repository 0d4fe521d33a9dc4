"""`audit`: reads what was given, audits one relay after the other, prints."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path

from rich.console import Console

from turn.audit.model import Audit
from turn.audit.run import AuditOptions, audit
from turn.audit.show import as_json, print_audits
from turn.client.messages import Login
from turn.credentials import sign
from turn.doctor.inputs import RELAY_ID, InputError, LoginInput, login_of, read_secret, tls_of
from turn.peers import Network

CLOSED, OPEN, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130
MAX_URIS = 20


@dataclass(frozen=True, slots=True)
class CommandOptions:
    """The command line."""

    uris: tuple[str, ...]
    login: LoginInput
    allow: tuple[str, ...]
    quota: int | None
    ca_file: Path | None
    timeout: float
    as_json: bool


def audit_command(options: CommandOptions) -> int:
    """The exit status."""
    errors = Console(stderr=True)
    try:
        given = _read(options)
        with errors.status("Auditing...") as status:  # drawn on a terminal only
            audits = asyncio.run(_run(options.uris, given, status.update))
    except InputError as error:
        errors.print(f"error: {error}", markup=False, highlight=False)
        return WRONG_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    found = as_json(audits)
    if options.as_json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        print_audits(audits, Console())
    return CLOSED if found["ok"] else OPEN


def _read(options: CommandOptions) -> AuditOptions:
    """Raises InputError."""
    if len(options.uris) > MAX_URIS:
        raise InputError(f"at most {MAX_URIS} URIs are audited at once: give fewer")
    now = time.time()
    login = login_of(options.login, now)
    if login is None:
        raise InputError("give --secret-file, or --username and --password-file")
    return AuditOptions(
        login,
        tls_of(options.ca_file),
        options.timeout,
        tuple(_network(text) for text in options.allow),
        options.quota,
        _expired(options.login.secret_file, now),
    )


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError:
        raise InputError(
            "--allow takes an address or a network, such as 10.1.2.3 or 10.1.2.0/24"
        ) from None


def _expired(secret_file: Path | None, now: float) -> Login | None:
    """Signed as it should be, and an hour too old: `mint` would not make it."""
    if secret_file is None:
        return None
    username = f"{int(now) - 3600}:{RELAY_ID}"
    return Login(username, sign(read_secret(secret_file, "--secret-file"), username))


async def _run(
    uris: Sequence[str], options: AuditOptions, tell: Callable[[str], None]
) -> list[Audit]:
    """One after the other, and the quota last: a relay counts what was given back for a while."""
    without = replace(options, quota=None)
    audits = [await audit(uri, without, tell) for uri in uris[:-1]]
    return [*audits, await audit(uris[-1], options, tell)]
