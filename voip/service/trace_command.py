"""`voip trace`: what happened to a call."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from voip.service.running import Exit
from voip.service.settings_sources import SettingsError, data_dir
from voip.service.trace_page import page
from voip.service.trace_terminal import print_trace
from voip.store.traces import TraceFile, list_traces
from voip.tracing.record import MAX_BYTES, NoTrace, Trace, decoded
from voip.tracing.verdict import verdict

LARGEST = 8 * MAX_BYTES
"""Bytes of a trace file that is read: one from elsewhere may be anything."""
LISTED = 50
"""Traces that a list for people has."""
WIDE = 120
"""Columns where the output is no terminal: enough for the ladder and what is said beside it."""


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """The command's options as they were given."""

    wanted: str | None = None
    """Our own id of the call, its beginning, or a file; None: the latest."""
    every: bool = False
    json: bool = False
    html: Path | None = None
    data_dir: Path | None = None
    file: Path | None = None
    """The trace itself; then no other is looked for."""


class NotFound(Exception):
    """There is no such trace; the message says what to do."""


def trace_command(options: TraceOptions, config: Path | None) -> Exit:
    try:
        if options.file is not None:  # needs no settings: it may be of another machine
            _show(_read(options.file), options)
            return Exit.DONE
        folder = (options.data_dir or data_dir(config)) / "traces"
        if options.every:
            _list(folder, as_json=options.json)
        else:
            _show(_trace(folder, options.wanted), options)
    except SettingsError as error:
        return _complain("; ".join(error.problems), Exit.WRONG_INPUT)
    except (NotFound, NoTrace) as error:
        return _complain(str(error), Exit.FAILED)
    except OSError as error:
        return _complain(f"{error.filename}: {error.strerror}", Exit.FAILED)
    return Exit.DONE


def _trace(folder: Path, wanted: str | None) -> Trace:
    """Raises NotFound, NoTrace, OSError."""
    if wanted is not None and wanted.endswith(".json"):
        return _read(Path(wanted))
    return _read(folder / _file(folder, wanted).name)


def _read(path: Path) -> Trace:
    """Raises NoTrace, OSError."""
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise NoTrace(f"{path} is too large for a call trace")
    return decoded(data)


def _file(folder: Path, wanted: str | None) -> TraceFile:
    files = list_traces(folder)
    if not files:
        raise NotFound(
            f"there are no traces in {folder}: is that the bot's data folder (--data-dir,"
            " VOIP_DATA_DIR)? Was there a call yet?"
        )
    if wanted is None:
        return files[0]
    found = [file for file in files if file.id.startswith(wanted)]
    if len({file.id for file in found}) > 1:
        raise NotFound(f"{len(found)} calls begin with {wanted}: give more of the id")
    if not found:
        raise NotFound(f"there is no trace of {wanted} in {folder}: see voip trace --list")
    return found[0]


def _show(trace: Trace, options: TraceOptions) -> None:
    if options.html is not None:
        options.html.write_text(page(trace), encoding="utf-8")
        sys.stdout.write(f"written to {options.html}\n")
    elif options.json:
        _write_json({"trace": trace, "verdict": verdict(trace)})
    else:
        print_trace(trace, _console())


def _list(folder: Path, *, as_json: bool) -> None:
    files = list_traces(folder)
    shown = files if as_json else files[:LISTED]
    traces = [trace for file in shown if (trace := _readable(folder / file.name)) is not None]
    if as_json:
        _write_json([_line(trace) for trace in traces])
        return
    table = Table(box=None, header_style="bold")
    for column in ("id", "began (UTC)", "", "what happened"):
        table.add_column(column, no_wrap=column != "what happened")
    for trace in traces:
        began = trace.began[:19].replace("T", " ")
        table.add_row(trace.id, began, trace.direction, Text(verdict(trace)[0]))
    _console().print(table)
    if len(files) > len(shown):
        sys.stdout.write(f"and {len(files) - len(shown)} older ones\n")


def _line(trace: Trace) -> dict[str, object]:
    end = None if trace.end is None else trace.end.reason
    fields = {"id": trace.id, "began": trace.began, "direction": trace.direction}
    return fields | {"end": end, "verdict": verdict(trace)[0]}


def _readable(path: Path) -> Trace | None:
    """None for one that was removed meanwhile, or is damaged: a list goes on without it."""
    try:
        return decoded(path.read_bytes())
    except (OSError, NoTrace):
        return None


def _console() -> Console:
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)


def _write_json(value: object) -> None:
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


def _complain(problem: str, status: Exit) -> Exit:
    sys.stderr.write(f"error: {problem}\n")
    return status
