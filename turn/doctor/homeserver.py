"""What a Matrix homeserver gives its users for TURN, and whether that is what they need.

`GET /_matrix/client/v3/voip/turnServer` of the Client-Server API.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import aiohttp

from turn.client.messages import Login
from turn.doctor.causes import Cause
from turn.doctor.judge import printable
from turn.doctor.model import Report, Step, failed, ok
from turn.doctor.offer import Offer, judge_clock, judge_lifetime, judge_uris

PATH = "/_matrix/client/v3/voip/turnServer"
MAX_BODY = 64 * 1024
NO_ANSWER = (aiohttp.ClientError, OSError, TimeoutError, ValueError)
"""What aiohttp raises where there is no HTTP answer; ValueError for a URL that is none."""


@dataclass(frozen=True, slots=True)
class Homeserver:
    """Whom to ask, as whom."""

    url: str
    token: str

    def __repr__(self) -> str:  # a log line with the token in it would be a leak
        return f"Homeserver({self.url})"


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: object
    """Decoded JSON, or None where it is none."""
    date: float | None
    """Unix time of the homeserver's Date header, in whole seconds."""
    seconds: float


async def ask(
    homeserver: Homeserver,
    report: Report,
    timeout: float = 10.0,
    tls: ssl.SSLContext | None = None,
    wall_clock: Callable[[], float] = time.time,
) -> Offer | None:
    """Ask once; what is wrong is in the report. None where there is nothing to check."""
    try:
        answer = await _get(homeserver, timeout, tls)
    except NO_ANSWER as error:
        text = f"it cannot be reached ({words(error)})"
        report.findings.append(failed(Step.HOMESERVER, text, Cause.HOMESERVER_UNREACHABLE))
        report.done = True
        return None
    offer = _offer(answer, report)
    now = wall_clock()
    if answer.date is not None:
        report.findings.append(judge_clock(answer.date - now, answer.seconds))
    if offer is not None:
        report.findings += judge_lifetime(offer, now)
        report.findings += judge_uris(offer)
    report.done = True
    return offer


async def _get(homeserver: Homeserver, timeout: float, tls: ssl.SSLContext | None) -> _Answer:
    headers = {"Authorization": f"Bearer {homeserver.token}"}
    started = time.perf_counter()
    async with (
        session_with(timeout, tls) as session,
        # A redirect would carry the token to whoever it names.
        session.get(homeserver.url.rstrip("/") + PATH, headers=headers, allow_redirects=False) as r,
    ):
        return _Answer(r.status, await read_json(r), _date(r), time.perf_counter() - started)


def session_with(timeout: float, tls: ssl.SSLContext | None) -> aiohttp.ClientSession:
    """Each request takes at most ``timeout`` seconds; ``tls`` is how certificates are checked."""
    connector = aiohttp.TCPConnector(ssl=True if tls is None else tls)
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout), connector=connector)


async def read_json(response: aiohttp.ClientResponse) -> object:
    """What the body says, or None where it is no JSON or larger than we read."""
    body = b""
    while not response.content.at_eof() and len(body) < MAX_BODY:
        body += await response.content.read(MAX_BODY - len(body))
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _date(response: aiohttp.ClientResponse) -> float | None:
    try:
        return parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (KeyError, ValueError):
        return None


def _offer(answer: _Answer, report: Report) -> Offer | None:
    body = answer.body if isinstance(answer.body, dict) else None
    code = printable(str(body.get("errcode", ""))) if body else ""
    # Synapse answers 200 {} where nothing is configured; MSC4166 says 404 M_NOT_FOUND.
    if (answer.status == 200 and body == {}) or (answer.status == 404 and code == "M_NOT_FOUND"):
        text = "it offers no TURN relay"
        report.findings.append(failed(Step.HOMESERVER, text, Cause.NO_TURN_CONFIGURED))
        return None
    if answer.status in (401, 403):
        text = f"it refuses the access token ({answer.status} {code})"
        report.findings.append(failed(Step.HOMESERVER, text, Cause.HOMESERVER_REFUSED))
        return None
    if answer.status != 200 or body is None:
        text = f"it answers {answer.status} {code}".rstrip() + ", and no list of relays"
        report.findings.append(failed(Step.HOMESERVER, text, Cause.HOMESERVER_ANSWER))
        return None
    uris, username, password = body.get("uris"), body.get("username"), body.get("password")
    if not isinstance(uris, list) or not all(isinstance(uri, str) for uri in uris):
        text = "its answer has no list of URIs"
        report.findings.append(failed(Step.HOMESERVER, text, Cause.HOMESERVER_ANSWER))
        return None
    if not uris or not isinstance(username, str) or not isinstance(password, str) or not username:
        text = "its answer has no URI" if not uris else "its answer has no username or password"
        report.findings.append(failed(Step.HOMESERVER, text, Cause.NO_TURN_CONFIGURED))
        return None
    text = f"it offers {len(uris)} {'URI' if len(uris) == 1 else 'URIs'}"
    report.findings.append(ok(Step.HOMESERVER, text, answer.seconds))
    ttl = body.get("ttl")
    seconds = ttl if isinstance(ttl, int | float) and not isinstance(ttl, bool) else None
    return Offer(tuple(uris), Login(username, password), seconds)


def words(error: BaseException) -> str:
    """Why, without an address or a URL that may hold more than a host."""
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "its TLS certificate is not good"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name has no address"
    if isinstance(error, aiohttp.InvalidURL):
        return "the URL is none: write https://matrix.example.org"
    if isinstance(error, aiohttp.ClientConnectorError):
        return (error.strerror or "no connection").lower()
    return "no HTTP answer"
