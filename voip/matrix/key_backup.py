"""The server-side backup of room keys: made once, filled as keys come, read on a new machine.

The keys are encrypted for a key pair whose private half is here and in the account's secret
storage, so whoever has the recovery key reads on where an old machine ended.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from voip.matrix.backup_crypto import ALGORITHM, SECRET, BackupKey, read
from voip.matrix.errors import IdentityError, MatrixError, RequestRefusedError
from voip.matrix.folder import Folder, write_private
from voip.matrix.http import Json, path
from voip.matrix.identity import Identity, IdentityState
from voip.matrix.machine import Machine
from voip.matrix.session import Session
from voip.matrix.signatures import signed
from voip.matrix.vault import Vault

log = logging.getLogger(__name__)

PAUSE = 60.0
"""Seconds before the next try after something failed."""
AT_ONCE = 100
"""Keys in one request."""
WRONG_VERSION = "M_WRONG_ROOM_KEYS_VERSION"


class KeyBackup:
    """`upkeep` after each sync response does what is due; `read` opens old events."""

    def __init__(
        self,
        session: Session,
        machine: Machine,
        folder: Folder,
        identity: Identity,
        recovery: bytes | None,
    ) -> None:
        self._session, self._machine, self._folder = session, machine, folder
        self._identity, self._recovery = identity, recovery
        self._vault = Vault(session)
        self._key: BackupKey | None = None
        self._version = ""
        self._sent: set[str] = set()
        """Sessions that are in the backup, as far as we know."""
        self._after = 0.0
        self.problem = ""
        """Why there is none; empty where there is, or nobody has looked yet."""

    @property
    def active(self) -> bool:
        return self._key is not None

    async def upkeep(self) -> None:
        """Look for the backup, or make it; send keys that are not in it. Never raises because of
        what the homeserver says."""
        clock = asyncio.get_running_loop().time
        if clock() < self._after or self._identity.state is not IdentityState.SIGNED:
            return
        try:
            if self._key is None:
                await self._look()
            if self._key is not None:
                await self._send(self._key)
        except IdentityError as error:
            self._failed(str(error))
        except (MatrixError, OSError) as error:
            self._failed(f"{type(error).__name__}: {error}")
        else:
            self._after = clock() + PAUSE if self._key is None else 0.0

    def _failed(self, why: str) -> None:
        if why != self.problem:  # once, not at every look
            log.warning("Room keys are not backed up: %s", why)
        self.problem = why
        self._after = asyncio.get_running_loop().time() + PAUSE

    # --- the backup -----------------------------------------------------------------------------

    async def _look(self) -> None:
        storage_key = self._recovery or await asyncio.to_thread(self._folder.recovery_key)
        try:
            found = await self._session.request("GET", path("room_keys", "version"))
        except RequestRefusedError as error:
            if error.status != 404:
                raise
            if storage_key is None:
                raise IdentityError("the account's recovery key is not known here") from error
            await self._make(storage_key)
            return
        key = await self._private_key(storage_key)
        public = found.get("auth_data", {}).get("public_key")
        if found.get("algorithm") != ALGORITHM or public != key.public:
            raise IdentityError(
                "the account's backup is another client's, whose key is not in secret storage"
            )
        await self._use(key, str(found["version"]))

    async def _private_key(self, storage_key: bytes | None) -> BackupKey:
        kept = await asyncio.to_thread(_text, self._folder.backup_file)
        if kept is None and storage_key is not None:
            kept = await self._vault.secret(storage_key, SECRET)
        try:
            return BackupKey.from_text(kept or "")
        except ValueError:
            raise IdentityError(
                "the account has a backup, and its key is not here: set the recovery key"
                " (VOIP_RECOVERY_KEY) and start again"
            ) from None

    async def _make(self, storage_key: bytes) -> None:
        """The private key is safe before anything is encrypted for it."""
        key = BackupKey.generate()
        await self._vault.keep(storage_key, SECRET, key.secret)
        auth: Json = await self._machine.run(
            signed,
            {"public_key": key.public},
            self._session.user_id,
            self._session.device_id,
            self._machine.state.sign,
        )
        body = {"algorithm": ALGORITHM, "auth_data": auth}
        answer = await self._session.request("POST", path("room_keys", "version"), body=body)
        await self._use(key, str(answer["version"]))
        log.info("Room keys are backed up from now on")

    async def _use(self, key: BackupKey, version: str) -> None:
        secret = key.secret.encode()
        await asyncio.to_thread(write_private, self._folder.backup_file, secret, durable=True)
        self._sent = await asyncio.to_thread(_sent, self._folder.backed_up_file, version)
        self._key, self._version, self.problem = key, version, ""

    # --- in and out -----------------------------------------------------------------------------

    async def _send(self, key: BackupKey) -> None:
        found = await self._machine.run(
            self._machine.state.exported_keys, frozenset(self._sent), AT_ONCE
        )
        if not found:
            return
        rooms: Json = {}
        for each in found:
            sessions = rooms.setdefault(each.room_id, {"sessions": {}})["sessions"]
            sessions[each.session_id] = {
                "first_message_index": each.first_index,
                "forwarded_count": 0,
                "is_verified": False,
                "session_data": key.seal(each.content),
            }
        params = {"version": self._version}
        where = path("room_keys", "keys")
        try:
            await self._session.request("PUT", where, params=params, body={"rooms": rooms})
        except RequestRefusedError as error:
            if error.errcode == WRONG_VERSION or error.status == 404:
                self._key = None  # another client has made a new one: look again
            raise
        names = [each.session_id for each in found]
        self._sent.update(names)
        await asyncio.to_thread(_append, self._folder.backed_up_file, self._version, names)

    async def read(self, room_id: str, event: Json) -> tuple[str, Json] | None:
        """What is inside an encrypted event whose key is in the backup; None where it is not.

        Nothing proves who sent it; see `backup_crypto`.
        """
        content = event.get("content")
        session_id = content.get("session_id") if isinstance(content, dict) else None
        if self._key is None or not isinstance(content, dict) or not isinstance(session_id, str):
            return None
        where, params = path("room_keys", "keys", room_id, session_id), {"version": self._version}
        try:
            found = await self._session.request("GET", where, params=params)
            return read(self._key.opened(found.get("session_data")), room_id, content)
        except (MatrixError, ValueError):
            return None


def _text(file: Path) -> str | None:
    try:
        return file.read_text("ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def _sent(file: Path, version: str) -> set[str]:
    """Of this version of the backup: another one is empty."""
    try:
        first, *names = file.read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return set()
    return set(names) if first == version else set()


def _append(file: Path, version: str, names: list[str]) -> None:
    """One line each; the first says of which version."""
    if not _sent(file, version):
        write_private(file, f"{version}\n".encode())
    with file.open("a", encoding="utf-8") as out:
        out.writelines(f"{name}\n" for name in names)
