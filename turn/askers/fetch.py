"""One bounded GET: how long, how much, and failures in words that hold no URL.

The URL of an OpenID question has the token in it, and aiohttp's exceptions have the URL: none of
them leaves this module, not even as the context of ours.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from yarl import URL

from turn.askers.network import LookUpFailed, NoAddress

MAX_BYTES = 64 * 1024
CHUNK = 8 * 1024
HEADERS = {
    # Nothing is ever unpacked here: a small answer cannot become a large one.
    "Accept-Encoding": "identity",
    "Accept": "application/json",
    "User-Agent": "matrix-turn",
}


class FetchFailed(Exception):
    """No answer that could be used; the text says why."""


class FetchSlow(FetchFailed):
    """No answer in time."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer of any status."""

    status: int
    headers: Mapping[str, str]
    """By any spelling of their names."""
    body: bytes


def session(connector: aiohttp.BaseConnector, within: float) -> aiohttp.ClientSession:
    """A session that remembers nothing, follows nothing by itself and reads no environment.

    :param within: seconds for a whole question. A connection has a third of it, TLS included, so
        that where one target hangs there is time for another.
    """
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=HEADERS,
        auto_decompress=False,
        trust_env=False,  # a proxy would resolve names by itself
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=within / 3),
    )


async def get(
    using: aiohttp.ClientSession,
    url: URL,
    *,
    within: float,
    headers: Mapping[str, str] | None = None,
    certificate_name: str | None = None,
    limit: int = MAX_BYTES,
) -> Reply:
    """Fetch a URL, redirects not followed.

    :param within: seconds, for everything from the look-up to the last byte of the body.
    :param certificate_name: what the certificate must be valid for; the URL's host where None.
    :param limit: how many bytes the body may have.
    :raises FetchFailed: no connection, no HTTP, too large. :raises FetchSlow: out of time.
    """
    try:
        async with asyncio.timeout(within):
            return await _get(using, url, headers or {}, certificate_name, limit)
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError, FetchFailed) as error:
        failure = _told(error)
    raise failure  # out here, so that it does not carry the other one along


async def _get(
    using: aiohttp.ClientSession,
    url: URL,
    headers: Mapping[str, str],
    certificate_name: str | None,
    limit: int,
) -> Reply:
    request = using.get(
        url, headers=headers, allow_redirects=False, server_hostname=certificate_name
    )
    async with request as response:
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise FetchFailed("it answered in an encoding that it was not asked for")
        body = bytearray()
        async for chunk in response.content.iter_chunked(CHUNK):
            body += chunk
            if len(body) > limit:
                raise FetchFailed(f"its answer is larger than {limit} bytes")
        return Reply(response.status, response.headers, bytes(body))


def _told(error: Exception) -> FetchFailed:
    """The same failure, without what aiohttp writes into it."""
    match error:
        case FetchFailed():
            return error
        case TimeoutError():
            return FetchSlow("it did not answer in time")
        case aiohttp.ClientConnectorError(os_error=cause):
            return FetchFailed(_not_connected(cause))
        case aiohttp.ClientPayloadError():
            return FetchFailed("its answer broke off")
        case _:
            return FetchFailed("it gave no answer in HTTP")


def _not_connected(error: OSError) -> str:
    match error:
        case NoAddress() | LookUpFailed():
            return str(error)
        case ssl.SSLCertVerificationError(verify_message=why):
            hint = " (is the clock of this machine right?)" if "valid" in why else ""
            return f"its certificate was refused: {why}{hint}"
        case ssl.SSLError():
            return "it speaks no TLS that could be used"
        case _:
            # The number alone: asyncio writes the address into the words.
            why = os.strerror(error.errno).lower() if error.errno else "no reason given"
            return f"no connection: {why}"
