"""The path of a call under which ICE connections come and go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aioice import Connection

from voip.media import path as path_module
from voip.media.path import Path


def connection(*, controlling: bool) -> Connection:
    return Connection(ice_controlling=controlling)


def introduce(one: Connection, other: Connection) -> None:
    one.remote_username, one.remote_password = other.local_username, other.local_password


async def gathered(one: Connection) -> Connection:
    await one.gather_candidates()
    return one


async def tell(one: Connection, other: Connection) -> None:
    """The candidates and credentials of `other`."""
    introduce(one, other)
    for candidate in other.local_candidates:
        await one.add_remote_candidate(candidate)
    await one.add_remote_candidate(None)


class Pair:
    """Two paths that are connected."""

    def __init__(self, refused: list[str]) -> None:
        self.paths: list[Path] = []
        self.refused = refused

    async def connect(self, restart_timeout: float = 5.0) -> None:
        ends = [await gathered(connection(controlling=one)) for one in (True, False)]
        for end in ends:
            self.paths.append(
                Path(
                    end,
                    gather=end.gather_candidates,
                    restart_timeout=restart_timeout,
                    refused=lambda: self.refused.append("refused"),
                )
            )
        await tell(ends[0], ends[1])
        await tell(ends[1], ends[0])
        await asyncio.gather(*(one.connect() for one in self.paths))

    async def restart(self, *, both: bool = True) -> list[Connection]:
        ends = [await gathered(connection(controlling=False)) for _ in self.paths]
        for one, end, other in zip(self.paths, ends, reversed(ends), strict=True):
            one.adopt(end)
            await tell(end, other)
        for one, end in zip(self.paths, ends, strict=True):
            if both or one is self.paths[0]:
                one.restart(end)
        return ends

    async def exchange(self, data: bytes) -> None:
        async with asyncio.timeout(5):
            await self.paths[0].send(data)
            assert await self.paths[1].recv() == data
            await self.paths[1].send(data)
            assert await self.paths[0].recv() == data


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    made = Pair([])
    yield made
    await asyncio.gather(*(one.close() for one in made.paths))


async def until_switched(pair: Pair, ends: list[Connection]) -> None:
    async with asyncio.timeout(5):
        while [one.connections for one in pair.paths] != [  # noqa: ASYNC110 - nobody is told
            {end} for end in ends
        ]:
            await asyncio.sleep(0.01)


async def test_a_restart_changes_the_connection_and_loses_nothing(pair: Pair) -> None:
    await pair.connect()
    await pair.exchange(b"before")
    stop = asyncio.Event()
    sent = 0

    async def talk() -> None:
        nonlocal sent
        while not stop.is_set():
            await pair.paths[0].send(b"%d" % sent)
            sent += 1
            await asyncio.sleep(0.002)

    talking = asyncio.create_task(talk())
    ends = await pair.restart()
    await until_switched(pair, ends)
    stop.set()
    await talking
    heard = [await pair.paths[1].recv() for _ in range(sent)]
    assert heard == [b"%d" % number for number in range(sent)]
    await pair.exchange(b"after")
    # RFC 8445 §9: the roles are what they were.
    assert [one.ice_controlling for one in pair.paths] == [True, False]


async def test_restarts_in_a_row_leave_one_connection_each(pair: Pair) -> None:
    await pair.connect()
    for _ in range(5):
        ends = await pair.restart()
    await until_switched(pair, ends)
    await pair.exchange(b"after")


async def test_a_restart_that_finds_nothing_leaves_the_path_as_it_was(pair: Pair) -> None:
    await pair.connect(restart_timeout=0.2)
    (former, _) = [one.connection for one in pair.paths]
    lonely = await gathered(connection(controlling=False))
    lonely.remote_username, lonely.remote_password = "abcd", "x" * 22
    pair.paths[0].restart(lonely)
    await pair.exchange(b"meanwhile")
    await asyncio.sleep(0.4)
    assert pair.paths[0].connections == {former}
    await pair.exchange(b"after")


async def test_a_path_that_dies_during_a_restart_is_no_error_to_who_sends(pair: Pair) -> None:
    await pair.connect()
    ends = [await gathered(connection(controlling=False)) for _ in range(2)]
    for one, end, other in zip(pair.paths, ends, reversed(ends), strict=True):
        one.adopt(end)
        introduce(end, other)
    former = [one.connection for one in pair.paths]
    for one, end in zip(pair.paths, ends, strict=True):
        one.restart(end)
    await asyncio.gather(*(one.close() for one in former))
    await asyncio.sleep(0)
    await pair.paths[0].send(b"into nowhere")
    for end, other in zip(ends, reversed(ends), strict=True):
        for candidate in other.local_candidates:
            await end.add_remote_candidate(candidate)
    await until_switched(pair, ends)
    await pair.exchange(b"back again")


async def test_a_lost_path_is_told_once_and_for_all(pair: Pair) -> None:
    await pair.connect()
    waiting = asyncio.create_task(pair.paths[0].recv())
    await asyncio.sleep(0)
    await pair.paths[0].connection.close()
    await pair.paths[0].get_event()
    with pytest.raises(ConnectionError):
        await waiting
    with pytest.raises(ConnectionError):
        await pair.paths[0].recv()
    with pytest.raises(ConnectionError):
        await pair.paths[0].send(b"x")
    with pytest.raises(ConnectionError):
        await pair.paths[0].connect()


async def test_nothing_can_be_sent_before_there_is_a_path() -> None:
    end = connection(controlling=True)
    path = Path(end, gather=end.gather_candidates, restart_timeout=1, refused=lambda: None)
    with pytest.raises(ConnectionError):
        await path.send(b"x")
    await path.close()


async def test_empty_datagrams_and_too_many_are_refused(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(path_module, "MAX_WAITING", 3)
    await pair.connect()
    one = pair.paths[0].connection
    for data in (b"", b"1", b"2", b"3", b"4"):
        one.data_received(data, 1)
    assert pair.refused == ["refused", "refused"]
    assert [await pair.paths[0].recv() for _ in range(3)] == [b"1", b"2", b"3"]
