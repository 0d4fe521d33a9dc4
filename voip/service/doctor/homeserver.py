"""What the homeserver says: versions, clock, sync, rate limits, encryption."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime

from voip.matrix.cross_signing import PublicIdentity
from voip.matrix.errors import MatrixError, RateLimitedError, RequestRefusedError
from voip.matrix.http import Http, Json, path
from voip.service.doctor.account import Account
from voip.service.doctor.model import Finding, failed, ok, skipped, warning

SKEW = 30.0
"""Seconds that clocks may differ: HTTP dates are whole seconds."""
SLOW_SYNC = 5.0
BURST_ROOM = "org.matrix-voip.doctor"
"""Account data: the id of the room that bursts are sent into, made once, with nobody else in it."""
NOTHING: Json = {"room": {"rooms": []}, "presence": {"types": []}, "account_data": {"types": []}}

Probe = Callable[[Account], Awaitable[list[Finding]]]


async def server_findings(http: Http) -> list[Finding]:
    """Reachable, which versions, and whose clock. Needs no login."""
    started = time.monotonic()
    try:
        async with http.open("GET", "/_matrix/client/versions") as response:
            answer, date = await response.json(content_type=None), response.headers.get("Date")
    except (MatrixError, ValueError) as error:
        return [
            failed(
                "homeserver",
                f"{http.base_url} gives no Matrix answer: {error}",
                "check VOIP_HOMESERVER, the network and the proxy before it",
            )
        ]
    took = time.monotonic() - started
    versions = answer.get("versions") if isinstance(answer, dict) else None
    known = [each for each in versions or () if isinstance(each, str) and each.startswith("v1.")]
    if not known:
        text, what = "it speaks no version 1 of the specification", "update the homeserver"
        return [failed("homeserver", text, what)]
    newest = max(known, key=lambda version: int(version[3:]) if version[3:].isdecimal() else 0)
    return [
        ok("homeserver", f"{http.base_url} speaks Matrix {newest}", took),
        _clock(date, time.time(), took),
    ]


def _clock(date: str | None, now: float, took: float) -> Finding:
    """Credentials for TURN and certificates end by the clock."""
    try:
        ahead = parsedate_to_datetime(date or "").timestamp() - now
    except ValueError:
        return skipped("clock", "the homeserver's answer has no date")
    if abs(ahead) > SKEW + took:
        side = "behind" if ahead > 0 else "ahead of"
        text = f"this machine's clock is {abs(ahead):.0f} s {side} the homeserver's"
        return warning("clock", text, "run an NTP client on both")
    return ok("clock", "it agrees with the homeserver's")


async def sync_findings(account: Account) -> list[Finding]:
    """One empty sync response: how long it takes, and that one-time keys are there."""
    started = time.monotonic()
    params = {"timeout": "0", "filter": json.dumps(NOTHING)}
    answer = await account.request("GET", path("sync"), params=params, timeout=60.0)
    took = time.monotonic() - started
    if not isinstance(answer.get("next_batch"), str):
        return [failed("sync", "the answer has no next_batch", "look at the homeserver's log")]
    if took > SLOW_SYNC:
        text = f"an empty response takes {took:.1f} s, and calls wait for it"
        return [warning("sync", text, "look at the homeserver's load and database", took)]
    return [ok("sync", "an empty response comes", took)]


def rate_findings(count: int) -> Probe:
    """Whether so many events can be sent at once: as many as a call needs, and more for many."""

    async def probe(account: Account) -> list[Finding]:
        if not count:
            return [skipped("rate limits", "--burst 0")]
        room = await _burst_room(account)
        for sent in range(count):
            where = path("rooms", room, "send", "org.matrix-voip.doctor", uuid.uuid4().hex)
            try:
                await account.request("PUT", where, body={})
            except RateLimitedError as error:
                return [_limited(account, sent, error.retry_after)]
        return [ok("rate limits", f"{count} events at once are taken")]

    return probe


def _limited(account: Account, sent: int, wait: float) -> Finding:
    text = f"after {sent} events at once it asks to wait {wait:.1f} s"
    remedy = (
        f"lift the limit for {account.user_id}, on Synapse with POST"
        f" /_synapse/admin/v1/users/{account.user_id}/override_ratelimit and the body"
        ' {"messages_per_second": 0, "burst_count": 0}'
    )
    make = failed if sent < 6 else warning
    return make("rate limits", text, remedy)


async def _burst_room(account: Account) -> str:
    where = path("user", account.user_id, "account_data", BURST_ROOM)
    try:
        room = (await account.request("GET", where)).get("room_id")
    except RequestRefusedError:
        room = None
    if isinstance(room, str):
        return room
    body = {
        "preset": "private_chat",
        "name": "voip doctor",
        "creation_content": {"m.federate": False},
    }
    made = str((await account.request("POST", path("createRoom"), body=body))["room_id"])
    await account.request("PUT", where, body={"room_id": made})
    return made


async def encryption_findings(account: Account) -> list[Finding]:
    """Whether others may believe that the bot's device is the bot's, and whether a new machine
    could take its place."""
    query: Json = {"device_keys": {account.user_id: []}}
    answer = await account.request("POST", path("keys", "query"), body=query)
    identity = PublicIdentity.of(answer, account.user_id)
    return [
        _signing(account, identity, answer),
        await _storage(account),
        await _backup(account),
    ]


def _signing(account: Account, identity: PublicIdentity | None, answer: Json) -> Finding:
    if account.device_id is None:
        return skipped("device", "it has none yet: it is made and signed at the first start")
    if identity is None:
        return warning("device", "the account has no cross-signing keys yet", "start the bot once")
    devices = answer.get("device_keys", {}).get(account.user_id, {})
    if account.device_id not in devices:
        return warning("device", "it has published no keys yet", "start the bot once")
    if not identity.has_signed(devices[account.device_id], account.device_id):
        text = "its owner has not signed it, so clients may neither call nor hear it"
        return failed("device", text, "set VOIP_RECOVERY_KEY_FILE and start the bot again")
    return ok("device", "its owner has signed it")


async def _storage(account: Account) -> Finding:
    where = path("user", account.user_id, "account_data", "m.secret_storage.default_key")
    if await _found(account, where):
        return ok("recovery", "the signing keys are in the account's secret storage")
    text = "the account has no secret storage: if this machine is lost, so is its identity"
    return warning("recovery", text, "start the bot once; it makes a recovery key")


async def _backup(account: Account) -> Finding:
    if await _found(account, path("room_keys", "version")):
        return ok("key backup", "there is one")
    text = "there is none: a new machine cannot read what came before it"
    return warning("key backup", text, "start the bot once, or make one in another client")


async def _found(account: Account, where: str) -> bool:
    try:
        await account.request("GET", where)
    except RequestRefusedError as error:
        if error.status == 404:
            return False
        raise
    return True
