"""A test kit for the authors of bots: flows run against a caller of the test's own, without a
network, and hours of a call pass in milliseconds.

    @virtual_time
    async def test_nobody_presses_anything() -> None:
        async with FakeCall(reception) as caller:
            await caller.hears("Welcome")
            await caller.waits(8)
            await caller.hears("Goodbye")

What runs is the flow, with the `Call` of real life; the phone and the media behind it are
stand-ins that make no sound.
"""

from voip.bot.testing.callers import FakeCall, FakePeer, NotHeard
from voip.bot.testing.clock import Stuck, virtual_time
from voip.bot.testing.phone import FakePhone

__all__ = ["FakeCall", "FakePeer", "FakePhone", "NotHeard", "Stuck", "virtual_time"]
