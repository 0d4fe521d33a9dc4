"""Somebody to ask the homeserver as: the bot's own stored session where it is still good, for it
needs no login; else a login that is ended again. A bot that runs meanwhile is not disturbed."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from voip.matrix.errors import RequestRefusedError
from voip.matrix.folder import Folder
from voip.matrix.http import Http, Json, path
from voip.matrix.session import Session
from voip.service.settings import Settings
from voip.service.translation import matrix_settings

PATIENCE = 10.0
"""Seconds for which an unreachable homeserver is asked again."""


@dataclass(frozen=True, slots=True)
class Account:
    """A token that works."""

    http: Http
    token: str
    user_id: str
    device_id: str | None
    """The bot's device; None where it has none yet, and this is a login for the doctor alone."""

    def __repr__(self) -> str:  # a log line with the token in it would be a leak
        return f"Account({self.user_id})"

    async def request(self, method: str, where: str, **options: object) -> Json:
        """As `Http.request`, which says what it raises."""
        return await self.http.request(method, where, token=self.token, **options)  # type: ignore[arg-type]  # passed on


@asynccontextmanager
async def account_of(settings: Settings, http: Http) -> AsyncIterator[Account]:
    """Raises what `Session.start` raises."""
    stored = await _stored(settings, http)
    if stored is not None:
        yield stored
        return
    matrix = matrix_settings(settings)
    with tempfile.TemporaryDirectory(prefix="voip-doctor-") as folder:
        # A folder of its own: the bot that may be running keeps its session to itself.
        own = replace(matrix, data_dir=Path(folder), start_timeout=PATIENCE)
        session = Session(own, Folder(Path(folder)), http)
        await session.start()
        token = await session.token()
        given = matrix.access_token is not None
        try:
            yield Account(http, token, session.user_id, session.device_id if given else None)
        finally:
            if not given:
                await session.request("POST", path("logout"), body={})


async def _stored(settings: Settings, http: Http) -> Account | None:
    """The bot's own session, where its token is still good. It is never renewed here: the new
    token would be the doctor's, and the bot would not know."""
    folder = Folder(settings.data_dir / "matrix")
    session = await asyncio.to_thread(folder.session)
    if session is None or session.user_id != settings.user_id:
        return None
    account = Account(http, session.access_token, session.user_id, session.device_id)
    try:
        await account.request("GET", path("account", "whoami"))
    except RequestRefusedError:
        return None
    return account
