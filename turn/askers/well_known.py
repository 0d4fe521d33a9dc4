"""What a `/.well-known/matrix/server` file says, for how long, and where a redirect may lead.

Pure. Whoever runs the server at a name wrote all of this, so nothing in it is believed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from yarl import URL

from turn.askers.server_names import ServerName, parse_server_name

PATH = "/.well-known/matrix/server"
MAX_BYTES = 50 * 1024
MAX_REDIRECTS = 5
DEFAULT_LIFETIME = 24 * 3600.0
MAX_LIFETIME = 48 * 3600.0
FIRST_FAILURE_LIFETIME = 60.0
MAX_FAILURE_LIFETIME = 3600.0
MAX_DIGITS = 10
_MAX_AGE = re.compile(r"max-age=\"?([0-9]+)", re.ASCII)


class BadAnswer(ValueError):
    """A server's answer that means nothing."""


def read_object(body: bytes) -> dict[str, Any]:
    """A JSON object.

    :raises ValueError: it is none, is nested too deeply, or is not UTF-8; BadAnswer among them.
    """
    try:
        value = json.loads(body.decode("utf-8"))
    except RecursionError:
        raise BadAnswer("JSON that is nested too deeply") from None
    if not isinstance(value, dict):
        raise BadAnswer("JSON, but not an object")
    return value


def read_well_known(body: bytes) -> ServerName:
    """The server name in ``m.server``, whatever content type the file came with.

    :raises ValueError: no such file; the specification then goes on as if there were none.
    """
    delegated = read_object(body).get("m.server")
    if not isinstance(delegated, str):
        raise BadAnswer("a well-known file without m.server")
    return parse_server_name(delegated)


def lifetime(headers: Mapping[str, str]) -> float:
    """Seconds that a valid file may be kept: a day where its headers do not say, two at most.

    Dates are compared with the server's own clock alone, as neither clock may be right.
    """
    control = headers.get("Cache-Control", "").lower()
    if "no-store" in control or "no-cache" in control:
        return 0.0
    age = headers.get("Age", "")
    spent = float(age) if age.isdecimal() and len(age) < MAX_DIGITS else 0.0
    if found := _MAX_AGE.search(control):
        stated = float(found[1][:MAX_DIGITS]) - spent
    elif (expires := _date(headers.get("Expires"))) and (sent := _date(headers.get("Date"))):
        stated = expires - sent - spent
    else:
        stated = DEFAULT_LIFETIME
    return min(max(stated, 0.0), MAX_LIFETIME)


def failure_lifetime(failures: int) -> float:
    """Seconds before a file that could not be had is asked for again: doubles up to an hour."""
    return min(FIRST_FAILURE_LIFETIME * 2.0 ** min(failures - 1, 16), MAX_FAILURE_LIFETIME)


def redirected(url: URL, location: str | None) -> URL:
    """Where a redirect leads.

    :raises ValueError: to nowhere, away from TLS, or to a host that is no server's.
    """
    if not location or len(location) > 2048:
        raise BadAnswer("a redirect without a place to go to")
    target = url.join(URL(location))
    host = target.raw_host
    if target.scheme != "https" or not host:
        raise BadAnswer("a redirect away from HTTPS")
    if target.user is not None or target.password is not None:
        raise BadAnswer("a redirect with a password in it")
    # No number that a library would read as an address, above all.
    parse_server_name(f"[{host}]" if ":" in host else host)
    return target.with_fragment(None)


def _date(text: str | None) -> float | None:
    """Unix time, in seconds, of an HTTP date; None where it is none."""
    try:
        date = parsedate_to_datetime(text) if text else None
    except (ValueError, OverflowError):
        return None
    return None if date is None else (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
