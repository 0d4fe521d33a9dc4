"""Audits as a table for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from turn.audit.model import Audit, Finding, Verdict
from turn.doctor.judge import printable

STYLES = {
    Verdict.CLOSED: "green",
    Verdict.OPEN: "bold red",
    Verdict.NOTE: "dim",
    Verdict.UNKNOWN: "yellow",
}


def print_audits(audits: Sequence[Audit], console: Console) -> None:
    for audit in audits:
        console.print(_table(audit))
        if audit.failure is not None:
            words = f"not finished: {audit.failure}. `check` says why and what to do."
            console.print(Text(words, "bold red"))
        lines = lines_to_add(audit)
        if lines:
            console.print(Text("To close what is open, in turnserver.conf:", "bold"))
            for line in lines:
                console.print(Text(f"  {line}"), soft_wrap=True)  # to be copied
        if audit.ok:
            console.print("Everything that was tried is refused.", highlight=False)


def lines_to_add(audit: Audit) -> list[str]:
    """The lines of turnserver.conf that close what was found open, each once."""
    found = (line for each in audit.findings if each.verdict is Verdict.OPEN for line in each.close)
    return list(dict.fromkeys(found))


def _table(audit: Audit) -> Table:
    title = Text(printable(audit.subject), style="bold")
    table = Table(title=title, title_justify="left", expand=False, pad_edge=False)
    table.add_column("what was tried", overflow="fold")
    table.add_column("result", no_wrap=True)
    table.add_column("what happened", overflow="fold")
    for finding in audit.findings:
        word = Text(finding.verdict.value, STYLES[finding.verdict])
        table.add_row(Text(finding.probe), word, _details(finding))
    return table


def _details(finding: Finding) -> Text:
    """The lines against holes stand together below the table; those for notes only here."""
    text = Text(finding.text)
    if finding.verdict is Verdict.NOTE and finding.close:
        text.append(f"\n→ {', '.join(finding.close)}", "dim")
    return text


def as_json(audits: Sequence[Audit]) -> dict[str, Any]:
    """``ok`` says the same as the exit status."""
    return {
        "ok": bool(audits) and all(audit.ok for audit in audits),
        "relays": [
            {
                "uri": audit.subject,
                "ok": audit.ok,
                "failure": audit.failure,
                "add_to_turnserver_conf": lines_to_add(audit),
                "probes": [_finding(each) for each in audit.findings],
            }
            for audit in audits
        ],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "probe": finding.probe,
        "verdict": finding.verdict.value.lower(),
        "text": finding.text,
        "close": list(finding.close),
    }
