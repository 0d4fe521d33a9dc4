"""A call trace in the terminal: the ladder, the network, the media, and the verdict."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from voip.tracing import wording
from voip.tracing.ladder import LANES, Lane, Row, Tone, rows
from voip.tracing.record import Trace
from voip.tracing.verdict import verdict

_AT: Final = {Lane.US: 0, Lane.ROOM: 26, Lane.PEER: 48}
"""The columns of the lanes."""
_WIDTH: Final = _AT[Lane.PEER] + 1
_STYLES: Final = {
    Tone.PLAIN: "",
    Tone.FAINT: "dim",
    Tone.GOOD: "green",
    Tone.BAD: "bold red",
    Tone.IGNORED: "yellow",
}


def print_trace(trace: Trace, console: Console) -> None:
    console.print(Text(wording.heading(trace), style="bold"))
    if trace.peer or trace.room:
        console.print(Text(f"with {trace.peer or 'somebody'} in {trace.room}", style="dim"))
    console.print()
    console.print(_ladder(trace))
    for title, lines in _sections(trace):
        console.print(_lines(title, lines))
    first, *more = verdict(trace)
    said: list[RenderableType] = [Text(first, style="bold"), *map(Text, more)]
    console.print()
    console.print(Panel(Group(*said), title="verdict", title_align="left", padding=(0, 1)))


def _ladder(trace: Trace) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), show_header=True, header_style="bold")
    table.add_column("ms", justify="right", no_wrap=True, style="dim")
    table.add_column(_header(), no_wrap=True, min_width=_WIDTH)
    table.add_column("", overflow="fold")
    before: int | None = None
    for row in rows(trace):
        told = Text(row.detail, style="yellow" if row.tone is Tone.IGNORED else "dim")
        if row.state:
            arrow = Text(f"→ {row.state}", style="cyan")
            told = arrow if not row.detail else Text.assemble(arrow, "  ", told)
        table.add_row("" if row.ms == before else str(row.ms), drawn(row), told)
        before = row.ms
    return table


def _header() -> str:
    line = [" "] * _WIDTH
    for lane in Lane:
        name = LANES[lane]
        start = min(max(0, _AT[lane] - (0 if lane is Lane.US else len(name) // 2)), _WIDTH)
        line[start : start + len(name)] = name
    return "".join(line)


def drawn(row: Row) -> Text:
    """The lanes with the row's arrow or note on them."""
    line = [" "] * _WIDTH
    for column in _AT.values():
        line[column] = "│"
    if row.is_note:
        at = _AT[row.start]
        line[at] = "●" if row.tone is not Tone.FAINT else "·"
        _write(line, at + 2, row.label)
    else:
        _arrow(line, row)
    return Text("".join(line).rstrip(), style=_STYLES[row.tone])


def _arrow(line: list[str], row: Row) -> None:
    left, right = sorted((_AT[row.start], _AT[row.end]))
    shaft = "═" if row.media else "─" if row.tone is not Tone.FAINT else "┄"
    line[left + 1 : right] = shaft * (right - left - 1)
    line[_AT[row.start]] = "├" if row.start < row.end else "┤"
    if row.end > row.start:
        line[right - 1] = "▶"
    else:
        line[left + 1] = "◀"
    if row.media:
        line[left + 1], line[right - 1] = "◀", "▶"
    label = f" {_fitting(row.label, right - left - 6)} "
    _write(line, left + (right - left - len(label)) // 2 + 1, label)


def _write(line: list[str], at: int, text: str) -> None:
    text = _fitting(text, len(line) - at)
    line[at : at + len(text)] = text


def _fitting(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"


def _sections(trace: Trace) -> Iterable[tuple[str, list[tuple[str, str]]]]:
    yield "TURN", wording.relay_lines(trace)
    yield "candidates", [*(("ours", c) for c in trace.ours), *(("theirs", c) for c in trace.theirs)]
    yield (
        "pairs",
        [("chosen" if pair.chosen else pair.state, wording.pair(pair)) for pair in trace.pairs],
    )
    yield "media", wording.media_lines(trace)


def _lines(title: str, lines: list[tuple[str, str]]) -> RenderableType:
    if not lines:
        return Padding(Text(f"{title}: none", style="dim"), (1, 0, 0, 0))
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    before = ""
    for name, value in lines:
        style = {"failed": "red", "problem": "red", "chosen": "green"}.get(name, "dim")
        table.add_row("" if name == before else Text(name, style=style), Text(value))
        before = name
    return Padding(Group(Text(title, style="bold"), table), (1, 0, 0, 0))
