"""Three homeservers that federate over loopback, and a person with a phone on each."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bot.conftest import eventually
from tests.e2e.accounts import ENCRYPTION
from voip.bot.call import Call
from voip.bot.phone import Phone, PhoneSettings
from voip.matrix.http import path
from voip.matrix.settings import MatrixSettings
from voip.media.settings import MediaSettings
from voip.media.sounds import Tone
from voip.service.demo.certificate import certificate_for
from voip.service.demo.processes import free_port
from voip.service.demo.synapse import LIMITS_LIFTED, SynapseProcess
from voip.service.demo.synapse_config import SynapseOptions
from voip.signalling.commands import Calling, Ignored, IgnoreReason, Notice
from voip.signalling.config import CallConfig
from voip.signalling.events import Received, RemoteEvent

HOST = "127.0.0.1"
PATIENCE = 45.0
NAMES = ("alice", "bob", "carol")

FEDERATION: dict[str, Any] = {
    # Loopback is where a homeserver in earnest must never be sent by another.
    "ip_range_blacklist": [],
    "federation_ip_range_blacklist": [],
    "rc_federation": {"sleep_limit": 10_000, "reject_limit": 10_000, "concurrent": 100},
    # A server that was away is tried every second. Synapse's own values double from ten minutes.
    "federation": {
        "max_long_retry_delay": "1s",
        "max_long_retries": 1_000,
        "max_short_retries": 0,
        "destination_min_retry_interval": "1s",
        "destination_retry_multiplier": 1,
        "destination_max_retry_interval": "1s",
    },
}


class Homeserver(SynapseProcess):
    """One of them: clients come over plain HTTP, other homeservers over TLS."""

    def __init__(self, folder: Path, certificate: Path) -> None:
        """:param certificate: theirs all, as they are one host; it is its own authority."""
        port, tls_port = free_port(), free_port()
        listeners = [
            _listener(port, "client"),
            {**_listener(tls_port, "federation"), "tls": True},
        ]
        extra = {
            **LIMITS_LIFTED,
            **FEDERATION,
            "listeners": listeners,
            "tls_certificate_path": str(certificate),
            "tls_private_key_path": str(certificate),
            "federation_custom_ca_list": [str(certificate)],
        }
        super().__init__(
            SynapseOptions(
                folder,
                port,
                server_name=f"{HOST}:{tls_port}",
                federation=True,
                extra_config=extra,
            )
        )

    async def away(self) -> None:
        await asyncio.to_thread(self.stop)

    async def back(self) -> None:
        """Start again with the data and the port of before."""
        self.launch()  # in the loop's thread: the process ends with the thread that made it
        await asyncio.to_thread(self.wait_until_ready)


def _listener(port: int, resource: str) -> dict[str, Any]:
    return {
        "port": port,
        "bind_addresses": [HOST],
        "type": "http",
        "resources": [{"names": [resource]}],
    }


def start_three(folder: Path) -> list[Homeserver]:
    """Blocks until all answer, about as long as for one."""
    certificate_for(HOST, folder)
    servers = [Homeserver(folder / name, folder / "certificate.pem") for name in NAMES]
    try:
        for server in servers:
            server.prepare()
            server.launch()
        for server in servers:
            server.wait_until_ready()
    except BaseException:
        stop_all(servers)
        raise
    return servers


def stop_all(servers: Sequence[Homeserver]) -> None:
    for server in servers:
        server.stop()


class WatchedPhone(Phone):
    """A phone that remembers what came, what rang and what it was told."""

    def __init__(self, server: Homeserver, settings: PhoneSettings) -> None:
        super().__init__(settings)
        self.server = server
        self.rang: list[Call] = []
        self.received: list[Received] = []
        self.notices: list[Notice] = []
        self.on_call = self.rang.append
        self._news = asyncio.Event()

    async def ringing(self, count: int = 1) -> Call:
        """Wait for so many calls in all; the latest."""
        await self._until(lambda: len(self.rang) >= count)
        return self.rang[count - 1]

    async def calling(self, call: Call) -> None:
        """Wait until our homeserver has taken our invite."""
        await self._until(lambda: Calling(call.key) in self.notices)

    async def has_received(self, type_: str, call: Call) -> Received:
        """Wait for somebody else's event of a call, and give the first such."""
        await self._until(lambda: self._theirs(type_, call))
        return self._theirs(type_, call)[0]

    def ignored(self, type_: str) -> list[IgnoreReason]:
        """Why such events of other people changed nothing."""
        return [
            notice.why
            for notice in self.notices
            if isinstance(notice, Ignored)
            and (notice.type, notice.sender != self.user_id) == (type_, True)
        ]

    async def all_sent(self) -> bool:
        """Nothing waits to be sent, in the journal either."""
        return not await self.journal.pending_sends()

    def _theirs(self, type_: str, call: Call) -> list[Received]:
        return [
            event
            for event in self.received
            if event.sender != self.user_id
            and event.type == type_
            and event.content.get("call_id") == call.key.call_id
        ]

    async def _until(self, holds: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                self._news.clear()
                await self._news.wait()

    def _on_remote(self, event: RemoteEvent) -> None:
        if isinstance(event, Received):
            self.received.append(event)
        super()._on_remote(event)
        self._news.set()

    def on_notice(self, notice: Notice) -> None:
        self.notices.append(notice)
        super().on_notice(notice)
        self._news.set()


@dataclass(frozen=True)
class Circle:
    """Three people in one room, each on a homeserver of their own."""

    alice: WatchedPhone
    bob: WatchedPhone
    carol: WatchedPhone
    room_id: str

    async def call(self, *, invitee: bool = True) -> tuple[Call, Call]:
        """Alice calls and Bob answers: their ends of the call, with media flowing both ways."""
        rang = len(self.bob.rang)
        outgoing = await self.place(invitee=invitee)
        incoming = await self.bob.ringing(rang + 1)
        await incoming.answer()
        await outgoing.established()
        return outgoing, incoming

    async def place(self, *, invitee: bool = True) -> Call:
        """Alice calls Bob, or whoever is in the room."""
        return await self.alice.place(self.room_id, invitee=self.bob.user_id if invitee else None)

    async def all_sent(self) -> bool:
        return all([await each.all_sent() for each in (self.alice, self.bob, self.carol)])


class Gathering:
    """Makes circles, and ends their phones."""

    def __init__(self, servers: Sequence[Homeserver], folder: Path, stack: AsyncExitStack) -> None:
        self._servers = servers
        self._folder = folder
        self._stack = stack

    async def circle(
        self,
        *,
        encrypted: bool = True,
        calls: CallConfig | None = None,
        media: MediaSettings | None = None,
    ) -> Circle:
        phones = []
        for server, name in zip(self._servers, NAMES, strict=True):
            folder = self._folder / name
            settings = PhoneSettings(
                self._account(server, name, folder / "matrix"),
                folder,
                name,
                media or MediaSettings(),
                calls or CallConfig(),
            )
            phone = WatchedPhone(server, settings)
            phones.append(await self._stack.enter_async_context(phone))
        alice, bob, carol = phones
        return Circle(alice, bob, carol, await _room_of(phones, encrypted=encrypted))

    def _account(self, server: Homeserver, name: str, folder: Path) -> MatrixSettings:
        localpart, password = f"{name}-{secrets.token_hex(3)}", secrets.token_urlsafe(12)
        server.register(localpart, password)
        return MatrixSettings(
            server.url,
            f"@{localpart}:{server.server_name}",
            folder,
            password=password,
            allow_invites_from=("*",),
        )


async def _room_of(phones: Sequence[Phone], *, encrypted: bool) -> str:
    """A room made by the first, which all have joined and know."""
    first, *others = phones
    body = {
        "preset": "private_chat",
        "invite": [each.user_id for each in others],
        "initial_state": [ENCRYPTION] if encrypted else [],
    }
    made = await first.matrix.session.request("POST", path("createRoom"), body=body)
    room_id = str(made["room_id"])
    everyone = {each.user_id for each in phones}

    async def complete() -> bool:
        if not all(each.matrix.room_info(room_id) for each in phones):
            return False
        return all([set(await each.matrix.members(room_id)) == everyone for each in phones])

    await eventually(complete)
    return room_id


@asynccontextmanager
async def talking(*calls: Call) -> AsyncIterator[None]:
    """Both ends are heard meanwhile: of silence, hardly any packets are sent."""

    async def talk(call: Call) -> None:
        while True:
            await call.play(Tone(seconds=2))

    tasks = [asyncio.create_task(talk(call)) for call in calls]
    try:
        yield
        assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def packets_grow(*ends: tuple[Phone, Call], by: int = 50) -> None:
    """Wait until each end has received so many packets more than now."""

    async def received(phone: Phone, call: Call) -> int:
        return (await phone.media.stats(call.key)).packets_received

    goals = [await received(*end) + by for end in ends]
    async with asyncio.timeout(PATIENCE):
        for end, goal in zip(ends, goals, strict=True):
            while await received(*end) < goal:  # noqa: ASYNC110  # counters give no event
                await asyncio.sleep(0.05)
