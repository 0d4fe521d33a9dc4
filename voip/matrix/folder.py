"""The small files in the data folder: written whole or not at all, readable by the owner only.

All of it blocks: call it in a thread.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path
from typing import BinaryIO

import msgspec

from voip.matrix import recovery_key
from voip.matrix.cross_signing import PrivateIdentity
from voip.matrix.errors import DataFolderError, SettingsError


class StoredSession(msgspec.Struct, frozen=True):
    """What a restart needs to go on as the same device. Full of secrets: never log one."""

    homeserver: str
    user_id: str
    device_id: str
    access_token: str
    refresh_token: str | None = None
    given: str = ""
    """A fingerprint of the access token in the settings that it began with; empty for none."""

    def __repr__(self) -> str:
        return f"StoredSession(user_id={self.user_id!r}, device_id={self.device_id!r})"


class StoredPosition(msgspec.Struct, frozen=True):
    """How far a device has read."""

    device_id: str
    next_batch: str


class Folder:
    """The data folder of one account."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.session_file = path / "session.json"
        self.position_file = path / "sync.json"
        self.crypto = path / "crypto"
        self.identity_file = self.crypto / "cross-signing.json"
        self.known_file = self.crypto / "known-identities"
        self.backup_file = self.crypto / "key-backup.txt"
        """The private key of the backup of room keys."""
        self.backed_up_file = self.crypto / "backed-up.txt"
        """Which room keys are in it."""
        self.recovery_file = path / "recovery-key.txt"

    def prepare(self) -> None:
        """:raises DataFolderError: it cannot be made or written to."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.crypto.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise DataFolderError(
                f"The data folder {self.path} cannot be used: {error.strerror}. "
                "Choose another one, or give this user the right to write there."
            ) from error

    def lock(self) -> BinaryIO:
        """Keep others out until the returned file is closed, or the process ends.

        Two processes with one set of keys would each encrypt with keys that the other used up.

        :raises DataFolderError: another edge uses the folder.
        """
        held = (self.path / "matrix.lock").open("ab")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            held.close()
            raise DataFolderError(
                f"The data folder {self.path} is in use by another process: "
                "stop that one, or choose another folder."
            ) from error
        return held

    def session(self) -> StoredSession | None:
        """:raises DataFolderError: the file is damaged."""
        try:
            return msgspec.json.decode(self.session_file.read_bytes(), type=StoredSession)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise DataFolderError(
                f"{self.session_file} cannot be read. Move it away to log in as a new device."
            ) from error

    def keep_session(self, session: StoredSession) -> None:
        """On the disk when this returns: a refresh token is good only once."""
        write_private(self.session_file, msgspec.json.encode(session), durable=True)

    def position(self, device_id: str) -> str | None:
        """None where this device has not read anything yet, or the file is no use."""
        try:
            stored = msgspec.json.decode(self.position_file.read_bytes(), type=StoredPosition)
        except (OSError, msgspec.DecodeError):
            return None  # then everything is read again, and old calls are told by their age
        return stored.next_batch if stored.device_id == device_id else None

    def keep_position(self, device_id: str, next_batch: str) -> None:
        write_private(
            self.position_file, msgspec.json.encode(StoredPosition(device_id, next_batch))
        )

    def pickle_key(self) -> str:
        """The secret that encrypts the keys in nio's store; made once."""
        file = self.crypto / "pickle.key"
        try:
            return file.read_text("ascii")
        except FileNotFoundError:
            key = secrets.token_urlsafe(32)
            write_private(file, key.encode(), durable=True)
            return key

    def identity(self) -> PrivateIdentity | None:
        """Our account's signing keys. :raises DataFolderError: the file is damaged."""
        try:
            found = msgspec.json.decode(self.identity_file.read_bytes(), type=PrivateIdentity)
            found.check()
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:  # msgspec.DecodeError is a ValueError
            raise DataFolderError(
                f"{self.identity_file} cannot be read: restore it, or move it away and set the "
                "account's recovery key."
            ) from error
        return found

    def keep_identity(self, identity: PrivateIdentity) -> None:
        write_private(self.identity_file, msgspec.json.encode(identity), durable=True)

    def recovery_key(self) -> bytes | None:
        """The key that we made ourselves. :raises DataFolderError: the file is damaged."""
        try:
            return recovery_key.from_text(self.recovery_file.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError, SettingsError) as error:
            raise DataFolderError(
                f"{self.recovery_file} cannot be read: restore it, or move it away."
            ) from error

    def keep_recovery_key(self, text: str) -> None:
        write_private(self.recovery_file, f"{text}\n".encode(), durable=True)


def write_private(file: Path, data: bytes, *, durable: bool = False) -> None:
    """Replace `file` by `data` in one step, mode 0600."""
    fresh = file.with_name(f".{file.name}.new")  # one name, so that crashes leave no heap of them
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
            if durable:
                out.flush()
                os.fsync(out.fileno())
        fresh.replace(file)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
