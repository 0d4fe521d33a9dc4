"""`voip recordings list` and `show`: what is kept of calls."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from voip.bot.call_folders import CallFolder, RecordingFile, folder_names, read_folder
from voip.media.condition import Condition
from voip.media.export.errors import ExportError
from voip.media.export.probe import FileFacts, StreamFacts, probe
from voip.service.recordings_find import NotFound, find, recordings_folder
from voip.service.running import Exit
from voip.service.settings_sources import SettingsError

LISTED = 50
"""Calls that a list for people has."""
WIDE = 120
"""Columns where the output is no terminal."""


def list_command(data_dir: Path | None, config: Path | None, *, as_json: bool) -> Exit:
    return guarded(lambda: _list(recordings_folder(data_dir, config), as_json=as_json))


def show_command(
    wanted: str | None, data_dir: Path | None, config: Path | None, *, as_json: bool
) -> Exit:
    def work() -> Exit:
        call = read_folder(find(recordings_folder(data_dir, config), wanted))
        return _show(call, as_json=as_json)

    return guarded(work)


def guarded(work: Callable[[], Exit]) -> Exit:
    """What every command of recordings makes of what can go wrong."""
    try:
        return work()
    except SettingsError as error:
        return complain("; ".join(error.problems), Exit.WRONG_INPUT)
    except (NotFound, ExportError) as error:
        return complain(str(error), Exit.FAILED)
    except UnicodeEncodeError:
        return complain("a file's name is not UTF-8, and cannot be shown: rename it", Exit.FAILED)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return complain(f"{where}{error.strerror or error}", Exit.FAILED)


def _list(recordings: Path, *, as_json: bool) -> Exit:
    names = folder_names(recordings)
    shown = names if as_json else names[:LISTED]
    calls = [call for name in shown if (call := _readable(recordings / name)) is not None]
    if as_json:
        write_json([_line(call) for call in calls])
        return Exit.DONE
    table = Table(box=None, header_style="bold")
    for column in ("id", "began (UTC)", "", "with", "length", "files", ""):
        table.add_column(column, no_wrap=column != "files")
    for call in calls:
        table.add_row(
            call.id,
            plain(call.began[:19].replace("T", " ")),
            plain(call.file.direction if call.file else ""),
            plain(call.peer or "?"),
            length(call.seconds),
            ", ".join(one.path.name for one in call.recordings) or "none",
            condition_text(call.condition),
        )
    console().print(table)
    if any(call.condition is Condition.OPEN for call in calls):
        sys.stdout.write("what was left open is closed by: voip recordings repair\n")
    if len(names) > len(shown):
        sys.stdout.write(f"and {len(names) - len(shown)} older ones\n")
    return Exit.DONE


def _readable(path: Path) -> CallFolder | None:
    """None for one that was removed meanwhile, or is not ours to read: the list goes on."""
    try:
        return read_folder(path)
    except OSError:
        return None


def _line(call: CallFolder) -> dict[str, Any]:
    return {
        "id": call.id,
        "folder": call.path.name,
        "began": call.began,
        "direction": call.file.direction if call.file else None,
        "peer": call.peer,
        "seconds": call.seconds,
        "condition": call.condition.name.lower(),
        "files": [_file(one) for one in call.recordings],
    }


def _file(one: RecordingFile) -> dict[str, Any]:
    return {
        "file": one.path.name,
        "bytes": one.size,
        "condition": one.condition.name.lower(),
        "seconds": one.track.seconds,
        "offset": one.track.offset,
        "ended": one.track.ended,
        "event_id": one.track.event_id,
    }


def _show(call: CallFolder, *, as_json: bool) -> Exit:
    facts = [_facts(one) for one in call.recordings]
    if as_json:
        files = [
            _file(one) | ({"problem": fact} if isinstance(fact, str) else {"contents": fact})
            for one, fact in zip(call.recordings, facts, strict=True)
        ]
        write_json(_line(call) | {"path": str(call.path), "files": files})
        return Exit.DONE
    to = console()
    for line in _heading(call):
        to.print(line)
    for one, fact in zip(call.recordings, facts, strict=True):
        to.print()
        to.print(Text.assemble((one.path.name, "bold"), "  ", condition_text(one.condition)))
        for told in _told(one, fact):
            to.print(plain(f"  {told}"))
    return Exit.DONE


def _heading(call: CallFolder) -> list[Text]:
    began = call.began.replace("T", " ").removesuffix("Z")
    lines = [Text(f"{call.id}, {began} UTC", style="bold")]
    if call.file is None:
        lines.append(Text("call.json is missing, or cannot be read: who called is not known"))
    else:
        way = "from" if call.file.direction == "inbound" else "to"
        talked = length(call.file.seconds)
        lines.append(plain(f"call {way} {call.peer} in {call.file.room_id}, {talked}"))
        if call.file.end is not None:
            lines.append(plain(f"ended: {call.file.end.get('text')}"))
    return [*lines, plain(str(call.path))]


def _facts(one: RecordingFile) -> FileFacts | str:
    """Or why there are none."""
    if one.condition is Condition.EMPTY:
        return "nothing is in it"
    try:
        return probe(one.path)
    except ExportError as error:
        return str(error)


def _told(one: RecordingFile, fact: FileFacts | str) -> list[str]:
    seconds = fact.seconds if isinstance(fact, FileFacts) else None
    if seconds is None:
        seconds = one.track.seconds
    lines = [f"{length(seconds)}, {size(one.size)}"]
    if one.track.offset:
        lines.append(f"begins {one.track.offset:+.3f} s from the beginning of its recording")
    lines += [fact] if isinstance(fact, str) else [_stream(each) for each in fact.streams]
    if one.track.ended is not None:
        lines.append(f"ended: {one.track.ended}")
    if one.track.event_id is not None:
        lines.append(f"posted as {one.track.event_id}")
    return lines


def _stream(stream: StreamFacts) -> str:
    if stream.kind == "video":
        return f"{stream.codec}, {stream.width} × {stream.height}"
    return f"{stream.codec}, {stream.rate} Hz, {'mono' if stream.channels == 1 else 'stereo'}"


def condition_text(condition: Condition) -> Text:
    styles = {
        Condition.OPEN: "yellow",
        Condition.WRITTEN: "green",
        Condition.UNREADABLE: "red",
    }
    return Text(condition.value, style=styles.get(condition, "dim"))


def plain(text: str) -> Text:
    """What others chose, as it is: no markup, and nothing that a terminal obeys."""
    return Text(
        "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
    )


def length(seconds: float | None) -> str:
    """`1:02:03`, `2:03`, or `3.4 s` for what is short."""
    if seconds is None:
        return "?"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size(count: int) -> str:
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def console() -> Console:
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)


def write_json(value: object) -> None:
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


def complain(problem: str, status: Exit) -> Exit:
    sys.stderr.write(f"error: {problem}\n")
    return status
