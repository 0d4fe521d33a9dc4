"""Five thousand allocations at once, in a process of its own."""

from __future__ import annotations

import pytest

from benchmarks import turn_relay


@pytest.mark.long
@pytest.mark.timeout(300)
def test_five_thousand_allocations_each_with_a_channel_that_works() -> None:
    memory, _ = turn_relay.many()
    assert memory.met, f"{memory.ours:.1f} KiB for an allocation"
