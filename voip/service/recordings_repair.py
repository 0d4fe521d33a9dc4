"""`voip recordings repair`: closes what a crash left open, and says what was done to each file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from voip.bot.call_file import CallFile
from voip.bot.call_folders import folder_names, read_folder
from voip.media.condition import Condition, condition, is_recording
from voip.media.events import Recording
from voip.media.repair import repair_now
from voip.media.sound_errors import NotRepairable, StillWritten
from voip.service.recordings_command import guarded, length, write_json
from voip.service.recordings_find import NotFound, find, is_path, recordings_folder
from voip.service.running import Exit


@dataclass(frozen=True, slots=True)
class RepairOptions:
    """The command's options as they were given."""

    wanted: str | None = None
    dry_run: bool = False
    json: bool = False
    data_dir: Path | None = None


class Outcome(Enum):
    WHOLE = "was closed properly"
    CLOSED = "closed"
    WOULD_CLOSE = "would be closed"
    WRITTEN = "being written: left alone"
    EMPTY = "empty: left alone"
    FAILED = "not repaired"


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one file."""

    path: Path
    outcome: Outcome
    recording: Recording | None = None
    problem: str | None = None


def repair_command(options: RepairOptions, config: Path | None) -> Exit:
    return guarded(lambda: _repair(options, config))


def _repair(options: RepairOptions, config: Path | None) -> Exit:
    done = []
    for path in _paths(options, config):
        one = _look_at(path) if options.dry_run else _repair_one(path)
        done.append(one)
        if not options.json:
            sys.stdout.write(_told(one) + "\n")
    if options.json:
        write_json([_line(one) for one in done])
    elif not done:
        sys.stdout.write("there are no recordings\n")
    bad = any(one.outcome in {Outcome.FAILED, Outcome.WOULD_CLOSE} for one in done)
    return Exit.FAILED if bad else Exit.DONE


def _paths(options: RepairOptions, config: Path | None) -> Iterator[Path]:
    """Every file that is looked at. Raises NotFound, SettingsError, OSError."""
    if options.wanted is not None and is_path(options.wanted):
        path = Path(options.wanted)
        if not path.is_dir():
            if not is_recording(path.name):
                raise NotFound(f"{path} is no recording: .ogg, .webm or .mkv")
            path.lstat()  # one that is missing says so
            yield path
            return
    recordings = recordings_folder(options.data_dir, config)
    if options.wanted is not None:
        folders = [find(recordings, options.wanted)]
    else:
        folders = [recordings / name for name in folder_names(recordings)]
    for folder in folders:
        yield from (one.path for one in read_folder(folder).recordings)


def _look_at(path: Path) -> Done:
    outcomes = {
        Condition.CLOSED: Outcome.WHOLE,
        Condition.OPEN: Outcome.WOULD_CLOSE,
        Condition.WRITTEN: Outcome.WRITTEN,
        Condition.EMPTY: Outcome.EMPTY,
    }
    outcome = outcomes.get(condition(path), Outcome.FAILED)
    problem = "it cannot be read, or is no file" if outcome is Outcome.FAILED else None
    return Done(path, outcome, problem=problem)


def _repair_one(path: Path) -> Done:
    before = _look_at(path)
    if before.outcome is not Outcome.WOULD_CLOSE:
        return before
    try:
        recording = repair_now(path)
    except StillWritten:
        return Done(path, Outcome.WRITTEN)
    except NotRepairable as error:
        return Done(path, Outcome.FAILED, problem=str(error))
    except OSError as error:
        return Done(path, Outcome.FAILED, problem=error.strerror or str(error))
    return Done(path, Outcome.CLOSED, recording, _note(recording))


def _note(recording: Recording) -> str | None:
    """Tell `call.json`, where the call has one and knows the file; gives what went wrong.

    One that it does not know is written down by the bot, at the end of its call or, where the bot
    died, on its next start.
    """
    folder = recording.path.parent
    try:
        known = {one.path.name: one for one in read_folder(folder).recordings}
        one, file = known.get(recording.path.name), CallFile.read(folder)
        if one is None or not one.known or file is None:
            return None
        file.set_track(recording)
        file.write(folder)
    except OSError as error:
        return f"call.json could not be written: {error.strerror}"
    return None


def _line(one: Done) -> dict[str, object]:
    told: dict[str, object] = {"file": str(one.path), "outcome": one.outcome.name.lower()}
    if one.recording is not None:
        told |= {"seconds": round(one.recording.seconds, 3), "bytes": one.recording.size}
    return told if one.problem is None else told | {"problem": one.problem}


def _told(one: Done) -> str:
    name = f"{one.path.parent.name}/{one.path.name}"
    parts = [one.outcome.value]
    if one.recording is not None:
        parts.append(length(one.recording.seconds))
    if one.problem is not None:
        parts.append(one.problem)
    return f"{name}: {', '.join(parts)}"
