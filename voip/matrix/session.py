"""Who we are to the homeserver: log in, stay logged in, put the token on every request.

A session is kept on disk and reused, so a restart is the same device with the same keys. Short
access tokens are renewed with the refresh token, or else by password as the same device
(client-server API, "Refreshing access tokens" and "Soft logout").
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from typing import Any

import msgspec

from voip.matrix.backoff import until_done
from voip.matrix.errors import (
    DataFolderError,
    HomeserverUnreachableError,
    LoggedOutError,
    LoginRefusedError,
    RequestRefusedError,
    TransientError,
)
from voip.matrix.folder import Folder, StoredSession
from voip.matrix.http import Http, Json, path
from voip.matrix.settings import MatrixSettings

log = logging.getLogger(__name__)

UNKNOWN_TOKEN = "M_UNKNOWN_TOKEN"  # noqa: S105 - the name of an error


class Session:
    """One device of one account. `start` before anything else."""

    def __init__(self, settings: MatrixSettings, folder: Folder, http: Http) -> None:
        self._settings = settings
        self._folder = folder
        self._http = http
        self._stored: StoredSession | None = None
        self._ended: LoggedOutError | LoginRefusedError | None = None
        self._renewing = asyncio.Lock()

    @property
    def user_id(self) -> str:
        return self._current.user_id

    @property
    def device_id(self) -> str:
        return self._current.device_id

    @property
    def http(self) -> Http:
        return self._http

    async def start(self) -> None:
        """Take up the stored session, or log in.

        A stored session is trusted without asking, so that a restart during an outage works;
        only a first start needs the homeserver.

        :raises LoginRefusedError: wrong password or token.
        :raises DataFolderError: the folder holds another account's session.
        :raises HomeserverUnreachableError: no answer within `start_timeout`.
        """
        stored = await asyncio.to_thread(self._folder.session)
        if stored is not None and self._still_ours(stored):
            self._stored = stored
            return
        try:
            await until_done(self._begin, self._settings.start_timeout)
        except TransientError as error:
            raise HomeserverUnreachableError(
                f"{self._http.base_url} did not answer within {self._settings.start_timeout:.0f} s "
                f"({error}). Check the address and the network, then start again."
            ) from error

    def _still_ours(self, stored: StoredSession) -> bool:
        if stored.user_id != self._settings.user_id:
            raise DataFolderError(
                f"{self._folder.path} belongs to {stored.user_id}: give "
                f"{self._settings.user_id} a data folder of its own."
            )
        # A token in the settings that is new there replaces the session; one that we began with
        # may long have been replaced by a login.
        given = self._settings.access_token
        return given is None or stored.given == _fingerprint(given)

    async def _begin(self) -> None:
        if self._settings.access_token is not None:
            await self._keep(await self._from_token(self._settings.access_token))
        else:
            await self._keep(await self._by_password(device_id=None))

    # --- requests ---------------------------------------------------------------------------

    async def request(self, method: str, where: str, **options: Any) -> Json:
        """`Http.request` in our name. An expired token is renewed, and the request made again.

        A streamed upload cannot be made again: its caller repeats it.

        :raises LoggedOutError: the session is over for good.
        """
        token = self._token()
        try:
            return await self._http.request(method, where, token=token, **options)
        except RequestRefusedError as error:
            if error.errcode != UNKNOWN_TOKEN:
                raise
            await self._renew(token, soft_logout=error.soft_logout)
            if "data" in options:
                raise TransientError("The access token had expired: upload again") from error
        return await self._http.request(method, where, token=self._token(), **options)

    async def token(self) -> str:
        """A token that the homeserver accepts now, for requests made without `request`.

        :raises TransientError: it cannot be asked.
        """
        await self.request("GET", path("account", "whoami"))
        return self._token()

    def _token(self) -> str:
        if self._ended is not None:
            raise self._ended
        return self._current.access_token

    @property
    def _current(self) -> StoredSession:
        if self._stored is None:
            raise RuntimeError("Session.start comes first")
        return self._stored

    # --- renewal ----------------------------------------------------------------------------

    async def _renew(self, refused: str, *, soft_logout: bool) -> None:
        """Replace a token that was refused; whoever comes second finds it done."""
        async with self._renewing:
            if self._token() != refused:
                return
            if await self._refresh():
                return
            if soft_logout and self._settings.password is not None:
                log.info("The session expired; logging in again as the same device")
                await self._again_by_password()
                return
            self._ended = self._over(soft_logout=soft_logout)
            raise self._ended

    async def _refresh(self) -> bool:
        """Use the refresh token. False where there is none, or it is no longer good."""
        current = self._current
        if current.refresh_token is None:
            return False
        body = {"refresh_token": current.refresh_token}
        try:
            answer = await self._http.request("POST", path("refresh"), body=body)
        except RequestRefusedError as error:
            log.info("The refresh token is no longer accepted: %s", error.errcode)
            return False
        fresh = msgspec.structs.replace(
            current,
            access_token=_text(answer, "access_token"),
            # "If the server does not give a new refresh token, the old one can be used again."
            refresh_token=answer.get("refresh_token") or current.refresh_token,
        )
        await self._keep(fresh)
        return True

    async def _again_by_password(self) -> None:
        try:
            await self._keep(await self._by_password(device_id=self.device_id))
        except LoginRefusedError as error:
            self._ended = error  # asking again with a wrong password would lock the account
            raise

    def _over(self, *, soft_logout: bool) -> LoggedOutError:
        if soft_logout:
            return LoggedOutError(
                f"The session of {self.user_id} expired and there is no password to open it "
                "again: give the password or a new access token, then start again."
            )
        return LoggedOutError(
            f"The homeserver removed device {self.device_id} of {self.user_id} (logged out "
            f"elsewhere, or password changed). Move {self._folder.session_file} away and start "
            "again: it logs in as a new device, with new keys."
        )

    # --- logging in -------------------------------------------------------------------------

    async def _by_password(self, device_id: str | None) -> StoredSession:
        password = self._settings.password
        if password is None:
            raise LoginRefusedError(
                f"There is neither a password nor an access token for {self._settings.user_id}."
            )
        body: Json = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": self._settings.user_id},
            "password": password,
            "initial_device_display_name": self._settings.device_name,
            "refresh_token": True,
        }
        if device_id is not None:
            body["device_id"] = device_id
        try:
            answer = await self._http.request("POST", path("login"), body=body)
        except RequestRefusedError as error:
            raise self._refused(error) from error
        return self._session_of(answer, _text(answer, "access_token"), answer.get("refresh_token"))

    def _refused(self, error: RequestRefusedError) -> LoginRefusedError:
        if error.errcode == "M_FORBIDDEN":
            return LoginRefusedError(
                f"{self._http.base_url} does not accept this password for "
                f"{self._settings.user_id}: check both."
            )
        if error.errcode == "M_USER_DEACTIVATED":
            return LoginRefusedError(f"The account {self._settings.user_id} is deactivated.")
        return LoginRefusedError(
            f"{self._http.base_url} offers no login by password for {self._settings.user_id} "
            f"({error}). Check the address, or use an access token."
        )

    async def _from_token(self, access_token: str) -> StoredSession:
        try:
            answer = await self._http.request("GET", path("account", "whoami"), token=access_token)
        except RequestRefusedError as error:
            raise LoginRefusedError(
                f"{self._http.base_url} does not accept the access token ({error.errcode}): "
                "make a new one."
            ) from error
        if not isinstance(answer.get("device_id"), str):
            raise LoginRefusedError("The access token belongs to no device; log in to get one.")
        return self._session_of(answer, access_token, None)

    def _session_of(self, answer: Json, access_token: str, refresh: object) -> StoredSession:
        user_id = _text(answer, "user_id")
        if user_id != self._settings.user_id:
            raise LoginRefusedError(
                f"This login is {user_id}, not {self._settings.user_id}: check the user id."
            )
        return StoredSession(
            homeserver=self._http.base_url,
            user_id=user_id,
            device_id=_text(answer, "device_id"),
            access_token=access_token,
            refresh_token=refresh if isinstance(refresh, str) else None,
            given=_fingerprint(self._settings.access_token),
        )

    async def _keep(self, session: StoredSession) -> None:
        # On disk before the first use, which is what makes the server forget the old tokens.
        await asyncio.to_thread(self._folder.keep_session, session)
        self._stored = session


def _fingerprint(token: str | None) -> str:
    return "" if token is None else hashlib.sha256(token.encode()).hexdigest()


def _text(answer: Json, key: str) -> str:
    value = answer.get(key)
    if not isinstance(value, str):
        raise TransientError(f"The homeserver's answer has no {key}")
    return value
