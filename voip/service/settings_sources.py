"""Where the settings of the bots and of the command line come from."""

from __future__ import annotations

from pathlib import Path

from turn.settings_reading import SettingsError, Sources
from voip.service.settings import NO_LOGIN, Settings

__all__ = ["SettingsError", "data_dir", "load_settings", "secret_alone", "variable", "warnings"]

LOGINS = ("password", "access_token")
SOURCES = Sources(
    Settings,
    default_file=Path("voip.toml"),
    line='user_id = "@bot:example.org"',
    secrets=(*LOGINS, "recovery_key", "s3_secret_key", "store_key", "webhook_secret"),
    instead=(LOGINS,),
    others=frozenset({"VOIP_CONFIG"}),
)
warnings, variable = SOURCES.warnings, SOURCES.variable


def load_settings(file: Path | None = None) -> Settings:
    """Read `file`, or `voip.toml` of the working folder where there is one, and the environment.

    Raises SettingsError, which names every problem at once.
    """
    try:
        return SOURCES.load(file)
    except SettingsError as error:
        given = error.given
        if given is not None and not given & set(LOGINS) and NO_LOGIN not in error.problems:
            # The model looks at it only where every field is right.
            error.problems.append(NO_LOGIN)
        raise


def secret_alone(name: str, file: Path | None = None) -> str | None:
    """A secret alone, for what needs no other setting. Raises SettingsError."""
    return SOURCES.secret(name, file)


def data_dir(file: Path | None = None) -> Path:
    """The data folder alone, for what reads it without logging in. Raises SettingsError."""
    found = SOURCES.one("data_dir", file)
    return Path(str(found or Settings.model_fields["data_dir"].default))
