"""Both sides of one call want change after change, while the network gets worse and worse."""

from __future__ import annotations

from collections import Counter
from typing import Final

import pytest
from hypothesis import given, settings

from tests.sim.chance import Chance
from tests.sim.invariants import at_the_end
from tests.sim.room import ROOM
from tests.sim.test_calls import Scenes, scenes, simulated
from tests.sim.world import World
from voip.signalling.commands import (
    CreateReanswer,
    CreateReoffer,
    Ignored,
    NegotiationFailed,
    Renegotiated,
)
from voip.signalling.events import Change, HangUp, Renegotiate
from voip.signalling.ids import CallKey, Party

EXAMPLES: Final = 30
MUCH: Final = b"\1"
"""One choice in four is unkind."""
WISHES: Final = 6
"""On each side."""
KEY: Final = CallKey(ROOM, "call")
A, B = Party("@A:example.org", "A1"), Party("@B:example.org", "B1")
CHANGES: Final = (Change(hold=True), Change(hold=False), Change(restart_ice=True))


def changing(tape: bytes) -> World:
    """A call that comes about, and trouble from then on; a wish that comes at 0 is none."""
    times, trouble = tape[: 4 * WISHES], MUCH + tape[4 * WISHES :]
    world = World("A1 B1", Chance(b""), encrypted=True)
    world.people.talkative = True
    world.place(0, A, "call", B.user_id)
    world.clock.after(4, lambda: world.chance.rewind(trouble))
    for number in range(0, 4 * WISHES, 2):
        # Mostly close together, so that they collide.
        when = times[number] / 256 * (2, 90, 90)[times[number + 1] % 3]
        if when:
            change = CHANGES[times[number + 1] % len(CHANGES)]
            world.wish(5 + when, (A, B)[number // 2 % 2], Renegotiate(KEY, change))
    world.wish(400, A, HangUp(KEY))
    world.run()
    at_the_end(world)
    return world


@pytest.mark.timeout(600)
def test_every_change_has_one_outcome() -> None:
    counts: Counter[str] = Counter()

    @settings(simulated, max_examples=EXAMPLES)
    @given(scenes)
    def run(tapes: Scenes) -> None:
        for tape in tapes:
            for device in changing(tape).devices.values():
                kinds = Counter(type(told.item) for told in device.told)
                begun = kinds[CreateReoffer] + kinds[CreateReanswer]
                # An answer of ours may fail to be sent after it counted here.
                answers = kinds[CreateReanswer]
                assert kinds[Renegotiated] <= begun
                assert kinds[Renegotiated] + kinds[NegotiationFailed] <= begun + answers
                counts.update(kind.__name__ for kind in kinds.elements())
                items = (told.item for told in device.told)
                counts.update(item.why.name for item in items if isinstance(item, Ignored))

    run()
    seen = ("Renegotiated", "NegotiationFailed", "COLLISION", "Rollback")
    assert all(counts[what] > 10 for what in seen), counts
