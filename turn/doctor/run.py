"""Several URIs at once, within a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from turn.doctor.causes import Cause
from turn.doctor.check import Check, CheckOptions
from turn.doctor.model import Report, Step, failed

AT_ONCE = 4
"""Each holds two allocations of one user, and a quota of twelve is usual."""
MAX_URIS = 100

Tell = Callable[[Report, Step], None]


async def check_all(
    uris: Sequence[str],
    options: CheckOptions,
    within: float,
    tell: Tell = lambda _report, _step: None,
) -> list[Report]:
    """A report for each URI, in their order, after at most ``within`` seconds.

    :raises ValueError: more than a hundred URIs.
    """
    if len(uris) > MAX_URIS:
        raise ValueError(f"at most {MAX_URIS} URIs are checked at once")
    reports = [Report(uri) for uri in uris]
    free = asyncio.Semaphore(AT_ONCE)

    async def one(report: Report) -> None:
        async with free:
            await Check(report.subject, options, report, tell).run()

    tasks = [asyncio.create_task(one(report)) for report in reports]
    try:
        if tasks:
            await asyncio.wait(tasks, timeout=within)
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for report, outcome in zip(reports, outcomes, strict=True):
        if isinstance(outcome, Exception):
            raise outcome
        if not report.done:
            _say_time_is_over(report, within)
    return reports


def _say_time_is_over(report: Report, within: float) -> None:
    last = report.findings[-1].step if report.findings else Step.URI
    text = f"not finished within {within:g} s, after the step {last.value}"
    report.findings.append(failed(last, text, Cause.TIME_OVER))
    report.done = True
