"""Why no network path was found: what each side had to offer, and what became of the relay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from voip.tracing.record import Trace

_WRONG_CREDENTIALS = (
    " Its credentials are not the homeserver's: compare turn_shared_secret with the relay's"
    " static-auth-secret, and both clocks."
)
_CODES: Final[Mapping[str, str]] = {
    "401": _WRONG_CREDENTIALS,
    "403": " It forbids this user or address.",
    "438": _WRONG_CREDENTIALS,
    "441": " Its credentials belong to another allocation.",
    "442": " It does not relay over this transport.",
    "486": " Its quota for one user is used up (user-quota).",
    "508": " It has no capacity left (total-quota, or its range of ports).",
}
"""What to do about an error code (RFC 8489 §14.8, RFC 8656 §19)."""


def no_path(trace: Trace) -> list[str]:
    """What is known of it, the likeliest cause first, each with what to do."""
    ours, theirs = _kinds(trace.ours), _kinds(trace.theirs)
    told = [*relay_problems(trace)]
    if not trace.theirs:
        told.append(
            "No candidates came from the other side: it found no network, or its events did not"
            " arrive."
        )
    if not trace.ours:
        told.append(
            "We had no candidates: this machine has no network, or only relays may be used"
            " (VOIP_RELAY_ONLY) and none gave an address."
        )
    if trace.ours and trace.theirs:
        told += _both(trace, ours, theirs)
    return told


def _both(trace: Trace, ours: Counter[str], theirs: Counter[str]) -> list[str]:
    sides = f"we had {_list(ours)}, the other side {_list(theirs)}"
    if "relay" not in ours and "relay" not in theirs:
        if not trace.relay.servers:
            reason = trace.relay.missing or "the homeserver offers no TURN server"
            only = set(ours) == set(theirs) == {"host"}
            had = "only host candidates on both sides" if only else sides
            return [
                f"{had[0].upper()}{had[1:]}, and no TURN server: {reason}.",
                "Set turn_uris and turn_shared_secret at the homeserver: without a relay, two sides"
                " behind NAT or a firewall often cannot reach each other.",
            ]
        return [f"{sides[0].upper()}{sides[1:]}; no relay candidate was found on either side."]
    tried = Counter(pair.state for pair in trace.pairs)
    states = ", ".join(f"{count} {state}" for state, count in tried.most_common())
    pairs = f"Candidate pairs: {states}." if states else "No candidate pair could be formed."
    return [
        f"{sides[0].upper()}{sides[1:]}. {pairs}",
        "There was a relay, and yet no packet came through: it may refuse to reach the other side's"
        " addresses (denied-peer-ip), or its relay ports are closed in a firewall.",
    ]


def relay_problems(trace: Trace) -> list[str]:
    told = []
    for problem in trace.relay.problems:
        server, _, what = problem.partition(": ")
        if what.startswith("refused"):
            code = what.removeprefix("refused (").removesuffix(")")
            told.append(f"The relay refused the allocation: {code}.{_CODES.get(code, '')}")
        else:
            name = "TURN relay" if server == "turn" else "STUN server"
            told.append(f"The {name} {what}: check its address in turn_uris and its firewall.")
    return told


def _kinds(names: Iterable[str]) -> Counter[str]:
    return Counter(name.partition(" ")[0] for name in names)


def _list(kinds: Counter[str]) -> str:
    """As in `2 host and 1 srflx candidates`."""
    named = " and ".join(f"{count} {kind}" for kind, count in kinds.items())
    return f"{named} candidate{'' if kinds.total() == 1 else 's'}"
