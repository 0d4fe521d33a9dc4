"""The account's secret storage at the homeserver: fetch the cross-signing keys, put them there.

What is there is encrypted with the recovery key, which the homeserver never sees
(`secret_storage.py`).
"""

from __future__ import annotations

from voip.matrix import secret_storage
from voip.matrix.errors import IdentityError, RequestRefusedError
from voip.matrix.http import Json, path
from voip.matrix.session import Session

DEFAULT_KEY = "m.secret_storage.default_key"
KEY = "m.secret_storage.key."
SECRET = "m.cross_signing."  # noqa: S105 - the name of account data


class Vault:
    """Each method asks the homeserver, and raises what `Session.request` raises."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def is_empty(self) -> bool:
        return await self._default_key() is None

    async def fetch(self, key: bytes, names: tuple[str, ...]) -> dict[str, str]:
        """Those of the named secrets that are there.

        :raises IdentityError: there is no storage, or it has another key.
        """
        found = {}
        key_id = await self._opened_by(key)
        for name in names:
            data = await self._get(SECRET + name)
            encrypted = data.get("encrypted") if data is not None else None
            if not isinstance(encrypted, dict) or key_id not in encrypted:
                continue
            try:
                found[name] = secret_storage.decrypt(key, SECRET + name, encrypted[key_id])
            except ValueError as error:
                raise IdentityError(
                    f"The {name} key in the account's secret storage is damaged: reset the "
                    "recovery in a client such as Element, and give the new recovery key."
                ) from error
        return found

    async def make(self, key: bytes) -> None:
        """Set up the storage of an account that has none."""
        key_id = secret_storage.key_id(key)
        await self._put(KEY + key_id, secret_storage.describe(key))
        await self._put(DEFAULT_KEY, {"key": key_id})

    async def put(self, key: bytes, secrets: dict[str, str]) -> None:
        """Add secrets to the storage. :raises IdentityError: it has another key."""
        key_id = await self._opened_by(key)
        for name, secret in secrets.items():
            encrypted = secret_storage.encrypt(key, SECRET + name, secret)
            await self._put(SECRET + name, {"encrypted": {key_id: encrypted}})

    async def secret(self, key: bytes, name: str) -> str | None:
        """One secret by its whole name, such as `m.megolm_backup.v1`; None where it is not there.

        :raises IdentityError: there is no storage, or it has another key.
        """
        key_id = await self._opened_by(key)
        data = await self._get(name)
        encrypted = data.get("encrypted") if data is not None else None
        if not isinstance(encrypted, dict) or key_id not in encrypted:
            return None
        try:
            return secret_storage.decrypt(key, name, encrypted[key_id])
        except ValueError:
            return None

    async def keep(self, key: bytes, name: str, secret: str) -> None:
        """Add one by its whole name. :raises IdentityError: the storage has another key."""
        key_id = await self._opened_by(key)
        encrypted = secret_storage.encrypt(key, name, secret)
        await self._put(name, {"encrypted": {key_id: encrypted}})

    async def _opened_by(self, key: bytes) -> str:
        """The id of the default key, which `key` is."""
        key_id = await self._default_key()
        description = await self._get(KEY + key_id) if key_id is not None else None
        if key_id is None or description is None:
            raise IdentityError(
                "The account has no secret storage, so a recovery key opens nothing: set up "
                "recovery in a client such as Element, and give the key that it shows."
            )
        if not secret_storage.is_key_of(key, description):
            raise IdentityError(
                "The recovery key does not open the account's secret storage: it is that of "
                "another account, or recovery was reset since. Give the account's present one."
            )
        return key_id

    async def _default_key(self) -> str | None:
        data = await self._get(DEFAULT_KEY)
        key_id = data.get("key") if data is not None else None
        return key_id if isinstance(key_id, str) else None

    async def _get(self, type_: str) -> Json | None:
        try:
            return await self._session.request("GET", self._where(type_))
        except RequestRefusedError as error:
            if error.status == 404:
                return None
            raise

    async def _put(self, type_: str, content: Json) -> None:
        await self._session.request("PUT", self._where(type_), body=content)

    def _where(self, type_: str) -> str:
        return path("user", self._session.user_id, "account_data", type_)
