"""Our account's cross-signing identity: made, recovered, and used to sign our device.

Clients leave out devices that their owner has not signed (MSC4153), so an unsigned bot is neither
heard nor called. What a person made in another client is never replaced: it is recovered with the
recovery key, or else we say what to do, and go on unsigned.
"""

from __future__ import annotations

import asyncio
import logging
from enum import Enum
from typing import Any

import msgspec

from voip.matrix import recovery_key
from voip.matrix.confirmation import confirmed
from voip.matrix.cross_signing import NAMES, PrivateIdentity, PublicIdentity
from voip.matrix.errors import (
    DataFolderError,
    IdentityError,
    MatrixError,
    TransientError,
)
from voip.matrix.folder import Folder
from voip.matrix.http import Json, path
from voip.matrix.machine import Machine
from voip.matrix.session import Session
from voip.matrix.signatures import is_signed, signed
from voip.matrix.vault import Vault

log = logging.getLogger(__name__)

PAUSE = 30.0
"""Seconds before the next try after a homeserver that was in trouble."""


class IdentityState(Enum):
    UNKNOWN = "not looked at yet"
    SIGNED = "our device is signed by its owner"
    UNSIGNED = "our device is not signed; the log says why and what to do"


class Identity:
    """`upkeep` after each sync response does what is due; `due` makes it look again."""

    def __init__(
        self,
        session: Session,
        machine: Machine,
        folder: Folder,
        password: str | None,
        recovery: bytes | None,
    ) -> None:
        self._session = session
        self._machine = machine
        self._folder = folder
        self._password = password
        self._recovery = recovery
        self._vault = Vault(session)
        self._due_at: float | None = 0.0
        self.state = IdentityState.UNKNOWN
        self.problem: IdentityError | None = None
        """Why the device is not signed."""

    def due(self) -> None:
        """Our account's keys may have changed at the homeserver: look again."""
        self._due_at = 0.0

    async def upkeep(self) -> None:
        """Look, where that is due. Never raises because of what the homeserver says."""
        clock = asyncio.get_running_loop().time
        if self._due_at is None or clock() < self._due_at:
            return
        self._due_at = None
        try:
            await self._look()
        except (IdentityError, DataFolderError) as error:
            self._failed(error)
        except (MatrixError, OSError) as error:  # no answer, no session any more, a full disk
            log.info("Our identity could not be looked at, again later: %s", error)
            self._due_at = clock() + PAUSE
        else:
            self.state, self.problem = IdentityState.SIGNED, None

    def _failed(self, error: MatrixError) -> None:
        if str(error) != str(self.problem):  # once, not at every look
            log.warning("Our device is not signed by its owner: %s", error)
        self.state = IdentityState.UNSIGNED
        self.problem = error if isinstance(error, IdentityError) else IdentityError(str(error))

    async def _look(self) -> None:
        user_id = self._session.user_id
        body: Json = {"device_keys": {user_id: []}}
        answer = await self._session.request("POST", path("keys", "query"), body=body)
        if _at(answer, "device_keys", user_id, self._session.device_id) is None:
            # Only a whole answer can say that there is no identity: we would replace one.
            raise TransientError("The homeserver does not show our device yet")
        published = PublicIdentity.of(answer, user_id)
        if published is None and _at(answer, "master_keys", user_id) is not None:
            raise IdentityError("The homeserver shows an identity of ours that cannot be read.")
        ours = await asyncio.to_thread(self._folder.identity)
        if published is None:
            ours = await self._publish(ours)
            answer = await self._session.request("POST", path("keys", "query"), body=body)
        elif ours is None or not ours.is_of(published):
            ours = await self._recover(published, changed=ours is not None)
        await self._sign(ours, answer)
        if not ours.in_secret_storage:
            await self._store(ours)

    # --- an identity of our own -----------------------------------------------------------------

    async def _publish(self, ours: PrivateIdentity | None) -> PrivateIdentity:
        """For an account that has none. Kept before it leaves, so that a crash loses nothing."""
        if ours is None or len(ours.secrets) < len(NAMES):
            ours = PrivateIdentity.generate()
        ours = msgspec.structs.replace(ours, in_secret_storage=False)
        await self._keep(ours)
        where = path("keys", "device_signing", "upload")
        await confirmed(self._session, where, ours.upload(self._session.user_id), self._password)
        log.info("The account has a cross-signing identity now")
        return ours

    async def _store(self, ours: PrivateIdentity) -> None:
        """Put the private keys where a new machine finds them, with the recovery key."""
        key = self._recovery or await asyncio.to_thread(self._folder.recovery_key)
        if await self._vault.is_empty():
            if key is None:
                key = await self._new_recovery_key()
            await self._vault.make(key)
        elif key is None:
            log.warning(
                "The account has a secret storage of somebody else's: our signing keys are in the "
                "data folder alone. Back it up, or give the account's recovery key."
            )
            return
        try:
            await self._vault.put(key, ours.secrets)
        except IdentityError as error:  # we are signed all the same
            log.warning("Our signing keys are in the data folder alone: %s", error)
            return
        await self._keep(msgspec.structs.replace(ours, in_secret_storage=True))

    async def _new_recovery_key(self) -> bytes:
        key = recovery_key.new_key()
        await asyncio.to_thread(self._folder.keep_recovery_key, recovery_key.to_text(key))
        log.warning(
            "The account's recovery key is in %s: copy it to a safe place. With it, another "
            "machine becomes a signed device of the account.",
            self._folder.recovery_file,
        )
        return key

    # --- an identity that somebody made elsewhere -----------------------------------------------

    async def _recover(self, published: PublicIdentity, *, changed: bool) -> PrivateIdentity:
        key = self._recovery
        if key is None and not changed:
            key = await asyncio.to_thread(self._folder.recovery_key)
        if key is None:
            raise IdentityError(_needs_recovery_key(self._session.user_id, changed=changed))
        secrets = await self._vault.fetch(key, NAMES)
        try:
            ours = PrivateIdentity(
                master_public=published.master, in_secret_storage=True, **secrets
            )
            if ours.is_of(published):
                await self._keep(ours)
                log.info("The account's cross-signing identity was recovered")
                return ours
        except (TypeError, ValueError):  # no self-signing key, or one that is no key
            pass
        raise IdentityError(
            "The account's secret storage does not hold the signing keys that the account uses: "
            "reset the recovery in a client such as Element, and give the new recovery key."
        )

    # --- signatures -------------------------------------------------------------------------------

    async def _sign(self, ours: PrivateIdentity, answer: Json) -> None:
        """Sign our device, and the master key with our device, where that is not done."""
        user_id, device_id = self._session.user_id, self._session.device_id
        published = PublicIdentity.of(answer, user_id)
        if published is None or not ours.is_of(published):
            raise TransientError("The homeserver does not show our signing keys yet")
        identity_keys = await self._machine.run(self._machine.state.identity_keys)
        device = _at(answer, "device_keys", user_id, device_id)
        if device is None:
            raise TransientError("The homeserver does not show our device yet")
        if not _is_ours(device, user_id, device_id, identity_keys):
            raise IdentityError(
                "The homeserver shows other keys for our device than we have: the data folder is "
                f"not that of device {device_id}. Move the session file away to log in anew."
            )
        news: Json = {}
        if not published.has_signed(device, device_id):
            news[device_id] = ours.sign_device(device, user_id)
        master = _at(answer, "master_keys", user_id)
        if not is_signed(master, user_id, device_id, identity_keys["ed25519"]):
            sign = self._machine.state.sign
            news[published.master] = await self._machine.run(
                signed, master, user_id, device_id, sign
            )
        if news:
            await self._upload_signatures({user_id: news})

    async def _upload_signatures(self, body: Json) -> None:
        where = path("keys", "signatures", "upload")
        answer = await self._session.request("POST", where, body=body)
        if answer.get("failures"):
            raise IdentityError("The homeserver does not take our device's signature: start again.")
        log.info("Our device is signed by its owner")

    async def _keep(self, ours: PrivateIdentity) -> None:
        await asyncio.to_thread(self._folder.keep_identity, ours)


def _is_ours(device: Json, user_id: str, device_id: str, identity_keys: dict[str, str]) -> bool:
    """Whether these keys are our own: whatever we sign, others believe to be us."""
    keys = device.get("keys")
    named = {f"{kind}:{device_id}": key for kind, key in identity_keys.items()}
    same_names = (device.get("user_id"), device.get("device_id")) == (user_id, device_id)
    return same_names and keys == named


def _needs_recovery_key(user_id: str, *, changed: bool) -> str:
    how = "set its recovery key (VOIP_RECOVERY_KEY) and start again."
    if changed:
        return (
            f"The cross-signing identity of {user_id} was replaced at the homeserver. If that was "
            f"you, in another client, {how} If not, somebody else has the account: change its "
            "password."
        )
    return f"{user_id} has a cross-signing identity from another client: {how}"


def _at(answer: Json, *keys: str) -> Any:
    """The dict at a path of keys; None where there is none."""
    found: object = answer
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None
