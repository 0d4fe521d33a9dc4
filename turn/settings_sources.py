"""Where the settings of the credential endpoint come from."""

from __future__ import annotations

from pathlib import Path

from turn.settings import Settings
from turn.settings_reading import SettingsError, Sources

__all__ = ["SettingsError", "keys_file", "load_settings", "variable", "warnings"]

SOURCES = Sources(
    Settings,
    default_file=Path("matrix-turn.toml"),
    line='server_name = "example.org"',
    secrets=("secret", "secrets", "id_key", "redis_url"),
    instead=(("secret", "secrets"), ("uris", "relays")),
    others=frozenset({"TURN_CONFIG", "TURN_STATSDB"}),
)
load_settings, warnings, variable = SOURCES.load, SOURCES.warnings, SOURCES.variable


def keys_file(file: Path | None = None) -> Path | None:
    """The file of API keys alone, for what needs nothing else. Raises SettingsError."""
    path = SOURCES.one("keys_file", file)
    return None if path is None else Path(str(path))
