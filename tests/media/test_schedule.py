"""When each packet goes out, to the slot, on a clock that jumps."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import NamedTuple

import pytest

from tests.media.virtual import VirtualLoop, virtual
from voip.media import opus
from voip.media.player import Player
from voip.media.playout import Playout
from voip.media.sound_errors import PlayerClosed
from voip.media.sounds import Played

SLOT = 0.02
CLIP = tuple(b"\x78" + bytes([number]) * 20 for number in range(10))


class Out(NamedTuple):
    at: float
    """On the loop's clock."""
    timestamp: int
    payload: bytes
    marker: bool


class Wire(list[Out]):
    """What a player sends, and when."""

    def __init__(self, player: Player) -> None:
        super().__init__()
        self._clock = asyncio.get_running_loop()
        self.began = self._clock.time()
        player.begin(self._take)

    def _take(self, payload: bytes, timestamp: int, marker: bool, event: int | None, /) -> None:
        self.append(Out(self._clock.time(), timestamp, payload, marker))

    def sound(self) -> list[Out]:
        return [out for out in self if out.payload in CLIP]

    def check(self) -> None:
        """Every packet has its slot, and none is sent before it."""
        assert all(one.timestamp < other.timestamp for one, other in pairwise(self))
        first = self[0]
        for out in self:
            due = first.at + (out.timestamp - first.timestamp) / opus.SAMPLE_RATE
            assert out.at == pytest.approx(due, abs=1e-6)


@pytest.mark.parametrize("moment", [0.0, 0.0001, 0.013, 0.0199])
@pytest.mark.parametrize("before", [0.1, 3.3])
def test_a_clip_begins_in_the_next_slot(moment: float, before: float) -> None:
    async def main() -> None:
        player = Player()
        wire = Wire(player)
        await asyncio.sleep(before)
        now = wire.began + round((asyncio.get_running_loop().time() - wire.began) / SLOT) * SLOT
        await asyncio.sleep(now + moment - asyncio.get_running_loop().time())
        asked = asyncio.get_running_loop().time()
        await player.play(CLIP)
        sound = wire.sound()
        assert [out.payload for out in sound] == list(CLIP)
        assert 0 <= sound[0].at - asked < SLOT + 1e-6
        assert asyncio.get_running_loop().time() == sound[-1].at, "play ends with its last packet"
        wire.check()
        player.stop()

    virtual(main())


def test_clips_follow_each_other_without_a_gap_or_an_overlap() -> None:
    async def main() -> None:
        player = Player()
        wire = Wire(player)
        await player.play(CLIP)
        await player.play(CLIP)
        await asyncio.gather(player.play(CLIP[:3]), player.play(CLIP[3:]))
        stamps = [out.timestamp for out in wire.sound()]
        assert stamps == [stamps[0] + 960 * number for number in range(30)]
        wire.check()
        player.stop()

    virtual(main())


@pytest.mark.parametrize("packets", range(10))
def test_cancelling_leaves_no_packet(packets: int) -> None:
    async def main() -> None:
        player = Player()
        wire = Wire(player)
        await asyncio.sleep(1.005)
        playing = asyncio.create_task(player.play(CLIP))
        await asyncio.sleep(packets * SLOT)
        playing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await playing
        await player.play(CLIP[5:])
        assert [out.payload for out in wire.sound()] == [*CLIP[:packets], *CLIP[5:]]
        stamps = [out.timestamp for out in wire.sound()]
        assert stamps == [stamps[0] + 960 * number for number in range(packets + 5)]
        wire.check()
        player.stop()

    virtual(main())


def test_a_call_that_says_nothing_sends_little_and_sound_is_marked_as_a_beginning() -> None:
    async def main() -> None:
        player = Player()
        wire = Wire(player)
        await asyncio.sleep(5)
        await player.play(CLIP)
        await asyncio.sleep(0.5)
        await player.play(CLIP)
        await asyncio.sleep(0.09)
        await player.play(CLIP)
        player.stop()
        empty = [out for out in wire if out.payload == opus.DTX]
        assert [later.at - one.at for one, later in pairwise(empty[:5])] == pytest.approx([1] * 4)
        assert len(wire) == Playout.SETTLE + 5 + 10 + Playout.SETTLE + 1 + 10 + 4 + 10
        # RFC 3551 §4.1; the third clip comes before the silence has begun.
        sound = wire.sound()
        assert [out for out in wire if out.marker] == [wire[0], sound[0], sound[10]]
        wire.check()

    virtual(main())


def test_a_busy_loop_sends_late_what_was_due_and_then_keeps_step() -> None:
    async def main() -> None:
        player = Player()
        wire = Wire(player)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        playing = asyncio.create_task(player.play(CLIP * 4))
        await asyncio.sleep(0.105)
        before = len(wire.sound())
        loop.stall(0.3)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert len(wire.sound()) == before + 15
        await playing
        stamps = [out.timestamp for out in wire.sound()]
        assert stamps == [stamps[0] + 960 * number for number in range(40)]
        last = wire.sound()[-1]
        assert last.at == pytest.approx(wire[0].at + last.timestamp / opus.SAMPLE_RATE)
        player.stop()

    virtual(main())


def test_after_a_long_stall_the_rest_is_not_sent_in_a_burst() -> None:
    async def main() -> None:
        player = Player()
        wire = Wire(player)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        playing = asyncio.create_task(player.play(CLIP * 2))
        await asyncio.sleep(0.105)
        before = len(wire)
        loop.stall(3.0)
        await asyncio.sleep(0.001)
        assert len(wire) - before <= 2
        await playing
        stamps = [out.timestamp for out in wire.sound()]
        assert stamps == [stamps[0] + 960 * number for number in range(20)]
        player.stop()

    virtual(main())


def test_players_of_a_loop_share_their_wake_ups() -> None:
    async def main() -> None:
        players = [Player() for _ in range(5)]
        wires = []
        for player in players:
            wires.append(Wire(player))
            await asyncio.sleep(0.007)
        await asyncio.gather(*(player.play(CLIP) for player in players))
        times = {out.at for wire in wires for out in wire}
        assert len(times) <= 20
        for player in players:
            player.stop()

    virtual(main())


def test_before_the_call_is_connected_a_clip_waits() -> None:
    async def main() -> None:
        player = Player()
        playing = asyncio.create_task(player.play(CLIP))
        await asyncio.sleep(3)
        wire = Wire(player)
        await playing
        assert [out.payload for out in wire] == list(CLIP)
        assert wire[0].marker
        player.stop()
        with pytest.raises(PlayerClosed):
            await player.play(CLIP)
        await asyncio.sleep(5)
        assert len(wire) == 10

    virtual(main())


def test_what_plays_over_and_over_has_no_end_and_no_gap() -> None:
    async def main() -> None:
        player = Player()
        wire = Wire(player)
        playing = asyncio.create_task(player.play(CLIP, loop=True))
        await asyncio.sleep(1.005)
        player.stop_playing()
        assert await playing == Played(ended=False, seconds=1.02)
        sound = wire.sound()
        assert [out.payload for out in sound] == list(CLIP * 6)[:51]
        assert [out.timestamp for out in sound] == [960 * number for number in range(51)]
        await asyncio.sleep(1)
        assert len(wire.sound()) == 51
        player.stop()

    virtual(main())


def test_stopping_by_name_stops_what_plays_waits_or_is_made_ready() -> None:
    async def main() -> None:
        player = Player()
        wire = Wire(player)
        ready = player.expect(3)
        expected = [player.expect(name) for name in (1, 2, 1)]
        playing = [
            asyncio.create_task(player.play(CLIP[at : at + 3], expected=one))
            for at, one in enumerate(expected)
        ]
        await asyncio.sleep(0.025)
        player.stop_playing(1)
        player.stop_playing(3)
        player.stop_playing(7)  # nobody's
        results = await asyncio.gather(*playing, player.play(CLIP, expected=ready))
        assert results == [
            Played(ended=False, seconds=0.04),
            Played(ended=True, seconds=0.06),
            Played(ended=False, seconds=0.0),
            Played(ended=False, seconds=0.0),
        ]
        assert [out.payload for out in wire.sound()] == [CLIP[0], CLIP[1], *CLIP[1:4]]
        wire.check()
        player.stop()

    virtual(main())


def test_a_silence_in_a_clip_is_not_sent_and_keeps_its_length() -> None:
    async def main() -> None:
        player = Player()
        wire = Wire(player)
        played = await player.play((*CLIP, *[opus.DTX] * 100, *CLIP))
        assert played == Played(ended=True, seconds=2.4)
        player.stop()
        stamps = [out.timestamp for out in wire.sound()]
        assert stamps == [960 * number for number in (*range(10), *range(110, 120))]
        # Where it begins, and then every second.
        assert [out.timestamp // 960 for out in wire if out.payload == opus.DTX] == [10, 60]
        assert [out.timestamp // 960 for out in wire if out.marker] == [0, 110]
        wire.check()

    virtual(main())


def test_a_clip_that_ends_silent_ends_on_time() -> None:
    async def main() -> None:
        player = Player()
        wire = Wire(player)
        clock = asyncio.get_running_loop()
        await player.play((*CLIP, *[opus.DTX] * 20))
        assert clock.time() - wire.began == pytest.approx(29 * SLOT)
        await player.play(CLIP)
        assert [out.timestamp // 960 for out in wire.sound()] == [*range(10), *range(30, 40)]
        player.stop()

    virtual(main())


def test_what_is_sent_is_told_with_the_time_when_it_is_due() -> None:
    async def main() -> None:
        player = Player()
        wire = Wire(player)
        told: list[tuple[bytes, float]] = []
        player.on_sent = lambda payload, due: told.append((payload, due))
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        playing = asyncio.create_task(player.play(CLIP * 2))
        await asyncio.sleep(0.105)
        before = len(wire)
        loop.stall(2.0)  # more than is caught up with: the schedule moves
        await playing
        player.stop()
        assert [payload for payload, _ in told] == [out.payload for out in wire]
        dues = [due for _, due in told]
        assert all(0 <= out.at - due < 0.02 for out, due in zip(wire[:before], dues, strict=False))
        steps = [later - due for due, later in pairwise(dues)]
        assert steps[before - 1] == pytest.approx(2.0, abs=0.021)
        del steps[before - 1]
        assert steps == pytest.approx([0.02] * len(steps))

    virtual(main())


def test_an_error_while_sending_ends_the_track_and_whoever_waits(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        player, other = Player(), Player()
        Wire(player)
        wire = Wire(other)

        def fails(payload: bytes, due: float) -> None:
            raise RuntimeError(payload)

        player.on_sent = fails
        with pytest.raises(PlayerClosed):
            await player.play(CLIP)
        await other.play(CLIP)
        assert len(wire.sound()) == len(CLIP)
        other.stop()

    virtual(main())
    assert [record.message for record in caplog.records] == ["a call sends nothing any more"]
