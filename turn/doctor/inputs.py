"""What people give on the command line: secrets from files, never from the command line itself."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from turn.client.messages import Login
from turn.client.tls import client_context
from turn.credentials import mint

MAX_FILE = 64 * 1024
RELAY_ID = "doctor"
"""The id in credentials that we make ourselves: the relay counts its quota for it."""


class InputError(Exception):
    """What was given cannot be used; the text says what to give."""


@dataclass(frozen=True, slots=True)
class LoginInput:
    """As given; at most one way to log in."""

    username: str | None = None
    password_file: Path | None = None
    secret_file: Path | None = None
    ttl: int = 3600


def read_secret(path: Path, what: str) -> str:
    """The text of a file, without the line's end. Blocks on the disk. Raises InputError."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_FILE).decode().strip("\r\n")
    except OSError as error:
        reason = (error.strerror or "").lower()
        raise InputError(f"{what} names {path}, which cannot be read: {reason}") from None
    except UnicodeDecodeError:
        raise InputError(f"{what} names {path}, which is no text in UTF-8") from None
    if not text:
        raise InputError(f"{what} names {path}, which is empty")
    return text


def login_of(given: LoginInput, now: float) -> Login | None:
    """The login that was given, or one made with the relay's secret. Raises InputError."""
    if given.secret_file is not None:
        if given.username is not None or given.password_file is not None:
            raise InputError("--secret-file makes its own credential: leave out --username")
        return minting(given.secret_file, lambda: now)(given.ttl)
    if given.username is None and given.password_file is None:
        return None
    if given.username is None or given.password_file is None:
        raise InputError("--username and --password-file belong together: give both")
    return Login(given.username, read_secret(given.password_file, "--password-file"))


def minting(secret_file: Path, clock: Callable[[], float] = time.time) -> Callable[[int], Login]:
    """What makes credentials that live for so many seconds. Raises InputError."""
    secret = read_secret(secret_file, "--secret-file")

    def make(ttl: int) -> Login:
        made = mint(secret, RELAY_ID, ttl, clock())
        return Login(made.username, made.password)

    return make


def tls_of(ca_file: Path | None) -> ssl.SSLContext:
    """Raises InputError."""
    try:
        return client_context(ca_file)
    except OSError:  # ssl.SSLError is one
        raise InputError(f"--ca-file names {ca_file}, which holds no PEM certificates") from None
