"""What stops a sound, and that no key is lost by it; on a clock that jumps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from tests.media.test_schedule import CLIP, Wire
from tests.media.virtual import virtual
from voip.bot.barge_in import interruptible
from voip.bot.digits import MAX_DIGITS, Digits
from voip.media.player import Player
from voip.media.sounds import Played


class Talking:
    """A call's player without the call."""

    def __init__(self) -> None:
        self.player = Player()
        self.wire = Wire(self.player)

    async def play(self, until: Awaitable[Any] | asyncio.Event, times: int = 1) -> Played:
        async def play() -> Played:
            expected = self.player.expect(1)
            try:
                return await self.player.play(CLIP * times, expected=expected)
            finally:
                self.player.forget(expected)

        async def stop() -> None:
            self.player.stop_playing(1)

        return await interruptible(play, until, stop)


@pytest.mark.parametrize("packets", [1, 7, 29])
def test_a_key_stops_the_sound_and_is_not_lost(packets: int) -> None:
    async def main() -> None:
        talking, digits = Talking(), Digits()
        clock = asyncio.get_running_loop()
        clock.call_at(clock.time() + packets * 0.02 + 0.01, digits.add, "5")
        played = await talking.play(digits.come(), times=3)
        assert played == Played(ended=False, seconds=round(packets * 0.02, 2))
        await asyncio.sleep(1)
        assert len(talking.wire.sound()) == packets
        assert await digits.next() == "5"
        talking.player.stop()

    virtual(main())


def test_a_key_pressed_before_keeps_the_sound_from_beginning() -> None:
    async def main() -> None:
        talking, digits = Talking(), Digits()
        digits.add("1")
        assert await talking.play(digits.come()) == Played(ended=False, seconds=0.0)
        assert talking.wire.sound() == []
        assert await digits.next() == "1"
        assert await talking.play(digits.come()) == Played(ended=True, seconds=0.2)
        talking.player.stop()

    virtual(main())


def test_anything_that_can_be_awaited_stops_it() -> None:
    async def main() -> None:
        talking, event = Talking(), asyncio.Event()
        clock = asyncio.get_running_loop()
        clock.call_later(0.05, event.set)
        assert (await talking.play(event)).seconds == pytest.approx(0.04)
        task = asyncio.create_task(asyncio.sleep(0.05, "mine"))
        assert not (await talking.play(task)).ended
        other = asyncio.create_task(asyncio.sleep(5, "mine"))
        assert (await talking.play(other)).ended
        assert await other == "mine", "a task of somebody else's is not cancelled"

        async def fails() -> None:
            await asyncio.sleep(0.05)
            raise ValueError("the recognizer is gone")

        with pytest.raises(ValueError, match="the recognizer"):
            await talking.play(fails(), times=5)
        sound = len(talking.wire.sound())
        await asyncio.sleep(1)
        assert len(talking.wire.sound()) == sound
        talking.player.stop()

    virtual(main())


def test_cancelling_ends_both() -> None:
    async def main() -> None:
        talking, digits = Talking(), Digits()
        before = asyncio.all_tasks()
        waiting = asyncio.create_task(talking.play(digits.come(), times=5))
        await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        sound = len(talking.wire.sound())
        await asyncio.sleep(1)
        assert len(talking.wire.sound()) == sound
        assert asyncio.all_tasks() == before
        talking.player.stop()

    virtual(main())


def test_digits_come_in_order_and_are_bounded() -> None:
    async def main() -> None:
        digits = Digits()
        waiting = [asyncio.create_task(digits.next()) for _ in range(2)]
        await asyncio.sleep(0)
        for digit in "12":
            digits.add(digit)
        assert sorted(await asyncio.gather(*waiting)) == ["1", "2"]
        for _ in range(MAX_DIGITS + 5):
            digits.add("7")
        for _ in range(MAX_DIGITS):
            await digits.next()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(digits.next(), 1)

    virtual(main())
