"""A bot is killed at each of twenty points of a recorded call, and comes back: no recording is
lost, no message is there twice, and no call goes on that nobody is in."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from tests.bot.conftest import Exchange
from tests.bot.killed.line import LIVE, Line, count, seconds_in
from tests.bot.killed.points import POINTS, Point
from tests.conftest import MakeUser
from tests.media.audio import RATE, decode
from voip.service.demo.synapse import SynapseProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")
TODAY = datetime.datetime.now(datetime.UTC).date().toordinal()
IN_TURN = 5
"""So many in the normal run, the next ones tomorrow."""


def in_turn() -> list[object]:
    first = TODAY * IN_TURN % len(POINTS)
    chosen = {(first + n) % len(POINTS) for n in range(IN_TURN)}
    return [
        pytest.param(point, id=point.name, marks=[] if n in chosen else pytest.mark.long)
        for n, point in enumerate(POINTS)
    ]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(
    synapse: SynapseProcess, make_user: MakeUser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Line]:
    async with AsyncExitStack() as stack:
        exchange = Exchange(synapse, make_user, tmp_path_factory.mktemp("line"), stack)
        made = Line(exchange.settings("bot"), await exchange.phone())
        try:
            yield made
            assert await made.end() == 0
            assert count(made.data / "journal.db", LIVE) == 0
        finally:
            await made.kill()


@pytest.mark.parametrize("point", in_turn())
async def test_killed_and_started_again(point: Point, line: Line, tmp_path: Path) -> None:
    await line.begin()
    await line.killed_at(point)
    seconds = sum(map(seconds_in, line.new_files))
    await line.start()
    await line.over()
    await line.settled()
    messages = await line.news()
    names = Counter(str(one.content.get("filename", one.content["body"])) for one in messages)
    assert set(names.values()) <= {1}, names
    sounds = [one for one in messages if one.content["msgtype"] == "m.audio"]
    assert len(sounds) == len(line.new_files)
    if point.sound:
        (sound,) = sounds
        assert sound.encrypted
        heard = decode(await line.alice.matrix.download(sound.content, tmp_path / "heard.ogg"))
        assert len(heard) / RATE >= max(seconds - 0.05, 0.2)
