"""`voip recordings expire`: deletes what is older than the policy allows, at once."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from voip.bot.call_folders import CallFolder
from voip.bot.erasing import EXPIRED, delete_here, erasures_of, expired, shortest_retention
from voip.bot.keeping import KeepingSettings
from voip.service.keeping import keeping_settings
from voip.service.recordings_command import complain, guarded, write_json
from voip.service.running import Exit
from voip.service.settings_sources import load_settings
from voip.store.database import Use
from voip.store.errors import StoreError
from voip.store.outbox import NAME, Outbox


@dataclass(frozen=True, slots=True)
class ExpireOptions:
    """The command's options as they were given."""

    dry_run: bool = False
    json: bool = False
    data_dir: Path | None = None


def expire_command(options: ExpireOptions, config: Path | None) -> Exit:
    return guarded(lambda: _expire(options, config))


def _expire(options: ExpireOptions, config: Path | None) -> Exit:
    settings = load_settings(config)
    keeping = keeping_settings(settings)
    if shortest_retention(keeping) is None:
        return complain(
            "recordings are kept for ever: set VOIP_RETENTION_DAYS, or retention_days of a policy",
            Exit.WRONG_INPUT,
        )
    data_dir = options.data_dir or settings.data_dir
    calls = expired(data_dir / "recordings", keeping, datetime.now(UTC))
    if not options.dry_run:
        try:
            asyncio.run(_erase(calls, keeping, data_dir))
        except StoreError as error:
            return complain(str(error), Exit.FAILED)
    if options.json:
        write_json([{"id": call.id, "folder": call.path.name} for call in calls])
        return Exit.DONE
    verb = "would be deleted" if options.dry_run else "deleted"
    for call in calls:
        sys.stdout.write(f"{call.id}  {call.began}  {verb}\n")
    if not calls:
        sys.stdout.write("no recording is old enough\n")
    elif not options.dry_run:
        sys.stdout.write(
            "their posts are redacted, and their copies removed, by the bot: see voip outbox list\n"
        )
    return Exit.DONE


async def _erase(calls: list[CallFolder], keeping: KeepingSettings, data_dir: Path) -> None:
    """What cannot be done here is written down first, for a bot that runs or is started."""
    outbox = await Outbox.open(data_dir / NAME, use=Use.GUEST)
    try:
        for call in calls:
            await outbox.put(erasures_of(call, keeping.targets, EXPIRED, whole=True))
            await asyncio.to_thread(delete_here, call)
    finally:
        await outbox.close()
