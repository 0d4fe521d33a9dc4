"""The requests that encryption needs: publish our keys, learn those of others, share a room's key.

Everyone in an encrypted room gets the key, verified or not: a bot has nobody who could compare
emoji with each caller.
"""

from __future__ import annotations

import asyncio
import logging
import math
import uuid
from collections import defaultdict
from collections.abc import Callable

from voip.matrix.errors import MatrixError, RequestRefusedError, SendRefusedError, TransientError
from voip.matrix.http import Json, path
from voip.matrix.machine import Machine
from voip.matrix.session import Session
from voip.matrix.trust import DeviceTrust, KnownIdentities, NewDevice, trust_of

log = logging.getLogger(__name__)

QUERY_TIMEOUT = 5.0
"""Seconds that a sync response or a send waits for device keys; devices known already are used."""
REMOTE_TIMEOUT = 3.0
"""Seconds of these that the homeserver may wait for other homeservers."""
FAILED_PAUSE = 60.0
"""Seconds before users are asked for again whose homeserver is down: every send would wait."""
LEFT_OUT_PAUSE = 10.0
"""Seconds before keys are asked for again of devices that could not get the key of a room."""
REFUSED_PAUSE = 60.0
"""Seconds before keys that the homeserver refused are offered again."""
WARMED_AT_MOST = 50
ENCRYPT_TRIES = 5
"""Each try loses only against a member who joined or left meanwhile."""


class Keys:
    """Key management of one device."""

    def __init__(self, session: Session, machine: Machine, known: KnownIdentities) -> None:
        self._session = session
        self._machine = machine
        self._nio = machine.state
        self._upkeep = asyncio.Lock()
        self._sharing: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._warming: dict[str, asyncio.Task[None]] = {}
        self._upload_after = 0.0
        self._down: dict[str, float] = {}
        """Homeservers that did not give their users' devices → when to ask again."""
        self._left_out: dict[str, float] = {}
        """Rooms whose key some device did not get → when to try again."""
        self._known = known
        self.on_new_device: Callable[[NewDevice], None] | None = None
        self.on_own_devices: Callable[[], None] | None = None
        """Called when something about our own account's devices was news."""

    # --- after each sync response -------------------------------------------------------------

    async def upkeep(self) -> None:
        """Do whatever nio finds necessary now. What fails is found necessary again next time."""
        async with self._upkeep:
            for step in (self._upload, self.query, self._claim, self._send_to_devices):
                try:
                    await step()
                except MatrixError as error:
                    log.warning("Key management: %s", error)

    async def _upload(self) -> None:
        clock = asyncio.get_running_loop().time
        if clock() < self._upload_after:
            return
        keys = await self._machine.run(self._nio.keys_to_upload)
        if keys is None:
            return
        try:
            answer = await self._session.request("POST", path("keys", "upload"), body=keys)
        except RequestRefusedError:
            self._upload_after = clock() + REFUSED_PAUSE
            raise
        await self._machine.run(self._nio.uploaded, answer)

    async def query(self) -> None:
        """Fetch the devices of whomever nio does not know, or knows to have changed."""
        now = asyncio.get_running_loop().time()
        self._down = {server: until for server, until in self._down.items() if until > now}
        wanted = await self._machine.run(self._nio.users_to_query)
        users = [user for user in wanted if user.partition(":")[2] not in self._down]
        if users:
            await self._ask(users)

    async def device_trust(self, user_id: str, device_key: str) -> DeviceTrust:
        """Judge a device by what the homeserver says now; UNKNOWN where it says nothing."""
        try:
            answer = await self._ask([user_id])
        except MatrixError as error:
            log.warning("A device could not be asked for: %s", error)
            return DeviceTrust.UNKNOWN
        return trust_of(answer, user_id, device_key, self._known.master_of(user_id))

    async def _ask(self, users: list[str]) -> Json:
        body: Json = {
            "device_keys": {user: [] for user in users},
            "timeout": int(REMOTE_TIMEOUT * 1000),
        }
        answer = await self._session.request(
            "POST", path("keys", "query"), body=body, timeout=QUERY_TIMEOUT
        )
        await self._machine.run(self._known.see, answer, self._session.user_id)
        news = await self._machine.run(self._nio.queried, answer)
        failures = answer.get("failures")
        again = asyncio.get_running_loop().time() + FAILED_PAUSE
        for server in failures if isinstance(failures, dict) else ():
            self._down[server] = again
        self._tell(answer, users, news)
        return answer

    def _tell(self, answer: Json, users: list[str], news: list[tuple[str, str]]) -> None:
        if self._session.user_id in users and self.on_own_devices is not None:
            self.on_own_devices()
        if self.on_new_device is None:
            return
        for user_id, device_key in news:
            trust = trust_of(answer, user_id, device_key, self._known.master_of(user_id))
            self.on_new_device(NewDevice(user_id, device_key, trust))

    async def _claim(self) -> None:
        await self._claim_for(await self._machine.run(self._nio.wedged))

    async def _claim_for(self, devices: dict[str, list[str]]) -> None:
        if not devices:
            return
        wanted = {
            user: dict.fromkeys(names, "signed_curve25519") for user, names in devices.items()
        }
        body = {"one_time_keys": wanted, "timeout": int(REMOTE_TIMEOUT * 1000)}
        answer = await self._session.request("POST", path("keys", "claim"), body=body)
        await self._machine.run(self._nio.claimed, answer)

    async def _send_to_devices(self) -> None:
        for message in await self._machine.run(self._nio.to_device_messages):
            await self._put_to_device(message.type, message.as_dict())
            await self._machine.run(self._nio.to_device_sent, message)

    async def _put_to_device(self, type_: str, body: Json) -> None:
        where = path("sendToDevice", type_, uuid.uuid4().hex)
        await self._session.request("PUT", where, body=body)

    # --- before an encrypted event ----------------------------------------------------------------

    async def encrypt(self, room_id: str, type_: str, content: Json) -> tuple[str, Json]:
        """The type and content to send into an encrypted room that nio knows.

        :raises TransientError: a request on the way failed; nothing is lost by trying again.
        """
        for _ in range(ENCRYPT_TRIES):
            await self.prepare(room_id)
            encrypted = await self._machine.run(self._nio.encrypt, room_id, type_, content)
            if encrypted is not None:
                return encrypted
        raise TransientError("The members of the room change faster than keys can be shared")

    async def prepare(self, room_id: str) -> None:
        """Make sure that everyone in the room has the key of what we send next."""
        async with self._sharing[room_id]:
            if not await self._machine.run(self._nio.members_known, room_id):
                await self._fetch_members(room_id)
            try:
                await self.query()
            except TransientError as error:
                log.warning("Devices could not be asked for, using those we know: %s", error)
            if self._left_out.get(room_id, math.inf) <= asyncio.get_running_loop().time():
                await self._machine.run(self._nio.share_again, room_id)
            if await self._machine.run(self._nio.must_share, room_id):
                await self._share(room_id)

    def warm(self, room_id: str) -> None:
        """Begin to prepare a room in which we shall answer soon; what fails, `encrypt` does again.

        The first encrypted event in a room costs four requests, and the caller waits for it.
        """
        if room_id in self._warming or len(self._warming) >= WARMED_AT_MOST:
            return
        task = asyncio.create_task(self._warm(room_id), name="warm keys")
        self._warming[room_id] = task
        task.add_done_callback(lambda _: self._warming.pop(room_id, None))

    async def _warm(self, room_id: str) -> None:
        try:
            await self.prepare(room_id)
        except MatrixError as error:
            log.info("Keys were not shared ahead of the answer: %s", error)

    async def aclose(self) -> None:
        tasks = list(self._warming.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _fetch_members(self, room_id: str) -> None:
        try:
            members = await self._session.request("GET", path("rooms", room_id, "joined_members"))
        except RequestRefusedError as error:
            raise SendRefusedError(
                f"We are not in room {room_id}: invite the bot again.", error.errcode
            ) from error
        await self._machine.run(self._nio.take_members, room_id, members)
        await self.query()

    async def _share(self, room_id: str) -> None:
        await self._claim_for(await self._machine.run(self._nio.sessions_to_claim, room_id))
        for devices, messages in await self._machine.run(self._nio.room_keys, room_id):
            await self._put_to_device("m.room.encrypted", messages)
            await self._machine.run(self._nio.shared_with, room_id, devices)
        await self._machine.run(self._nio.sharing_done, room_id)
        # A homeserver that is away gives no one-time keys for its users: they are for later.
        self._left_out.pop(room_id, None)
        if await self._machine.run(self._nio.sessions_to_claim, room_id):
            self._left_out[room_id] = asyncio.get_running_loop().time() + LEFT_OUT_PAUSE
