"""The call test's report."""

from __future__ import annotations

from dataclasses import replace

from voip.bot.echo import echo, quality
from voip.bot.testing import FakeCall, virtual_time
from voip.media.events import IceEnd, IcePair, MediaStats

STATS = MediaStats(True, 990, 10, 1000, 0, 0, jitter=0.004, round_trip=0.0312, mos=4.2)


@virtual_time
async def test_the_report_is_posted_when_the_caller_has_hung_up() -> None:
    async with FakeCall(echo) as caller:
        await caller.hears("call test")
        await caller.hears("tone")
        await caller.waits(20)
        assert not caller.posts
        await caller.hangs_up()
        await caller.ended()
        (report,) = caller.posts
    assert report.startswith("Call test of 24 s.")


def test_it_says_what_a_person_wants_to_know() -> None:
    ends = (IceEnd("host", "192.0.2.1", "udp"), IceEnd("relay", "192.0.2.9", "udp"))
    there = replace(STATS, lost_by_peer=500, mos_of_peer=1.9, interruptions=2)
    text = quality(replace(there, pair=IcePair(*ends, "succeeded", True)), 20.2)
    assert text.splitlines() == [
        "Call test of 20 s.",
        "To the bot: 1.0% of the packets lost, sounds good (MOS 4.2).",
        "From the bot: 50.0% of the packets lost, sounds bad (MOS 1.9).",
        "Round trip 31 ms, jitter 4 ms, path host to relay over udp.",
        "Interrupted 2 times.",
    ]
    assert "192.0.2" not in text


def test_a_call_in_which_nothing_came_says_so() -> None:
    text = quality(MediaStats(False, 0, 0, 50, 0, 0), 3)
    assert "nothing arrived, no sound to judge" in text
