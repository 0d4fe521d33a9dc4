"""Logs a user in for one question, and out again: for people who have no access token at hand."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp

from turn.doctor.causes import Cause
from turn.doctor.homeserver import NO_ANSWER, Homeserver, read_json, session_with, words
from turn.doctor.judge import printable

LOGIN, LOGOUT = "/_matrix/client/v3/login", "/_matrix/client/v3/logout"
WELL_KNOWN = "/.well-known/matrix/client"
DEVICE_NAME = "matrix-turn check"


class LoginFailed(Exception):
    """No token was given; the text says why, and holds no password."""

    def __init__(self, text: str, cause: Cause = Cause.HOMESERVER_REFUSED) -> None:
        super().__init__(text)
        self.cause = cause


def server_of(user_id: str) -> str:
    """The server name of a user id, port included. Raises ValueError."""
    local, _, server = user_id.removeprefix("@").partition(":")
    if not user_id.startswith("@") or not local or not server or set(server) & set("/?#@ "):
        raise ValueError("a user id looks like @ann:example.org")
    return server


@asynccontextmanager
async def logged_in(
    user_id: str,
    password: str,
    url: str | None,
    timeout: float,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Homeserver]:
    """A token of the user's while this lasts. Raises LoginFailed.

    Without ``url`` the homeserver is found as clients find it: by the well-known file of the server
    in the user id (Client-Server API, "Server Discovery").
    """
    async with session_with(timeout, tls) as session:
        try:
            base = (url or await _discover(session, server_of(user_id))).rstrip("/")
            token = await _login(session, base, user_id, password)
        except NO_ANSWER as error:
            text = f"the homeserver cannot be reached ({words(error)})"
            raise LoginFailed(text, Cause.HOMESERVER_UNREACHABLE) from None
        try:
            yield Homeserver(base, token)
        finally:
            with suppress(*NO_ANSWER):
                headers = {"Authorization": f"Bearer {token}"}
                async with session.post(base + LOGOUT, headers=headers, json={}):
                    pass


async def _discover(session: aiohttp.ClientSession, server: str) -> str:
    own = f"https://{server}"
    try:
        async with session.get(own + WELL_KNOWN) as response:
            body = _object(await read_json(response))
    except NO_ANSWER:
        return own
    part = body.get("m.homeserver")
    base = part.get("base_url") if isinstance(part, dict) else None
    # Anything but HTTPS would send the password in the clear to whoever wrote the file.
    return base if isinstance(base, str) and base.startswith("https://") else own


async def _login(session: aiohttp.ClientSession, base: str, user_id: str, password: str) -> str:
    body = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": user_id},
        "password": password,
        "initial_device_display_name": DEVICE_NAME,
    }
    async with session.post(base + LOGIN, json=body, allow_redirects=False) as response:
        answer = _object(await read_json(response))
    token = answer.get("access_token")
    if response.status == 200 and isinstance(token, str) and token:
        return token
    code = printable(str(answer.get("errcode", "no Matrix error")))
    if response.status == 403:
        raise LoginFailed(f"the homeserver refuses user and password ({code})")
    raise LoginFailed(
        f"the homeserver lets nobody log in with a password ({response.status}, {code}): give"
        " --token-file instead"
    )


def _object(decoded: object) -> dict[str, Any]:
    return decoded if isinstance(decoded, dict) else {}
