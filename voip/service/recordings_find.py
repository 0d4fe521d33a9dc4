"""Which call is meant: by its id, the beginning of it, a path, or the latest."""

from __future__ import annotations

from pathlib import Path

from voip.bot.call_folders import folder_names, id_of
from voip.service.settings_sources import data_dir


class NotFound(Exception):
    """There is no such call; the message says what to do."""


def recordings_folder(given: Path | None, config: Path | None) -> Path:
    """Raises SettingsError."""
    return (given or data_dir(config)) / "recordings"


def find(recordings: Path, wanted: str | None) -> Path:
    """The folder of a call. Raises NotFound, OSError."""
    if wanted is not None and is_path(wanted):
        folder = Path(wanted)
        if not folder.is_dir():
            raise NotFound(f"{wanted} is no call's folder")
        return folder.resolve()
    names = folder_names(recordings)
    if not names:
        raise NotFound(
            f"there are no recordings in {recordings}: is that the bot's data folder (--data-dir,"
            " VOIP_DATA_DIR)? Was there a call yet?"
        )
    if wanted is None:
        return recordings / names[0]
    found = [name for name in names if id_of(name).startswith(wanted) or name.startswith(wanted)]
    if len(found) > 1:
        raise NotFound(f"{len(found)} calls begin with {wanted}: give more of the id")
    if not found:
        raise NotFound(f"there is no recording of {wanted} in {recordings}: see list")
    return recordings / found[0]


def is_path(wanted: str) -> bool:
    """An id has no slash in it, and no dot."""
    return "/" in wanted or "." in wanted
