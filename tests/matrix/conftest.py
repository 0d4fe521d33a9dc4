"""Edges that run against the real homeserver, and what they received."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

import aiohttp
import pytest

from tests.conftest import MakeUser, User
from tests.matrix.faults import FaultyHomeserver
from voip.matrix.edge import MatrixEdge
from voip.matrix.folder import Folder, StoredSession
from voip.matrix.http import Http, Json, path
from voip.matrix.sends import OutgoingEvent, Urgency
from voip.matrix.session import Session
from voip.matrix.settings import MatrixSettings
from voip.service.demo.synapse import SynapseProcess
from voip.signalling.events import Received, RemoteEvent, SyncComplete
from voip.signalling.ids import CallKey

T = TypeVar("T", bound=RemoteEvent)
WITHIN = 20.0


class Person:
    """A user with a running edge."""

    def __init__(self, user: User, settings: MatrixSettings) -> None:
        self.user = user
        self.settings = settings
        self.received: list[RemoteEvent] = []
        self._news = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self.edge = MatrixEdge(settings, self._take)

    def _take(self, event: RemoteEvent) -> None:
        self.received.append(event)
        self._news.set()

    async def start(self) -> None:
        await self.edge.start()
        self._running = asyncio.create_task(self.edge.run())
        await self.until(lambda events: SyncComplete() in events)

    async def stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running
            self._running = None
            await self.edge.aclose()

    async def until(self, holds: Callable[[list[RemoteEvent]], object]) -> None:
        """Wait until what was received satisfies a condition."""
        async with asyncio.timeout(WITHIN):
            while not holds(self.received):
                self._news.clear()
                await self._news.wait()

    async def call_events(self, count: int) -> list[Received]:
        """The call events of other people, once there are so many."""
        await self.until(lambda _: len(self.calls()) >= count)
        return self.calls()

    def calls(self) -> list[Received]:
        return [
            event
            for event in self.received
            if isinstance(event, Received) and event.sender != self.user.user_id
        ]

    async def ask(self, method: str, *parts: str, body: object = None) -> Json:
        return await self.edge.session.request(method, path(*parts), body=body)

    async def invite_into_room(self, other: Person, *, encrypted: bool, **options: Any) -> str:
        """A new room, in which the other is by auto-join; its id."""
        state = []
        if encrypted:
            content = {"algorithm": "m.megolm.v1.aes-sha2"}
            state.append({"type": "m.room.encryption", "state_key": "", "content": content})
        body = {"invite": [other.user.user_id], "initial_state": state, **options}
        room_id = str((await self.ask("POST", "createRoom", body=body))["room_id"])
        assert await self.edge.rooms.joined(room_id, other.user.user_id, WITHIN)
        await other.edge.rooms.known(room_id, WITHIN)
        return room_id

    async def say(self, room_id: str, type_: str, content: Json, **options: Any) -> str:
        return await self.edge.send(outgoing(room_id, type_, content, **options))


def outgoing(room_id: str, type_: str, content: Json, **options: Any) -> OutgoingEvent:
    key = CallKey(room_id, str(content.get("call_id", "")))
    given: dict[str, Any] = {
        "txn_id": uuid.uuid4().hex,
        "urgency": Urgency.CALL_URGENT,
        "order": key,
        **options,
    }
    return OutgoingEvent(room_id, type_, content, **given)


def invite(call_id: str | None = None) -> Json:
    return {
        "call_id": call_id or secrets.token_hex(8),
        "version": "1",
        "party_id": "party",
        "lifetime": 60_000,
        "offer": {"type": "offer", "sdp": "v=0\r\n"},
    }


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder without a disk under it, where there is one: nio waits for the disk a lot."""
    fast = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a private folder there
    if not os.access(fast, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=fast) as folder:
        yield Path(folder)


class MakePerson(Protocol):
    async def __call__(self, user: User | None = None, **settings: Any) -> Person: ...


@pytest.fixture
async def person(
    synapse: SynapseProcess, make_user: MakeUser, tmp_path: Path
) -> AsyncIterator[MakePerson]:
    """``await person()`` is somebody new, whose edge runs until the test ends."""
    people: list[Person] = []

    async def make(user: User | None = None, **settings: Any) -> Person:
        account = await asyncio.to_thread(make_user) if user is None else user
        given: dict[str, Any] = {
            "homeserver": synapse.url,
            "user_id": account.user_id,
            "password": account.password,
            "data_dir": tmp_path / account.localpart,
            **settings,
        }
        one = Person(account, MatrixSettings(**given))
        await one.start()
        people.append(one)
        return one

    yield make
    for one in people:
        await one.stop()


@pytest.fixture
async def faulty() -> AsyncIterator[FaultyHomeserver]:
    async with FaultyHomeserver() as server:
        yield server


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


@pytest.fixture
async def session(
    faulty: FaultyHomeserver, client: aiohttp.ClientSession, tmp_path: Path
) -> Session:
    """Logged in to the faulty homeserver, with token `first` and refresh token `refresh`."""
    folder = Folder(tmp_path / "data")
    folder.prepare()
    folder.keep_session(StoredSession(faulty.url, "@bot:x", "BOTS", "first", "refresh"))
    settings = MatrixSettings(faulty.url, "@bot:x", folder.path, password="secret")
    made = Session(settings, folder, Http(faulty.url, client))
    await made.start()
    return made
