"""Secrets in a file, one a line; the first line signs. Or in a folder of such files, to read only.

A rotation keeps its state in a comment of the same file, so that one rename changes both.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from turn.secrets.live import LiveSecrets
from turn.secrets.model import SecretsUnavailable
from turn.secrets.rotation import Change, Phase, Rotation, Snapshot, fingerprint
from turn.secrets.rotation_text import dump, load
from turn.secrets.store import MAX_SECRETS, Conflict, bounded

STATE_LINE = "# rotation: "
MAX_BYTES = 64 * 1024
TOO_OPEN = stat.S_IRWXO | stat.S_IWGRP
"""A group may read: on Debian the relay and the issuer share one."""


class FileStore:
    """One secret a line; empty lines and lines that begin with `#` count for nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def where(self) -> str:
        return str(self._path)

    async def read(self) -> Snapshot:
        return await asyncio.to_thread(self._read)

    async def commit(self, before: Snapshot, change: Change) -> None:
        await asyncio.to_thread(self._commit, before, change)

    def _read(self) -> Snapshot:
        with self._explained():
            lines = self._lines() if self._path.exists() else []
        secrets = [line for line in lines if not line.startswith("#")]
        values = tuple(dict.fromkeys(secrets))
        bounded(set(values), self.where)
        return Snapshot(values, self._rotation(lines, values))

    def _rotation(self, lines: list[str], values: tuple[str, ...]) -> Rotation | None:
        state = next((line for line in lines if line.startswith(STATE_LINE)), None)
        if state is None or not values:
            return None
        rotation = load(state.removeprefix(STATE_LINE), self.where)
        # Somebody has put another secret on top by hand: the first line signs, whatever we had
        # in mind. Nothing is removed then that they did not remove.
        return rotation if rotation.signing == fingerprint(values[0]) else None

    def _commit(self, before: Snapshot, change: Change) -> None:
        with self._explained(), self._locked():
            now = self._read()
            if now.rotation != before.rotation or now.values[:1] != before.values[:1]:
                raise Conflict
            added = (change.add,) if change.add is not None else ()
            kept = [value for value in (*now.values, *added) if value != change.remove]
            kept.sort(key=lambda value: fingerprint(value) != change.rotation.signing)
            state = change.rotation
            head = [] if state.phase is Phase.STEADY else [STATE_LINE + dump(state)]
            self._replace("".join(f"{line}\n" for line in [*self._comments(), *head, *kept]))

    def _comments(self) -> list[str]:
        if not self._path.exists():
            return []
        return [
            line
            for line in self._lines()
            if line.startswith("#") and not line.startswith(STATE_LINE)
        ]

    def _lines(self) -> list[str]:
        if self._path.is_dir():
            # Secrets that are mounted as volumes lie behind links in hidden folders.
            files = sorted(file for file in self._path.iterdir() if not file.name.startswith("."))
            return [line for file in files[:MAX_SECRETS] for line in _lines_of(file)]
        return _lines_of(self._path)

    def _replace(self, text: str) -> None:
        """Another file takes the place of the old one at once, on disk before it does."""
        old = self._path.stat() if self._path.exists() else None
        # Always the same name: who was killed here has left one, and we hold the lock.
        new = self._path.with_name(f".{self._path.name}.new")
        new.unlink(missing_ok=True)
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                if old is not None:
                    os.fchmod(file.fileno(), stat.S_IMODE(old.st_mode))
                    os.fchown(file.fileno(), old.st_uid, old.st_gid)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One commit at a time. The folder is locked, since the file is replaced."""
        if self._path.is_dir():
            raise SecretsUnavailable(
                f"{self._path} is a folder, which is read only here: rotate by putting a file into"
                " it whose name comes last, and when everybody has it, rename it to come first"
            )
        handle = os.open(self._path.parent, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
            os.fsync(handle)
        finally:
            os.close(handle)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise SecretsUnavailable(f"there is no folder {self._path.parent}: make it") from None
        except OSError as error:
            raise SecretsUnavailable(f"{self._path} cannot be used: {error.strerror}") from None


class FileSecrets(LiveSecrets):
    """A SecretSource: the secrets of a file or a folder, read again when they change."""

    def __init__(self, path: Path) -> None:
        super().__init__(FileStore(path))


def _lines_of(file: Path) -> list[str]:
    """The lines that are not empty, without space around them. Raises SecretsUnavailable."""
    with file.open("rb") as handle:
        mode = os.fstat(handle.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise SecretsUnavailable(f"{file} is not a file with a secret a line")
        if mode & TOO_OPEN:
            raise SecretsUnavailable(
                f"{file} holds secrets, and other users of this machine may read or change it:"
                f" chmod 600 {file}"
            )
        content = handle.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise SecretsUnavailable(f"{file} is too long for secrets: give a file with one a line")
    try:
        lines = [line.strip() for line in content.decode("utf-8").splitlines()]
    except UnicodeDecodeError:
        raise SecretsUnavailable(f"{file} is not a text in UTF-8, with a secret a line") from None
    for number, line in enumerate(lines, 1):
        if not line.startswith("#") and (not line.isprintable() or " " in line):
            raise SecretsUnavailable(
                f"line {number} of {file} is no secret: write one a line, without spaces"
            )
    return [line for line in lines if line]
