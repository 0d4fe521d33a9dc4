"""One request to the homeserver: a JSON object comes back, or a typed error. No retries here.

matrix-nio's own HTTP client sleeps on 429 inside the request and retries for ever by default;
both are for our queues to decide, so nio only keeps state and keys, and the requests are ours.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeAlias
from urllib.parse import quote

import aiohttp

from voip.matrix.errors import (
    NoAnswerError,
    RateLimitedError,
    RequestRefusedError,
    ServerTroubleError,
)

Json: TypeAlias = dict[str, Any]

REQUEST_TIMEOUT = 15.0
CONNECT_TIMEOUT = 10.0
DEFAULT_RETRY_AFTER = 2.0
RETRY_AFTER_RANGE = (0.05, 300.0)
"""Seconds: what a homeserver asks for is believed within these bounds."""
LARGE = 1 << 18
"""Bytes of JSON above which parsing would hold up the event loop noticeably."""

CLIENT = "/_matrix/client/v3"


def path(*parts: str) -> str:
    """A client-server path; every part is escaped, room ids and server-chosen names included."""
    return CLIENT + escaped(*parts)


def escaped(*parts: str) -> str:
    return "".join("/" + quote(part, safe="") for part in parts)


class Http:
    """The homeserver at one base URL. The session belongs to whoever made it."""

    def __init__(self, base_url: str, client: aiohttp.ClientSession) -> None:
        self.base_url = base_url.rstrip("/")
        self._client = client

    async def request(
        self,
        method: str,
        where: str,
        *,
        token: str | None = None,
        params: Mapping[str, str] | None = None,
        body: object = None,
        data: AsyncIterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = REQUEST_TIMEOUT,
    ) -> Json:
        """Ask, and return the decoded object.

        :param body: sent as JSON; `data` is sent as it is, for uploads.
        :raises TransientError: worth another try (429, 5xx, silence, no Matrix answer).
        :raises RequestRefusedError: any other status that is not 2xx.
        """
        async with self.open(
            method,
            where,
            token=token,
            params=params,
            body=body,
            data=data,
            headers=headers,
            timeout=timeout,
        ) as response:
            return await _object(response)

    @asynccontextmanager
    async def open(
        self,
        method: str,
        where: str,
        *,
        token: str | None = None,
        params: Mapping[str, str] | None = None,
        body: object = None,
        data: AsyncIterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = REQUEST_TIMEOUT,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The same, for whoever reads the body of a 2xx by themselves."""
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        limits = aiohttp.ClientTimeout(total=timeout, sock_connect=CONNECT_TIMEOUT)
        try:
            async with self._client.request(
                method,
                self.base_url + where,
                params=params,
                json=body,
                data=data,
                headers=sent,
                timeout=limits,
            ) as response:
                if response.status // 100 != 2:
                    raise await _error(response)
                yield response
        except TimeoutError as error:
            raise NoAnswerError(f"The homeserver was silent for {timeout:.0f} s") from error
        except (aiohttp.ClientError, ConnectionError) as error:
            # The class says what happened; the text may carry the URL with its parameters.
            raise NoAnswerError(f"No answer from the homeserver: {type(error).__name__}") from error


async def _object(response: aiohttp.ClientResponse) -> Json:
    raw = await response.read()
    try:
        decoded = await asyncio.to_thread(json.loads, raw) if len(raw) > LARGE else json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ServerTroubleError("The homeserver's answer is no JSON") from error
    if not isinstance(decoded, dict):
        raise ServerTroubleError("The homeserver's answer is no JSON object")
    return decoded


async def _error(response: aiohttp.ClientResponse) -> Exception:
    status = response.status
    try:
        body = await _object(response)
    except ServerTroubleError:
        body = {}
    if status == 429:
        return RateLimitedError(_retry_after(body, response.headers.get("Retry-After")))
    if status >= 500 or status == 408:
        return ServerTroubleError(f"The homeserver is in trouble: {status}")
    return RequestRefusedError(
        status,
        str(body.get("errcode", "")),
        str(body.get("error", ""))[:200],
        soft_logout=body.get("soft_logout") is True,
        answer=body,
    )


def _retry_after(body: Json, header: str | None) -> float:
    """Seconds. `retry_after_ms` is the older form, `Retry-After` that of v1.10 and later."""
    seconds = DEFAULT_RETRY_AFTER
    in_ms = body.get("retry_after_ms")
    if isinstance(in_ms, int | float) and not isinstance(in_ms, bool) and in_ms >= 0:
        seconds = in_ms / 1000
    elif header is not None and header.isdecimal():
        seconds = float(header)
    shortest, longest = RETRY_AFTER_RANGE
    return min(max(seconds, shortest), longest)
