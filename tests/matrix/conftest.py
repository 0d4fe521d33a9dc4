"""Edges that run against the real homeserver, and what they received."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
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
from voip.service.demo.processes import free_port
from voip.service.demo.synapse import LIMITS_LIFTED, SynapseProcess
from voip.service.demo.synapse_config import SynapseOptions
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

    async def ended(self) -> None:
        """Wait for `run` to end by itself, and raise what ended it."""
        running, self._running = self._running, None
        assert running is not None
        try:
            async with asyncio.timeout(WITHIN):
                await running
        finally:
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

    async def invited_to(self) -> str:
        """Wait for an invitation that auto-join leaves alone, by a sync of our own."""
        query = {"timeout": "1000"}
        async with asyncio.timeout(WITHIN):
            while True:
                raw = await self.edge.session.request("GET", path("sync"), params=query)
                for room_id in raw.get("rooms", {}).get("invite", {}):
                    return str(room_id)
                query["since"] = raw["next_batch"]

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


@pytest.fixture(scope="package")
def strict_synapse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SynapseProcess]:
    """Synapse's own limit for messages, and access tokens that live two seconds."""
    limits = {name: value for name, value in LIMITS_LIFTED.items() if name != "rc_message"}
    lifetimes = {"refreshable_access_token_lifetime": "2s", "session_lifetime": "1h"}
    folder = tmp_path_factory.mktemp("strict-synapse")
    process = SynapseProcess(
        SynapseOptions(folder, free_port(), extra_config={**limits, **lifetimes})
    )
    process.start()
    try:
        yield process
    finally:
        process.stop()


@pytest.fixture
async def strict_person(
    strict_synapse: SynapseProcess, person: MakePerson
) -> Callable[[], Awaitable[Person]]:
    """Like `person`, at the strict homeserver."""

    async def make() -> Person:
        name = f"user{secrets.token_hex(4)}"
        await asyncio.to_thread(strict_synapse.register, name, "a password")
        user = User(name, "a password", f"@{name}:{strict_synapse.server_name}")
        return await person(user, homeserver=strict_synapse.url)

    return make


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


class Bot:
    """An edge at the faulty homeserver, logged in before, and what it received."""

    def __init__(self, server: FaultyHomeserver, data_dir: Path, **settings: Any) -> None:
        self.folder = Folder(data_dir)
        self.folder.prepare()
        self.folder.keep_session(StoredSession(server.url, "@bot:x", "BOTS", "first"))
        self.received: list[RemoteEvent] = []
        self.news = asyncio.Event()
        self.before: Callable[[RemoteEvent], None] = lambda _: None
        self.edge = MatrixEdge(
            MatrixSettings(server.url, "@bot:x", data_dir, **settings), self.take
        )
        server.on("/keys/upload", {"one_time_key_counts": {"signed_curve25519": 100}})
        server.on("/keys/query", {"device_keys": {}})
        server.on("/turnServer", {})

    def take(self, event: RemoteEvent) -> None:
        self.before(event)
        self.received.append(event)
        self.news.set()

    async def syncs(self, count: int) -> list[RemoteEvent]:
        """What was received, once so many responses have been delivered."""
        async with asyncio.timeout(10):
            while self.received.count(SyncComplete()) < count:
                self.news.clear()
                await self.news.wait()
        return self.received

    def names(self) -> list[str]:
        """Event ids, and who left, in the order of delivery."""
        return [
            event.event_id if isinstance(event, Received) else f"left {event.user_id}"
            for event in self.received
            if not isinstance(event, SyncComplete)
        ]


@pytest.fixture
async def bot(faulty: FaultyHomeserver, memory: Path) -> AsyncIterator[Bot]:
    made = Bot(faulty, memory / "data")
    await made.edge.start()
    yield made
    await made.edge.aclose()


@contextlib.asynccontextmanager
async def running(edge: MatrixEdge) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(edge.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
