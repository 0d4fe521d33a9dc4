"""`voip recordings export`: one file out of the recordings of a call."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from voip.bot.call_export import export_call
from voip.bot.call_folders import CallFolder, read_folder
from voip.media.export.order import Exported, Format
from voip.service.recordings_command import complain, guarded, length, size, write_json
from voip.service.recordings_find import find, recordings_folder
from voip.service.running import Exit, Interrupted, run


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """The command's options as they were given."""

    wanted: str | None = None
    format: str | None = None
    """None: as the output's name ends."""
    track: str | None = None
    output: Path | None = None
    json: bool = False
    data_dir: Path | None = None


def export_command(options: ExportOptions, config: Path | None) -> Exit:
    wanted = _format(options)
    if wanted is None:
        names = ", ".join(each.value for each in Format)
        return complain(f"give --format, one of {names}, or -o a name that says it", _WRONG)
    try:
        return guarded(lambda: _export(options, wanted, config))
    except Interrupted:
        return complain("interrupted; nothing was written", Exit.INTERRUPTED)


_WRONG = Exit.WRONG_INPUT


def _format(options: ExportOptions) -> Format | None:
    name = options.format
    if name is None and options.output is not None:
        name = options.output.suffix.lower().removeprefix(".")
    return next((each for each in Format if each.value == name), None)


def _export(options: ExportOptions, wanted: Format, config: Path | None) -> Exit:
    call = read_folder(find(recordings_folder(options.data_dir, config), options.wanted))
    target = options.output or Path(f"{call.path.name}.{wanted.value}")
    with _progress(options, target) as progress:
        exported = run(_work(call, target, wanted, options.track, progress))
    if options.json:
        write_json(exported_json(exported))
    else:
        sys.stdout.write(_told(target, exported) + "\n")
    return Exit.DONE


async def _work(
    call: CallFolder,
    target: Path,
    wanted: Format,
    track: str | None,
    progress: Callable[[float], None],
) -> Exported:
    return await export_call(call, target, wanted, track=track, progress=progress)


def exported_json(exported: Exported) -> dict[str, object]:
    return {
        "file": str(exported.path),
        "format": exported.format.value,
        "seconds": exported.seconds,
        "bytes": exported.size,
        "sources": exported.sources,
        "encoded": exported.encoded,
    }


def _told(target: Path, exported: Exported) -> str:
    kept = "" if exported.encoded else ", as it was recorded"
    if exported.format.has_picture and not exported.encoded and len(exported.sources) > 1:
        kept = ", the picture as it was recorded"
    made = " and ".join(exported.sources)
    return (
        f"written to {target}: {length(exported.seconds)}, {size(exported.size)}, from {made}{kept}"
    )


@contextmanager
def _progress(options: ExportOptions, target: Path) -> Iterator[Callable[[float], None]]:
    """A bar on a terminal; a program reads only the end. It goes to stderr, beside the result."""
    if options.json or not sys.stderr.isatty():
        yield lambda _: None
        return
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(target.name, total=1.0)
        yield lambda done: bar.update(task, completed=done)
