"""`voip doctor`: runs every check, each on its own, and prints what was found."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.table import Table
from rich.text import Text

from voip.matrix.discovery import discover
from voip.matrix.errors import MatrixError
from voip.matrix.http import Http
from voip.service.doctor.account import Account, account_of
from voip.service.doctor.here import here_findings, settings_findings
from voip.service.doctor.homeserver import (
    encryption_findings,
    rate_findings,
    server_findings,
    sync_findings,
)
from voip.service.doctor.model import Finding, Result, all_well, failed, skipped
from voip.service.doctor.relays import relay_findings
from voip.service.running import Exit, run
from voip.service.settings import Settings
from voip.service.settings_sources import SettingsError, load_settings

WITHIN = 60.0
"""Seconds for one check."""
STYLES = {
    Result.OK: "green",
    Result.WARNING: "yellow",
    Result.FAILED: "bold red",
    Result.SKIPPED: "dim",
}
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DoctorOptions:
    burst: int = 6
    as_json: bool = False


def doctor_command(config: Path | None, options: DoctorOptions) -> Exit:
    findings = settings_findings(config)
    try:
        settings = load_settings(config)
    except SettingsError:
        _print(findings, options)
        return Exit.WRONG_INPUT
    with Console(stderr=True).status("looking at this machine") as status:
        findings += here_findings(settings.data_dir)
        there = there_findings(settings, options.burst, status.update)
        findings += run(there)
    _print(findings, options)
    return Exit.DONE if all_well(findings) else Exit.FAILED


async def there_findings(settings: Settings, burst: int, say: Say) -> list[Finding]:
    """Everything that needs the network."""
    say("asking the homeserver")
    async with aiohttp.ClientSession() as client:
        try:
            http = Http(await discover(settings.homeserver, client), client)
        except MatrixError as error:
            return [failed("homeserver", str(error), "check VOIP_HOMESERVER and the network")]
        findings = await server_findings(http)
        if not all_well(findings):
            return [*findings, skipped("login", "the homeserver cannot be asked")]
        try:
            async with account_of(settings, http) as account:
                return [*findings, *await _as_account(account, burst, say)]
        except MatrixError as error:
            return [*findings, failed("login", str(error), "correct it, and run this again")]


async def _as_account(account: Account, burst: int, say: Say) -> list[Finding]:
    probes = {
        "sync": sync_findings,
        "encryption": encryption_findings,
        "rate limits": rate_findings(burst),
        "TURN": relay_findings,
    }
    findings = []
    for name, probe in probes.items():
        say(f"looking at {name}")
        findings += await _one(name, probe(account))
    return findings


async def _one(name: str, probe: Awaitable[list[Finding]]) -> list[Finding]:
    """What fails in one check says nothing about the others."""
    try:
        return await asyncio.wait_for(probe, WITHIN)
    except TimeoutError:
        return [failed(name, f"not finished within {WITHIN:.0f} s", "look at the homeserver")]
    except MatrixError as error:
        return [failed(name, str(error), "look at the homeserver's log")]


def _print(findings: list[Finding], options: DoctorOptions) -> None:
    if options.as_json:
        found = {"ok": all_well(findings), "findings": [each.as_json() for each in findings]}
        sys.stdout.write(json.dumps(found) + "\n")
        return
    table = Table(expand=False, pad_edge=False)
    table.add_column("check", overflow="fold")
    table.add_column("result", no_wrap=True)
    table.add_column("what was found, and what to do", overflow="fold")
    for each in findings:
        text = Text(
            each.reason if each.seconds is None else f"{each.reason} ({each.seconds:.2f} s)"
        )
        if each.remedy:
            text.append(f"\n→ {each.remedy}")
        table.add_row(each.check, Text(each.result.value, STYLES[each.result]), text)
    console = Console()
    console.print(table)
    bad = sum(each.result is Result.FAILED for each in findings)
    console.print(f"{bad} of {len(findings)} checks failed" if bad else "nothing failed")
