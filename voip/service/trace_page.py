"""A call trace as one page without scripts or requests, to be attached to a bug report."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib.resources import files
from typing import Final

import msgspec

from voip.tracing import wording
from voip.tracing.ladder import Lane, Row, Tone, rows
from voip.tracing.record import Trace
from voip.tracing.verdict import verdict

# The page comes from a stranger's machine: it may draw, and nothing else.
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
LANES: Final = ("us", "homeserver, room", "the other side")
_PLACES: Final = {Lane.US: 6.0, Lane.ROOM: 47.0, Lane.PEER: 88.0}
"""The lanes, in per cent of the ladder's width; trace_page.css has the same."""


def page(trace: Trace) -> str:
    first, *more = verdict(trace)
    title = escape(wording.heading(trace))
    with_whom = " ".join(filter(None, (trace.peer, trace.room)))
    style = files("voip.service").joinpath("trace_page.css").read_text("utf-8")
    record = msgspec.json.format(msgspec.json.encode(trace), indent=2).decode()
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<header>
<p class="call">{title}</p>
<h1>{escape(first)}</h1>
{"".join(f"<p>{escape(line)}</p>" for line in more)}
{f'<p class="faint">with {escape(with_whom)}</p>' if with_whom else ""}
</header>
<main>
<section>
<h2>What passed</h2>
{_ladder(trace)}
</section>
<div class="facts">
{_facts("TURN", wording.relay_lines(trace))}
{_facts("Media", wording.media_lines(trace))}
{_facts("Candidates", _candidates(trace))}
{_facts("Candidate pairs", _pairs(trace))}
</div>
<details>
<summary>The whole record</summary>
<pre>{escape(record)}</pre>
</details>
</main>
<footer>Written by {escape(_software(trace))}. People are named by their part in the call,
addresses by a letter that means the same address throughout.</footer>
</body>
</html>
"""


def _ladder(trace: Trace) -> str:
    names = "".join(
        f'<span style="left:{_PLACES[lane]}%">{escape(LANES[lane])}</span>' for lane in Lane
    )
    head = (
        '<tr class="lanes"><th>ms</th>'
        f'<th class="ladder"><span class="names">{names}</span></th><th>what is known</th></tr>'
    )
    lines, before = [], None
    for row in rows(trace):
        lines.append(_row(row, "" if row.ms == before else str(row.ms)))
        before = row.ms
    body = "\n".join(lines)
    return f'<div class="scroll"><table class="trace">\n{head}\n{body}\n</table></div>'


def _row(row: Row, ms: str) -> str:
    state = f'<b class="state">{escape(row.state)}</b> ' if row.state else ""
    kind = "note" if row.is_note else "arrow"
    return (
        f'<tr class="{row.tone.value}"><td class="ms">{ms}</td>'
        f'<td class="ladder"><span class="{kind}{_way(row)}" style="{_place(row)}">'
        f"<span>{escape(row.label)}</span></span></td>"
        f'<td class="detail">{state}{escape(row.detail)}</td></tr>'
    )


def _way(row: Row) -> str:
    if row.media:
        return " both"
    if row.is_note:
        return ""
    return " right" if row.end > row.start else " left"


def _place(row: Row) -> str:
    left, right = sorted((_PLACES[row.start], _PLACES[row.end]))
    if row.is_note:
        return f"left:{left}%"
    return f"left:{left}%;width:{right - left}%"


def _candidates(trace: Trace) -> list[tuple[str, str]]:
    ours = [("ours", name) for name in trace.ours]
    return ours + [("theirs", name) for name in trace.theirs]


def _pairs(trace: Trace) -> list[tuple[str, str]]:
    return [("chosen" if one.chosen else one.state, wording.pair(one)) for one in trace.pairs]


def _facts(title: str, lines: Iterable[tuple[str, str]]) -> str:
    cells = "".join(
        f'<tr><th class="{Tone.BAD.value if name in {"failed", "problem"} else ""}">{escape(name)}'
        f"</th><td>{escape(value)}</td></tr>"
        for name, value in lines
    )
    table = f"<table>{cells}</table>" if cells else '<p class="faint">none</p>'
    return f"<section><h2>{escape(title)}</h2>{table}</section>"


def _software(trace: Trace) -> str:
    named = [f"{name} {number}" for name, number in trace.software.items()]
    return ", ".join(named) or "an unknown version"
