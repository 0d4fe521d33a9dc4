"""TURN as a caller would use it: `turn`'s own doctor, in one line for each relay."""

from __future__ import annotations

from turn.client.uri import UriError, parse_uri
from turn.doctor.check import CheckOptions
from turn.doctor.homeserver import Homeserver, ask
from turn.doctor.inputs import tls_of
from turn.doctor.model import Finding as Step
from turn.doctor.model import Report, Verdict
from turn.doctor.run import MAX_URIS, check_all
from voip.service.doctor.account import Account
from voip.service.doctor.model import Finding, failed, ok, warning

WITHIN = 30.0


async def relay_findings(account: Account) -> list[Finding]:
    report = Report(account.http.base_url)
    offer = await ask(Homeserver(account.http.base_url, account.token), report)
    if offer is None or not any(map(_relays, offer.uris)):
        why = report.failure.text if report.failure is not None else "the homeserver offers none"
        text = f"{why}: callers behind strict firewalls will hear nothing"
        return [warning("TURN", text, "set up a relay (docs/turn.md)")]
    options = CheckOptions(offer.login, tls_of(None))
    found = await check_all(offer.uris[:MAX_URIS], options, WITHIN)
    return [_finding(each) for each in found]


def _relays(uri: str) -> bool:
    try:
        return parse_uri(uri).relays
    except UriError:
        return False


def _finding(report: Report) -> Finding:
    name = f"TURN {report.subject}"
    if (step := report.failure) is not None:
        return failed(name, _text(step), step.remedy or "run voip turn check")
    doubts = [step for step in report.findings if step.verdict is Verdict.WARNING]
    if doubts:
        return warning(name, _text(doubts[0]), doubts[0].remedy or "run voip turn check")
    return ok(name, "a packet came back through it")


def _text(step: Step) -> str:
    return f"{step.step.value}: {step.text}"
