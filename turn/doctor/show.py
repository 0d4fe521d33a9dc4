"""Reports as a table for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from turn.doctor.judge import milliseconds, printable
from turn.doctor.model import Finding, Report, Verdict

WORDS = {
    Verdict.OK: ("ok", "green"),
    Verdict.WARNING: ("warning", "yellow"),
    Verdict.FAILED: ("FAILED", "bold red"),
    Verdict.SKIPPED: ("-", "dim"),
}


def print_reports(reports: Sequence[Report], console: Console) -> None:
    for report in reports:
        console.print(_table(report))
    bad = [(report, report.failure) for report in reports if report.failure is not None]
    for report, failure in bad:
        line = Text.assemble((f"{_title(report)}: ", "bold"), failure.text, ". ")
        console.print(line.append(failure.remedy or ""), highlight=False)
    if not bad:
        console.print("Everything that was tried works.", highlight=False)


def _table(report: Report) -> Table:
    title = Text(_title(report), style="bold")
    table = Table(title=title, title_justify="left", expand=False, pad_edge=False)
    table.add_column("step", no_wrap=True)
    table.add_column("result", no_wrap=True)
    table.add_column("what was found, and what to do", overflow="fold")
    table.add_column("time", justify="right", no_wrap=True)
    for finding in report.findings:
        word, style = WORDS[finding.verdict]
        took = "" if finding.seconds is None else milliseconds(finding.seconds)
        table.add_row(finding.step.value, Text(word, style), _details(finding), took)
    return table


def _title(report: Report) -> str:
    return printable(report.subject)


def _details(finding: Finding) -> Text:
    where = "" if finding.address is None else f"{finding.address}: "
    text = Text(f"{where}{finding.text}")
    if finding.remedy is not None and finding.verdict is not Verdict.OK:
        text.append(f"\n→ {finding.remedy}", "bold" if finding.verdict is Verdict.FAILED else "")
    return text


def as_json(homeserver: Report | None, relays: Sequence[Report]) -> dict[str, Any]:
    """``ok`` says the same as the exit status; causes are those of docs/turn-doctor.md."""
    everything = [*relays] if homeserver is None else [homeserver, *relays]
    parts: dict[str, Any] = {
        "ok": bool(everything) and all(report.ok for report in everything),
        "relays": [{"uri": each.subject} | _report(each) for each in relays],
    }
    if homeserver is not None:
        parts["homeserver"] = {"url": homeserver.subject} | _report(homeserver)
    return parts


def _report(report: Report) -> dict[str, Any]:
    failure = report.failure
    return {
        "ok": report.ok,
        "failed": None if failure is None else failure.step.value,
        "cause": None if failure is None or failure.cause is None else failure.cause.value,
        "steps": [_finding(each) for each in report.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "step": finding.step.value,
        "verdict": finding.verdict.value,
        "text": finding.text,
        "cause": None if finding.cause is None else finding.cause.value,
        "remedy": finding.remedy,
        "address": finding.address,
        "seconds": None if finding.seconds is None else round(finding.seconds, 6),
    }
