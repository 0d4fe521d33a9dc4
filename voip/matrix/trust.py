"""Whether devices are signed by their owners, and whether owners are still who they were.

Facts only: what follows from them is for the bots to decide.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO

from voip.matrix.cross_signing import PublicIdentity, master_key
from voip.matrix.http import Json
from voip.matrix.signatures import is_signed

log = logging.getLogger(__name__)

KNOWN_AT_MOST = 100_000
"""People whose master keys are remembered: about 10 MB of file; those beyond are not compared."""
WARNED_AT_MOST = 1000


class DeviceTrust(Enum):
    """What is known of a device that sends encrypted events."""

    SIGNED = "its owner has verified it"
    UNSIGNED = "its owner has not verified it"
    IDENTITY_CHANGED = "the encryption identity of its owner is not the one that was known"
    UNKNOWN = "nothing is known of it"


@dataclass(frozen=True, slots=True)
class NewDevice:
    """Somebody whose devices we knew has one more, which can read what we encrypt from now on."""

    user_id: str
    device_key: str
    """Its Curve25519 identity key, as in `Received.device_key`."""
    trust: DeviceTrust


def trust_of(answer: Json, user_id: str, device_key: str, known_master: str | None) -> DeviceTrust:
    """Judge the device with this Curve25519 key by an answer of `/keys/query`.

    :param known_master: the master key under which we have known the user, if we have.
    """
    device = _device(answer, user_id, device_key)
    if device is None:
        return DeviceTrust.UNKNOWN
    owner = PublicIdentity.of(answer, user_id)
    if known_master is not None and (owner is None or owner.master != known_master):
        return DeviceTrust.IDENTITY_CHANGED
    if owner is not None and owner.has_signed(device, device["device_id"]):
        return DeviceTrust.SIGNED
    return DeviceTrust.UNSIGNED


def _device(answer: Json, user_id: str, device_key: str) -> Json | None:
    """The one that has the key, and has signed that it has."""
    users: Any = answer.get("device_keys")
    devices = users.get(user_id) if isinstance(users, dict) else None
    for device_id, device in devices.items() if isinstance(devices, dict) else ():
        keys = device.get("keys") if isinstance(device, dict) else None
        if not isinstance(keys, dict) or keys.get(f"curve25519:{device_id}") != device_key:
            continue
        own = keys.get(f"ed25519:{device_id}")
        if isinstance(own, str) and is_signed(device, user_id, device_id, own):
            return {**device, "device_id": device_id}
    return None


class KnownIdentities:
    """People's master keys as first seen, like the known hosts of SSH. Blocks: files.

    A line each, `@user:server key`, so that an operator can take one out who has made sure that
    the new key is right.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._warned: set[tuple[str, str]] = set()
        self._known = _read(file)

    def master_of(self, user_id: str) -> str | None:
        return self._known.get(user_id)

    def see(self, answer: Json, own_id: str) -> None:
        """Remember who is new in an answer of `/keys/query`, and warn of who has changed."""
        users = answer.get("master_keys")
        fresh: dict[str, str] = {}
        for user_id in users if isinstance(users, dict) else ():
            master = master_key(answer, user_id)
            if master is None or user_id == own_id or user_id.split() != [user_id]:
                continue
            known = self._known.get(user_id)
            if known is None and len(self._known) + len(fresh) < KNOWN_AT_MOST:
                fresh[user_id] = master
            elif known not in {None, master}:
                self._warn(user_id, master)
        if fresh:
            self._add(fresh)

    def _warn(self, user_id: str, master: str) -> None:
        if (user_id, master) in self._warned or len(self._warned) >= WARNED_AT_MOST:
            return
        self._warned.add((user_id, master))
        log.warning(
            "The encryption identity of %s has changed. If they confirm that they reset it, stop "
            "the bot and take their line out of %s.",
            user_id,
            self._file,
        )

    def _add(self, fresh: dict[str, str]) -> None:
        self._known.update(fresh)
        try:
            with self._file.open("ab+") as file:
                lines = [f"{user_id} {master}\n" for user_id, master in fresh.items()]
                file.write(("\n" if _is_cut_off(file) else "").encode() + "".join(lines).encode())
        except OSError as error:
            log.warning("%s could not be written: %s", self._file, error.strerror)


def _is_cut_off(file: BinaryIO) -> bool:
    """Whether a crash left the last line without its end."""
    if file.seek(0, os.SEEK_END) == 0:
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"


def _read(file: Path) -> dict[str, str]:
    try:
        text = file.read_text("utf-8", errors="replace")
    except FileNotFoundError:
        return {}
    except OSError as error:
        log.warning("%s could not be read: %s", file, error.strerror)
        return {}
    known: dict[str, str] = {}
    for line in text.splitlines():
        user_id, _, master = line.partition(" ")
        if len(master) == 43:  # 32 bytes in base64; a line that a crash cut off is shorter
            known.setdefault(user_id, master)
    return known
