"""Tells a program of the operator's what happens to calls, by signed HTTP POST requests.

The signature is of this very request: HMAC-SHA256 under the shared secret over the time stamp, a
dot, and the body, as it was sent. So nobody else can make one, and an old one can be told by its
time. Retries have the same `id` and another time: a receiver that keeps the ids it has seen takes
each event once. See docs/outbox.md.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp

from voip.delivery.errors import Postponed
from voip.delivery.worker import Job
from voip.store.outbox_records import Draft, Entry, Kind

ID_HEADER: Final = "Matrix-Voip-Id"
TIME_HEADER: Final = "Matrix-Voip-Timestamp"
SIGNATURE_HEADER: Final = "Matrix-Voip-Signature"
LANE: Final = "webhook"
CONNECT_WITHIN: Final = 5.0
ANSWER_WITHIN: Final = 15.0
"""Seconds. A receiver that has more to do answers first."""


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    url: str = field(repr=False)
    """From the operator's settings alone; it may hold a secret of the receiver's."""
    secret: str = field(repr=False)


def event_draft(key: str, event: str, at: float, call: dict[str, Any], **more: object) -> Draft:
    """An event of a call.

    :param key: of this event for ever: it is told once.
    :param at: Unix seconds.
    """
    when = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    body = {"event": event, "at": when.replace("+00:00", "Z"), "call": call, **more}
    return Draft(Kind.WEBHOOK, f"webhook:{key}", LANE, {"body": body})


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Of a request, as its header has it; for receivers in Python, too."""
    signed = timestamp.encode() + b"." + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


class Webhooks:
    """The handler of `WEBHOOK`; its payload is the `body`."""

    def __init__(
        self, settings: WebhookSettings, client: aiohttp.ClientSession, now: Callable[[], float]
    ) -> None:
        """:param now: Unix seconds."""
        self._settings = settings
        self._client = client
        self._now = now

    async def __call__(self, job: Job) -> str:
        body = body_of(job.entry)
        timestamp = str(int(self._now()))
        headers = {
            "Content-Type": "application/json",
            ID_HEADER: job.entry.id,
            TIME_HEADER: timestamp,
            SIGNATURE_HEADER: signature(self._settings.secret, timestamp, body),
        }
        limits = aiohttp.ClientTimeout(total=ANSWER_WITHIN, sock_connect=CONNECT_WITHIN)
        try:
            # A redirect would hand the event to whoever the receiver names: it is no answer.
            async with self._client.post(
                self._settings.url,
                data=body,
                headers=headers,
                timeout=limits,
                allow_redirects=False,
            ) as response:
                return _judged(response)
        except TimeoutError as error:
            raise Postponed(
                f"the receiver of webhooks did not answer within {ANSWER_WITHIN:.0f} s"
            ) from error
        except (aiohttp.ClientError, asyncio.IncompleteReadError, OSError) as error:
            # The text of these may hold the address.
            raise Postponed(
                f"the receiver of webhooks cannot be reached ({type(error).__name__})"
            ) from error


def body_of(entry: Entry) -> bytes:
    """The same bytes in every try."""
    body = {"id": entry.id, **entry.payload["body"]}
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def _judged(response: aiohttp.ClientResponse) -> str:
    """Only 2xx is a receipt. All else is tried again until the event is too old: a receiver that
    answers 404 or 401 today is one that is set up wrongly, and will be put right."""
    status = response.status
    if status // 100 == 2:
        return str(status)
    after = response.headers.get("Retry-After", "")
    redirect = ", a redirect, which is not followed" if status // 100 == 3 else ""
    raise Postponed(
        f"the receiver of webhooks answered {status}{redirect}",
        float(after) if after.isdecimal() and len(after) < 10 else None,
    )
