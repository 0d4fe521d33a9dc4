"""Tries a login as a bot would do it, and leaves nothing behind at the homeserver."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp

from voip.matrix.discovery import discover
from voip.matrix.errors import MatrixError
from voip.matrix.folder import Folder
from voip.matrix.http import Http, path
from voip.matrix.session import Session
from voip.service.settings import Settings
from voip.service.translation import matrix_settings

PATIENCE = 10.0
"""Seconds for which an unreachable homeserver is asked again."""


@dataclass(frozen=True, slots=True)
class LoginResult:
    homeserver: str
    """The base URL that the login went to."""
    relays: int
    """How many TURN URIs the homeserver offers."""


class LoginFailedError(Exception):
    """No login; the message says why and what to do."""


async def try_login(settings: Settings) -> LoginResult:
    """Log in, ask for TURN servers, log out again where a password made a new device.

    Raises LoginFailedError.
    """
    try:
        async with aiohttp.ClientSession() as client, asyncio.timeout(PATIENCE * 3):
            http = Http(await discover(settings.homeserver, client), client)
            return await _try_at(http, settings)
    except (MatrixError, TimeoutError) as error:
        raise LoginFailedError(str(error) or "the homeserver was silent for too long") from error


async def _try_at(http: Http, settings: Settings) -> LoginResult:
    with tempfile.TemporaryDirectory(prefix="voip-check-") as folder:
        # A folder of its own: the bot that may be running keeps its session to itself.
        matrix = replace(matrix_settings(settings), data_dir=Path(folder), start_timeout=PATIENCE)
        session = Session(matrix, Folder(Path(folder)), http)
        await session.start()
        try:
            answer = await session.request("GET", path("voip", "turnServer"))
        finally:
            if matrix.access_token is None:
                await session.request("POST", path("logout"), body={})
    uris = answer.get("uris")
    return LoginResult(http.base_url, len(uris) if isinstance(uris, list) else 0)
