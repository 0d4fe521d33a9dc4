"""A homeserver that forges changes nothing in an encrypted room.

Each scene runs twice, by the same tape: once the forgeries are delivered, once they are not. All
that the devices ask and tell must be the same, at the same times.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given, settings

from tests.sim.test_calls import Scenes, scenes, simulated
from tests.sim.world import World, scene
from voip.signalling.commands import Ignored, IgnoreReason
from voip.signalling.ids import Party

EXAMPLES: Final = 40


def told(world: World) -> dict[Party, list[Any]]:
    """Everything but that forgeries were ignored."""
    return {
        party: [told for told in device.told if not isinstance(told.item, Ignored)]
        for party, device in world.devices.items()
    }


@pytest.mark.timeout(600)
def test_no_forgery_changes_anything() -> None:
    forgeries = dict.fromkeys((IgnoreReason.PLAINTEXT, IgnoreReason.WRONG_DEVICE), 0)

    @settings(simulated, max_examples=EXAMPLES)
    @given(scenes)
    def run(tapes: Scenes) -> None:
        for tape in tapes:
            deceived, honest = scene(tape), scene(tape, honest=True)
            assert deceived.homeserver.forgeries == honest.homeserver.forgeries
            assert told(deceived) == told(honest)
            for device in deceived.devices.values():
                for item in (entry.item for entry in device.told):
                    if isinstance(item, Ignored) and item.why in forgeries:
                        forgeries[item.why] += 1

    run()
    assert min(forgeries.values()) > 50, "a homeserver that forges nothing proves nothing"
