"""The three cross-signing keys of an account ("Cross-signing"), public and private.

The master key stands for the person; it signs the self-signing key, which signs the person's
devices, and the user-signing key, which signs other people's master keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import msgspec

from voip.matrix.http import Json
from voip.matrix.signatures import SigningKey, is_signed, signed

NAMES = ("master", "self_signing", "user_signing")


@dataclass(frozen=True, slots=True)
class PublicIdentity:
    """What `/keys/query` says of somebody, as far as its signatures are good."""

    user_id: str
    master: str
    """The public key, unpadded base64."""
    self_signing: str | None
    """None where there is none, or the master key has not signed it."""

    @classmethod
    def of(cls, answer: Json, user_id: str) -> Self | None:
        """None where the user has no master key."""
        master = master_key(answer, user_id)
        if master is None:
            return None
        own = _entry(answer, "self_signing_keys", user_id)
        found = _public_key(own, user_id, "self_signing")
        good = found is not None and is_signed(own, user_id, master, master)
        return cls(user_id, master, found if good else None)

    def has_signed(self, device: object, device_id: str) -> bool:
        """Whether the owner cross-signed the device whose keys these are."""
        if not isinstance(device, dict) or self.self_signing is None:
            return False
        if device.get("user_id") != self.user_id or device.get("device_id") != device_id:
            return False
        return is_signed(device, self.user_id, self.self_signing, self.self_signing)


def master_key(answer: Json, user_id: str) -> str | None:
    """A user's public master key in an answer of `/keys/query`."""
    return _public_key(_entry(answer, "master_keys", user_id), user_id, "master")


def _entry(answer: Json, section: str, user_id: str) -> object:
    users: Any = answer.get(section)
    return users.get(user_id) if isinstance(users, dict) else None


def _public_key(entry: Any, user_id: str, usage: str) -> str | None:
    """The one key of an entry, if it is meant for this user and usage."""
    if not isinstance(entry, dict) or entry.get("user_id") != user_id:
        return None
    usages, keys = entry.get("usage"), entry.get("keys")
    if not isinstance(usages, list) or usage not in usages:
        return None
    if not isinstance(keys, dict) or len(keys) != 1:
        return None
    ((name, key),) = keys.items()
    return key if isinstance(key, str) and name == f"ed25519:{key}" else None


class PrivateIdentity(msgspec.Struct, frozen=True):
    """Our account's private keys, as they are kept on disk. Full of secrets: never log one.

    One that was recovered may lack the master and the user-signing key; one made here has all.
    """

    master_public: str
    self_signing: str
    master: str | None = None
    user_signing: str | None = None
    in_secret_storage: bool = False
    """A copy is in the account's secret storage."""

    def __repr__(self) -> str:
        return f"PrivateIdentity(master_public={self.master_public!r})"

    @classmethod
    def generate(cls) -> Self:
        master, self_signing, user_signing = (SigningKey.generate() for _ in NAMES)
        return cls(master.public, self_signing.secret, master.secret, user_signing.secret)

    @property
    def secrets(self) -> dict[str, str]:
        """Name → key, of those that we have."""
        known = ((name, getattr(self, name)) for name in NAMES)
        return {name: secret for name, secret in known if secret is not None}

    def check(self) -> None:
        """:raises ValueError: one of them is no key."""
        for secret in self.secrets.values():
            SigningKey.from_text(secret)

    def is_of(self, public: PublicIdentity) -> bool:
        """Whether these are the private keys to what the homeserver publishes."""
        own = SigningKey.from_text(self.self_signing).public
        masters = {self.master_public, public.master}
        if self.master is not None:
            # Whoever publishes a false master key can have it sign our true self-signing key.
            masters.add(SigningKey.from_text(self.master).public)
        return len(masters) == 1 and own == public.self_signing

    def upload(self, user_id: str) -> Json:
        """The body of `/keys/device_signing/upload`. Needs all three keys."""
        keys = {name: SigningKey.from_text(secret) for name, secret in self.secrets.items()}
        master = keys["master"]
        body = {f"{name}_key": _published(user_id, name, key.public) for name, key in keys.items()}
        for name in NAMES[1:]:
            entry = body[f"{name}_key"]
            body[f"{name}_key"] = signed(entry, user_id, master.public, master.sign)
        return body

    def sign_device(self, device: Json, user_id: str) -> Json:
        own = SigningKey.from_text(self.self_signing)
        return signed(device, user_id, own.public, own.sign)


def _published(user_id: str, usage: str, public: str) -> Json:
    return {"user_id": user_id, "usage": [usage], "keys": {f"ed25519:{public}": public}}
