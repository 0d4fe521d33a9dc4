"""The Matrix edge: one device of one account, whole.

    edge = MatrixEdge(settings, inbox.put_nowait)
    await edge.start()          # logged in; raises what a person must mend
    async with asyncio.TaskGroup() as group:
        group.create_task(edge.run())
        await edge.ready()      # the first sync has been delivered
        ...
    await edge.aclose()

Everything received comes through `deliver`; see `voip.signalling.events`.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import aiohttp

from voip.matrix import recovery_key
from voip.matrix.backoff import until_done
from voip.matrix.direct import DirectRooms
from voip.matrix.discovery import discover
from voip.matrix.errors import (
    HomeserverUnreachableError,
    RequestRefusedError,
    RoomError,
    TransientError,
)
from voip.matrix.files import Files, MediaFile, media_content
from voip.matrix.folder import Folder
from voip.matrix.history import MESSAGE, Message, find_marked, recent_messages
from voip.matrix.http import Http, Json, path
from voip.matrix.identity import Identity
from voip.matrix.intake import Intake
from voip.matrix.key_backup import KeyBackup
from voip.matrix.keys import Keys
from voip.matrix.machine import Machine
from voip.matrix.nio_state import RoomInfo
from voip.matrix.reactions import react, reactions
from voip.matrix.room_events import RoomEvent
from voip.matrix.rooms import Rooms
from voip.matrix.sends import REDACTION, OutgoingEvent, SendQueue, Urgency
from voip.matrix.session import Session
from voip.matrix.settings import MatrixSettings
from voip.matrix.sync import SyncLoop
from voip.matrix.transmit import KNOWN_WITHIN, Transmitter
from voip.matrix.trust import DeviceTrust, KnownIdentities, NewDevice
from voip.matrix.turnserver import REQUEST_TIMEOUT, TurnServers
from voip.matrix.verifying import Verifier
from voip.signalling.events import RemoteEvent
from voip.signalling.ice import IceServer

POST_WITHIN = 600.0
"""Seconds for which a room post is tried: a homeserver may be down for a while."""
DIRECT_WITHIN = 60.0


class MatrixEdge:
    """`start`, then `run`; everything else in between, from the same event loop.

    :param deliver: takes each event, quickly; what it raises is logged and counted.
    """

    session: Session
    rooms: Rooms
    sends: SendQueue
    sync: SyncLoop
    identity: Identity
    backup: KeyBackup
    verifier: Verifier
    turn: TurnServers

    def __init__(self, settings: MatrixSettings, deliver: Callable[[RemoteEvent], None]) -> None:
        self._settings = settings
        self._deliver = deliver
        self._folder = Folder(settings.data_dir)
        self._open = contextlib.AsyncExitStack()
        self.on_new_device: Callable[[NewDevice], None] | None = None
        """Told when somebody whose devices we knew has one more. Must not block."""
        self.on_room_event: Callable[[RoomEvent], None] | None = None
        """Told of joins, reactions and redactions, also of those of the time when we were away, and
        perhaps once more after a crash. Must not block."""

    @property
    def user_id(self) -> str:
        return self.session.user_id

    @property
    def device_id(self) -> str:
        return self.session.device_id

    async def start(self) -> None:
        """Log in or take up the stored session, and open what is kept on disk.

        :raises LoginRefusedError, DiscoveryError, DataFolderError: settings to correct.
        :raises HomeserverUnreachableError: at a first start; later ones begin without it.
        """
        try:
            await self._start()
        except BaseException:
            await self.aclose()
            raise

    async def _start(self) -> None:
        await asyncio.to_thread(self._folder.prepare)
        self._open.callback((await asyncio.to_thread(self._folder.lock)).close)
        client = aiohttp.ClientSession()
        self._open.push_async_callback(client.close)
        http = Http(await self._base_url(client), client)
        self.session = Session(self._settings, self._folder, http)
        await self.session.start()
        machine = await Machine.open(self.user_id, self.device_id, self._folder)
        self._open.push_async_callback(machine.close)
        self._machine = machine
        known = await asyncio.to_thread(KnownIdentities, self._folder.known_file)
        keys = Keys(self.session, machine, known)
        self._open.push_async_callback(keys.aclose)
        keys.on_new_device = self._tell_new_device
        self._keys = keys
        self.identity = self._make_identity(machine)
        keys.on_own_devices = self.identity.due
        self.backup = KeyBackup(
            self.session, machine, self._folder, self.identity, self._recovery_key()
        )
        self.rooms = Rooms(self.session, self._settings.invite_patterns)
        self._open.push_async_callback(self.rooms.aclose)
        intake = Intake(self.session, machine, keys, self.rooms, self._deliver)
        intake.on_room_event = self._tell_room_event
        self._intake = intake
        self.verifier = Verifier(self.session, machine, self._send_verification)
        intake.on_verification = self.verifier.take
        self.sync = SyncLoop(
            self.session,
            self._folder,
            intake,
            self._upkeep,
            verification=self._settings.verifies,
        )
        self.sends = SendQueue(Transmitter(self.session, keys, self.rooms))
        self.turn = TurnServers(self._fetch_turn)
        self._open.push_async_callback(self.turn.aclose)
        self._direct = DirectRooms(self.session, self.rooms)
        self.rooms.joined_direct = self._direct.record
        self._files = Files(self.session)

    def _make_identity(self, machine: Machine) -> Identity:
        key, password = self._recovery_key(), self._settings.password
        return Identity(self.session, machine, self._folder, password, key)

    def _recovery_key(self) -> bytes | None:
        text = self._settings.recovery_key
        return None if text is None else recovery_key.from_text(text)

    async def _upkeep(self) -> None:
        await self._keys.upkeep()
        await self.identity.upkeep()
        await self.backup.upkeep()

    async def _base_url(self, client: aiohttp.ClientSession) -> str:
        """Where the homeserver is. A stored session knows, so that discovery may be down."""
        homeserver = self._settings.homeserver
        stored = await asyncio.to_thread(self._folder.session)
        if stored is not None and "://" not in homeserver:
            return stored.homeserver
        within = self._settings.start_timeout
        try:
            return await until_done(lambda: discover(homeserver, client), within)
        except TransientError as error:
            raise HomeserverUnreachableError(
                f"{homeserver} did not answer within {within:.0f} s ({error}). "
                "Check the name and the network, then start again."
            ) from error

    async def run(self) -> None:
        """Receive and send, until cancelled.

        :raises LoggedOutError: the homeserver ended the session; it says what to do.
        :raises LoginRefusedError: the session expired and the password is no longer good.
        """
        helpers = [
            asyncio.create_task(self.sends.run(), name="sends"),
            asyncio.create_task(self.turn.run(), name="turn"),
        ]
        try:
            await self.sync.run()
        finally:
            for task in helpers:
                task.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)

    async def ready(self) -> None:
        """Wait until the first sync response has been delivered."""
        await self.sync.ready.wait()

    async def aclose(self) -> None:
        """Let go of connections, threads and files. `run` must have ended."""
        await self._open.aclose()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    # --- sending --------------------------------------------------------------------------------

    async def send(self, event: OutgoingEvent) -> str:
        """The event id; raises as `SendQueue.send` says."""
        return await self.sends.send(event)

    async def post_text(self, room_id: str, body: str, txn_id: str) -> str:
        """Post a notice, which other bots do not answer; the event id."""
        return await self._post(room_id, {"msgtype": "m.notice", "body": body}, txn_id)

    async def upload(self, room_id: str, file: MediaFile, within: float) -> Json:
        """Upload a file for a room; the content of the event that shows it there.

        :raises UploadRefusedError: the homeserver does not take it.
        :raises RoomError: we are not in the room.
        :raises TransientError: not now. :raises OSError: the file cannot be read.
        """
        info = await self.rooms.settled(room_id, KNOWN_WITHIN)
        uploaded = await self._files.upload(file, encrypted=info.encrypted, within=within)
        return media_content(file, uploaded)

    async def post(self, room_id: str, content: Json, txn_id: str, deadline: float) -> str:
        """Post a message that `find_posted` finds again by `txn_id`; raises as `send`."""
        message = OutgoingEvent(
            room_id, MESSAGE, content, txn_id, Urgency.ROOM_POST, deadline=deadline, mark=txn_id
        )
        return await self.send(message)

    async def find_posted(self, room_id: str, txn_id: str, since: float) -> str | None:
        """The event that `post` sent, or None; see `find_marked`."""
        return await find_marked(self.session, room_id, txn_id, since)

    async def redact(
        self, room_id: str, event_id: str, reason: str, txn_id: str, deadline: float
    ) -> str:
        """Take an event of ours out of a room; raises as `send`. Twice is as good as once."""
        content = {"redacts": event_id, "reason": reason}
        event = OutgoingEvent(
            room_id, REDACTION, content, txn_id, Urgency.ROOM_POST, deadline=deadline
        )
        return await self.send(event)

    async def _send_verification(self, room_id: str, type_: str, content: Json) -> str:
        event = OutgoingEvent(room_id, type_, content, uuid.uuid4().hex, Urgency.CALL)
        return await self.send(event)

    async def _post(self, room_id: str, content: Json, txn_id: str) -> str:
        return await self.send(
            OutgoingEvent(
                room_id=room_id,
                type="m.room.message",
                content=content,
                txn_id=txn_id,
                urgency=Urgency.ROOM_POST,
                deadline=POST_WITHIN,
            )
        )

    @property
    def counts(self) -> dict[str, int]:
        """What happened so far, for metrics."""
        return {
            "syncs": self.sync.counts.responses,
            "sync_failures": self.sync.counts.failures,
            "delivered": self._intake.counts.delivered,
            "failed": self._intake.counts.failed,
            "keys_given_up": self._intake.given_up,
            "rate_limited": self.sends.rate_limited,
            "sends_waiting": len(self.sends),
            "turn_fetched": self.turn.fetched,
            "turn_failed": self.turn.failed,
        }

    @property
    def sync_age(self) -> float | None:
        """Seconds since the homeserver's last sync response was taken; None before the first. It
        answers once in 30 seconds at least."""
        at = self.sync.counts.last_at
        return None if at is None else asyncio.get_running_loop().time() - at

    # --- asking ---------------------------------------------------------------------------------

    async def ice_servers(self) -> list[IceServer]:
        """The homeserver's TURN servers, at once or nearly; `turn.reason` says why none."""
        return await self.turn.ice_servers()

    async def direct_room(self, user_id: str, within: float = DIRECT_WITHIN) -> str:
        """The room with a person, made and joined where there is none; see `DirectRooms.room`."""
        return await self._direct.room(user_id, within)

    async def device_trust(self, user_id: str, device_key: str) -> DeviceTrust:
        """Whether the device of a `Received.device_key` is signed by its owner; asks each time."""
        return await self._keys.device_trust(user_id, device_key)

    def _tell_room_event(self, event: RoomEvent) -> None:
        if self.on_room_event is not None:
            self.on_room_event(event)

    def _tell_new_device(self, device: NewDevice) -> None:
        if self.on_new_device is not None:
            self.on_new_device(device)

    async def join(self, room: str) -> str:
        """The id of a room (`!…`) or alias (`#…`), joined where we were not in it.

        :raises RoomError: it does not exist, or we may not join it.
        """
        try:
            answer = await self.session.request("POST", path("join", room), body={})
        except RequestRefusedError as error:
            raise RoomError(
                f"{room} could not be joined ({error.errcode}): check its name, or have "
                f"{self.user_id} invited there."
            ) from error
        room_id = str(answer.get("room_id"))
        await self.rooms.known(room_id, KNOWN_WITHIN)
        return room_id

    async def join_when_invited(self, room_id: str) -> None:
        """Join a room, or wait for an invitation into it as long as it takes, and join then.

        :raises MatrixError: we were invited, and may still not join it.
        """
        with self.rooms.expecting(room_id) as invited:
            try:
                await self.join(room_id)
            except RoomError:
                await invited
                await self.rooms.enter(room_id)
        await self.rooms.known(room_id, KNOWN_WITHIN)

    def room_info(self, room_id: str) -> RoomInfo | None:
        """Name, encryption, join rule; None where we are not in the room."""
        return self.rooms.info(room_id)

    async def members(self, room_id: str) -> dict[str, str]:
        """User id → display name of those in the room."""
        return await self.rooms.members(room_id)

    async def recent_messages(self, room_id: str, limit: int = 20) -> list[Message]:
        """The latest room messages, decrypted, newest first; also with keys from the backup."""
        read = self.backup.read
        return await recent_messages(self.session, self._machine, room_id, limit, read)

    async def reactions(self, room_id: str, event_id: str) -> list[tuple[str, str]]:
        """Who reacted to a message, and with what."""
        return await reactions(self.session, room_id, event_id)

    async def react(self, room_id: str, event_id: str, key: str, txn_id: str) -> None:
        """React to a message; the same `txn_id` does so once."""
        await react(self.session, room_id, event_id, key, txn_id)

    async def download(self, content: Mapping[str, Any], to: Path) -> Path:
        """Fetch the file of a room message into `to`; see `Files.download`."""
        return await self._files.download(content, to)

    async def _fetch_turn(self) -> Json:
        return await self.session.request(
            "GET", path("voip", "turnServer"), timeout=REQUEST_TIMEOUT
        )
