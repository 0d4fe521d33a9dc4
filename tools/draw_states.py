"""Draw docs/states.md from the transition table; ``--check`` only says whether it is stale."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from voip.signalling.states import (
    NEGOTIATION,
    TIMERS,
    TRANSITIONS,
    Move,
    Negotiating,
    State,
    Trigger,
)

DRAWING: Final = Path(__file__).resolve().parent.parent / "docs" / "states.md"

BEGINNINGS: Final[Mapping[State, str]] = {
    State.PREPARING: "we place it",
    State.HELD: "an invite comes",
}

STATES: Final[Mapping[State, str]] = {
    State.PREPARING: "We place it: the media edge makes our offer, and nobody knows of it yet.",
    State.INVITING: "Our invite is on its way to the homeserver.",
    State.INVITED: "The homeserver has our invite: the other side's devices ring.",
    State.HELD: "An invite came; the rest of its sync response may still say that it is over.",
    State.SETTLING: "It came late; what else is late, in the next sync, may still say the same.",
    State.RINGING: "It rings here until somebody accepts or declines it.",
    State.ANSWERING: "It was accepted: the media edge makes our answer.",
    State.CONNECTING: "An answer is chosen: the two media edges look for a path.",
    State.CONNECTED: "Media flows.",
    State.ENDED: "It is over; its id is remembered for a while, so that what comes late is known.",
}

TRIGGERS: Final[Mapping[Trigger, str]] = {
    Trigger.OFFER_READY: "The media edge made our offer, and the invite is sent.",
    Trigger.INVITE_SENT: "The homeserver took the invite.",
    Trigger.ANSWER_CHOSEN: "The first answer came: select_answer tells every device of the callee.",
    Trigger.SYNC_COMPLETE: "All of the sync response that brought the invite is processed.",
    Trigger.LATE: "The same, of an invite that was long on its way.",
    Trigger.SETTLED: "What is late with it has had its time, and did not end it.",
    Trigger.ACCEPTED: "Somebody here took the call.",
    Trigger.ANSWER_READY: "The media edge made our answer, and it is sent.",
    Trigger.MEDIA_CONNECTED: "The media edge found a path and agreed on keys.",
    Trigger.REPLACED: "Both sides called each other; the other side's call stays and is answered.",
    Trigger.END: "A side ended it, another device took it, its time ran out, or something failed.",
}

NEGOTIATING: Final[Mapping[Negotiating, str]] = {
    Negotiating.STABLE: "Nothing is being changed.",
    Negotiating.OFFERING: "The media edge makes our offer.",
    Negotiating.OFFERED: "Our offer is with the other side until its lifetime is over.",
    Negotiating.APPLYING: "The media edge takes the other side's answer.",
    Negotiating.ANSWERING: "The media edge answers the other side's offer.",
}

MOVES: Final[Mapping[Move, str]] = {
    Move.WANTED: "Somebody here wants a change, or a change had to wait for its turn.",
    Move.OFFER_READY: "The media edge made our offer, and it is sent.",
    Move.OFFER_RECEIVED: "The other side offers. Where both do, only the polite side gives way.",
    Move.ANSWER_RECEIVED: "The other side answers our offer.",
    Move.ANSWER_APPLIED: "The media edge took the other side's answer.",
    Move.ANSWER_READY: "The media edge made our answer, and it is sent.",
    Move.GIVEN_UP: "The media edge failed, our offer was refused, or nobody answered in time.",
}


def draw() -> str:
    """The whole page."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    yield "# The states of a call"
    yield ""
    yield (
        "Drawn from the table in `voip/signalling/states.py`: change it there, then run "
        "`python -m tools.draw_states`."
    )
    yield ""
    yield from ("```mermaid", "stateDiagram-v2")
    for state, why in BEGINNINGS.items():
        yield f"    [*] --> {state.name}: {why}"
    for state, row in TRANSITIONS.items():
        for trigger, target in row.items():
            yield f"    {state.name} --> {target.name}: {trigger.value}"
    yield from ("    ENDED --> [*]", "```", "")
    yield from ("| state | what it means | what its timer waits for |", "|---|---|---|")
    for state in TRANSITIONS:
        timer = TIMERS.get(state)
        yield f"| {state.name} | {STATES[state]} | {timer.value if timer else '–'} |"
    yield from ("", "| trigger | what happened |", "|---|---|")
    for trigger in Trigger:
        yield f"| {trigger.value} | {TRIGGERS[trigger]} |"
    yield ""
    yield from _negotiation()


def _negotiation() -> Iterator[str]:
    yield "## Renegotiation, inside CONNECTING and CONNECTED"
    yield ""
    yield from ("```mermaid", "stateDiagram-v2", "    [*] --> STABLE: the call is answered")
    for state, row in NEGOTIATION.items():
        for move, target in row.items():
            yield f"    {state.name} --> {target.name}: {move.value}"
    yield from ("```", "", "| state | what it means |", "|---|---|")
    for state in NEGOTIATION:
        yield f"| {state.name} | {NEGOTIATING[state]} |"
    yield from ("", "| move | what happened |", "|---|---|")
    for move in Move:
        yield f"| {move.value} | {MOVES[move]} |"


def main(arguments: Sequence[str]) -> int:
    drawing = draw()
    if "--check" not in arguments:
        DRAWING.write_text(drawing, encoding="utf-8")
        return 0
    if DRAWING.exists() and DRAWING.read_text(encoding="utf-8") == drawing:
        return 0
    print(f"{DRAWING} is stale: run python -m tools.draw_states", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
