"""What the demo says once everything runs: where to click and what to type."""

from __future__ import annotations

from voip.service.demo.accounts import PEOPLE, Account
from voip.service.demo.bots import can_speak
from voip.service.demo.plan import LOOPBACK, Plan


def text(plan: Plan, accounts: dict[str, Account], fingerprint: str | None) -> str:
    lines = ["", "Everything runs. Open one, or both side by side, and sign in:", ""]
    width = max(len(plan.page_url(person)) for person in PEOPLE)
    for person in PEOPLE:
        account = accounts[person]
        url = plan.page_url(person).ljust(width)
        lines.append(f"  {account.name:<6} {url}   user {person:<6} password {account.password}")
    lines += [
        "",
        "  Recorder  call it, speak after the tone, hang up: the recording appears in the room.",
        "  Echo      call it: it plays back what it hears.",
        "  My bot    is yours: write it in five minutes, docs/start.md says how.",
        "  Alice and Bob can call each other, with video too. All rooms are encrypted.",
        "",
    ]
    lines += _notes(plan, fingerprint)
    lines.append("Ctrl-C stops everything.")
    return "\n".join(lines)


def _notes(plan: Plan, fingerprint: str | None) -> list[str]:
    notes = []
    if fingerprint:
        notes += [
            "The browser will warn, because this machine made its certificate itself. Go on if",
            f"its SHA-256 fingerprint is {fingerprint}",
            "",
        ]
    if plan.media_address == LOOPBACK:
        notes += ["This machine has no network address, so calls will not connect.", ""]
    if not can_speak():
        notes += ["No speech: pip install 'matrix-voip[speech]' lets the recorder talk.", ""]
    return notes
