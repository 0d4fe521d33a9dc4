"""Whom the edge logs in as, where, and where it keeps what must last."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from voip.matrix import recovery_key
from voip.matrix.errors import SettingsError


@dataclass(frozen=True, slots=True)
class MatrixSettings:
    """Everything the edge is told. Password and token stay out of `repr`, and so out of logs."""

    homeserver: str
    """Its URL (`https://matrix.example.org`), or a server name to discover it by."""
    user_id: str
    """The full id, `@name:server`."""
    data_dir: Path
    """Kept across restarts: session, sync position, encryption keys. One account per folder."""
    password: str | None = field(default=None, repr=False)
    access_token: str | None = field(default=None, repr=False)
    """Instead of a password. Without a password a session that ended cannot be opened again."""
    recovery_key: str | None = field(default=None, repr=False)
    """Of an account that has a cross-signing identity from another client."""
    device_name: str = "voip"
    """How the device is called in the lists of other people's clients."""
    allow_invites_from: tuple[str, ...] | None = None
    """Whose room invitations are accepted, as patterns: `@*:example.org`, `@ann:*`, `*`.
    None: everyone of the bot's own server. Empty: nobody."""
    verifies: bool = False
    """Somebody is here who compares emoji: verification is looked for in rooms, too."""
    start_timeout: float = 30.0
    """Seconds for which a first start waits for a homeserver that does not answer."""

    def __post_init__(self) -> None:
        name, _, server = self.user_id.partition(":")
        if not name.startswith("@") or not server:
            raise SettingsError(f"{self.user_id!r} is no user id: give it as @name:server.")
        if self.recovery_key is not None:
            recovery_key.from_text(self.recovery_key)

    @property
    def server_name(self) -> str:
        return self.user_id.partition(":")[2]

    @property
    def invite_patterns(self) -> tuple[str, ...]:
        if self.allow_invites_from is None:
            return (f"@*:{self.server_name}",)
        return self.allow_invites_from
