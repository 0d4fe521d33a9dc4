"""Thousands of scenes in which chance decides everything: the invariants hold in all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.sim.device import Item
from tests.sim.world import World, scene
from voip.signalling.commands import Answered, Ended, Ignored, Incoming, Replaced
from voip.signalling.ids import NO_PARTY, Party

TAPE: Final = 192
SCENES: Final = 32
"""In one example: hypothesis itself costs a few milliseconds for each."""

simulated = settings(
    deadline=None,
    database=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


class Scenes(list[bytes]):
    """Tapes, told as what there is to try again: most of them shrink to nothing."""

    def __repr__(self) -> str:
        tapes = [tape.rstrip(b"\0") for tape in self]
        return " ".join(f"scene(bytes.fromhex('{tape.hex()}'))" for tape in tapes if tape)


tapes = st.binary(min_size=TAPE, max_size=TAPE)
scenes = st.lists(tapes, min_size=SCENES, max_size=SCENES).map(Scenes)


class Tally:
    """What the scenes amounted to, so that it is seen that they were about something."""

    def __init__(self) -> None:
        self.calls = self.calls_with_old = 0
        self.counts: Counter[str] = Counter()

    def add(self, world: World) -> None:
        self.calls += len(world.placed)
        self.calls_with_old += len(world.placed) if world.old else 0
        self.counts["forgeries"] += world.homeserver.forgeries
        self.counts["replays"] += world.homeserver.replays
        for device in world.devices.values():
            self.counts["crashes"] += device.life
            for told in device.told:
                item = told.item
                self.counts[type(item).__name__] += 1
                self.counts.update(_finer(device.party, item))
        for old in world.old.values():
            for how in old.ends.values():
                self.counts[f"old: {how.name}"] += 1


def _finer(us: Party, item: Item) -> Iterator[str]:
    """What is counted of a device of ours besides the kind of thing that it asked or told."""
    match item:
        case Ended(reason=reason):
            yield reason.name
        case Ignored(why=why):
            yield why.name
        case Replaced(key=key, by=by, caller=caller):
            yield from (["glare with equal ids"] if by == key else [])
            yield from (["glare with oneself"] if caller.user_id == us.user_id else [])
            yield from (["glare with an old client"] if caller.party_id == NO_PARTY else [])
        case Incoming(caller=Party(party_id=party_id)) if party_id == NO_PARTY:
            yield "an old client calls"
        case Answered(peer=Party(party_id=party_id)) if party_id == NO_PARTY:
            yield "a call with an old client"


COMMON: Final = (
    *("Established", "Replaced", "GLARE", "Renegotiated", "NegotiationFailed", "COLLISION"),
    *("ANSWERED_ELSEWHERE", "REJECTED_ELSEWHERE", "NOT_ANSWERED", "LEFT_ROOM", "MEDIA_LOST"),
    *("forgeries", "replays", "crashes", "WRONG_DEVICE", "PLAINTEXT", "OVER_BEFORE"),
    *("glare with equal ids", "glare with oneself", "glare with an old client"),
    *("an old client calls", "a call with an old client", "UNSUPPORTED"),
    *("old: SAID", "old: HEARD", "old: ANSWERED_ELSEWHERE", "old: SILENT"),
)
"""What happens in one of a thousand calls at the least."""


def simulate(examples: int) -> Tally:
    tally = Tally()

    @settings(simulated, max_examples=examples)
    @given(scenes)
    def run(tapes: Scenes) -> None:
        for tape in tapes:
            tally.add(scene(tape))

    run()
    return tally


def check(tally: Tally, calls: int) -> None:
    """`calls` at least where all clients are ours, and as many where some are old."""
    assert min(tally.calls - tally.calls_with_old, tally.calls_with_old) >= calls
    rare = [what for what in COMMON if tally.counts[what] * 1000 < tally.calls]
    assert not rare, f"the scenes hardly ever come to: {rare}"


@pytest.mark.timeout(600)  # a failure takes a few minutes to shrink
def test_twenty_thousand_calls() -> None:
    check(simulate(examples=520), 20_000)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_hundred_thousand_calls() -> None:
    check(simulate(examples=2600), 100_000)
