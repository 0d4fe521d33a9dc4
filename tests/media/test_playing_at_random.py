"""Whatever is played, stopped and cancelled when: nothing is lost, doubled, mixed up or late."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import groupby, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.media.test_schedule import Out, Wire
from tests.media.virtual import VirtualLoop, virtual
from voip.media.player import Player
from voip.media.sounds import Played


@dataclass(frozen=True)
class Play:
    packets: int


@dataclass(frozen=True)
class Stop:
    which: int


@dataclass(frozen=True)
class Cancel:
    which: int


@dataclass(frozen=True)
class Wait:
    seconds: float


@dataclass(frozen=True)
class Busy:
    seconds: float


Step = Play | Stop | Cancel | Wait | Busy
STEPS = st.lists(
    st.one_of(
        st.builds(Play, st.integers(1, 12)),
        st.builds(Stop, st.integers(0, 5)),
        st.builds(Cancel, st.integers(0, 5)),
        st.builds(Wait, st.floats(0, 0.3) | st.floats(0, 3)),
        st.builds(Busy, st.floats(0, 0.4)),
    ),
    max_size=20,
)


def clip(number: int, packets: int) -> tuple[bytes, ...]:
    return tuple(b"\x78" + bytes((number, at)) * 10 for at in range(packets))


def owner(out: Out) -> int | None:
    return out.payload[1] if len(out.payload) > 20 else None


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_every_sound_is_sent_as_far_as_it_was_wanted(steps: list[Step]) -> None:
    async def main() -> None:
        player = Player()
        wire = Wire(player)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        plays: list[tuple[asyncio.Task[Played], int]] = []
        ended: dict[int, int] = {}
        """How many packets there were when a sound was stopped."""

        async def play(number: int, packets: int) -> Played:
            expected = player.expect(number + 1)
            try:
                return await player.play(clip(number, packets), expected=expected)
            finally:
                player.forget(expected)

        for step in steps:
            match step:
                case Play(packets):
                    plays.append((asyncio.create_task(play(len(plays), packets)), packets))
                    await asyncio.sleep(0)
                case Stop(which) if which < len(plays):
                    player.stop_playing(which + 1)
                    ended.setdefault(which, len(wire))
                case Cancel(which) if which < len(plays):
                    plays[which][0].cancel()
                    await asyncio.sleep(0)
                    ended.setdefault(which, len(wire))
                case Wait(seconds):
                    await asyncio.sleep(seconds)
                case Busy(seconds):
                    loop.stall(seconds)
                case _:
                    pass
        results = await asyncio.gather(*(task for task, _ in plays), return_exceptions=True)
        await asyncio.sleep(0.5)
        player.stop()

        assert all(one.timestamp < later.timestamp for one, later in pairwise(wire))
        assert all(out.timestamp % 960 == 0 for out in wire)
        assert [number for number, _ in groupby(filter(None, map(_named, wire)))] == sorted(
            {number for number in map(_named, wire) if number is not None}
        ), "one after the other, in the order of their beginning"
        for number, ((_, packets), result) in enumerate(zip(plays, results, strict=True)):
            sent = [at for at, out in enumerate(wire) if owner(out) == number]
            assert [wire[at].payload for at in sent] == list(clip(number, packets))[: len(sent)]
            stamps = [wire[at].timestamp for at in sent]
            assert all(later - one == 960 for one, later in pairwise(stamps))
            if number in ended:
                assert all(at < ended[number] for at in sent)
            else:
                assert len(sent) == packets
            if isinstance(result, Played):
                assert result == Played(len(sent) == packets, round(len(sent) * 0.02, 2))

    virtual(main())


def _named(out: Out) -> int | None:
    number = owner(out)
    return None if number is None else number + 1
