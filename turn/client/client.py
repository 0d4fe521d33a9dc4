"""One conversation with one address of a relay.

Every method asks once, waits at most ``timeout`` seconds and raises a RelayError that says what
happened. Requests are sent again over UDP (RFC 8489 section 6.2.1); a stale nonce is replaced once.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections import deque
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aioice import stun

from turn.client import messages
from turn.client.errors import Malformed, NoAnswer, RelayError
from turn.client.links import Link
from turn.client.messages import Challenge, Family, Login, Peer, Protocol, Request

RETRANSMIT_AFTER = 0.5
UNAUTHENTICATED, STALE_NONCE = 401, 438
MAX_RECEIVED = 256
RESPONSES = (stun.Class.RESPONSE, stun.Class.ERROR)


@dataclass(frozen=True, slots=True)
class Answer:
    """A success response, or an error that the caller wanted to see."""

    message: stun.Message
    seconds: float
    """From the first sending to the answer."""
    sent: int
    """Bytes of the request."""
    received: int
    """Bytes of the answer."""

    @property
    def attributes(self) -> dict[str, Any]:
        return self.message.attributes


@dataclass(frozen=True, slots=True)
class Allocation:
    """What the relay set aside for us."""

    relayed: Peer
    mapped: Peer | None
    """Our own address as the relay sees it."""
    lifetime: int
    """Seconds."""


class Client:
    """``async with Client(link, timeout) as client``: gives its allocation back and closes."""

    def __init__(self, link: Link, timeout: float, login: Login | None = None) -> None:
        self._link = link
        self._timeout = timeout
        self._login = login
        self._challenge: Challenge | None = None
        self._waiting: dict[bytes, asyncio.Future[tuple[stun.Message, int]]] = {}
        self._lost: RelayError | None = None
        self._received: deque[tuple[bytes, Peer]] = deque(maxlen=MAX_RECEIVED)
        self._arrived = asyncio.Event()
        self.allocation: Allocation | None = None
        link.on_message = self._on_message
        link.on_lost = self._on_lost

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            # After a failure or a cancellation nobody waits for the relay's answer any more.
            if kind is None:
                await self.release()
            else:
                self._release_unheard()
        except RelayError:
            pass  # it expires by itself (RFC 8656 section 8)
        finally:
            self._link.close()

    async def binding(self) -> Answer:
        """Ask for our own address (RFC 8489 section 7)."""
        answer = await self.exchange(Request(stun.Method.BINDING, {}))
        if answer.message.message_class is stun.Class.ERROR:
            raise messages.error_of(answer.message)
        return answer

    async def challenge(self) -> Answer:
        """Ask for an allocation without credentials: the answer, which should be a 401.

        A realm and nonce in it are kept for what is asked next. A relay that asks for nothing has
        allocated: that is given back in the end.
        """
        answer = await self.exchange(messages.allocate())
        if answer.message.error_code == UNAUTHENTICATED:
            self._challenge = messages.challenge_of(answer.message)
        if answer.message.message_class is stun.Class.RESPONSE:
            self.allocation = _allocation(answer)
        return answer

    @property
    def challenged(self) -> Challenge | None:
        return self._challenge

    async def allocate(
        self, protocol: Protocol = Protocol.UDP, family: Family | None = None
    ) -> Allocation:
        """Ask for a relayed address."""
        answer = await self._ask(lambda: messages.allocate(protocol, family))
        self.allocation = _allocation(answer)
        return self.allocation

    async def permit(self, address: str) -> Answer:
        """Let a peer's address through (RFC 8656 section 10)."""
        attributes = {"XOR-PEER-ADDRESS": (address, 9)}
        return await self._ask(lambda: Request(stun.Method.CREATE_PERMISSION, dict(attributes)))

    async def bind(self, channel: int, peer: Peer) -> Answer:
        """Bind a channel to a peer (RFC 8656 section 12)."""
        attributes = {"CHANNEL-NUMBER": channel, "XOR-PEER-ADDRESS": peer}
        return await self._ask(lambda: Request(stun.Method.CHANNEL_BIND, dict(attributes)))

    async def release(self) -> None:
        """Give the allocation back; a Refresh with lifetime 0 (RFC 8656 section 8)."""
        if self.allocation is None:
            return
        self.allocation = None
        await self._ask(lambda: Request(stun.Method.REFRESH, {"LIFETIME": 0}))

    def _release_unheard(self) -> None:
        if self.allocation is not None:
            request = Request(stun.Method.REFRESH, {"LIFETIME": 0})
            self._sign(request)
            self._link.send(bytes(request))

    def send(self, data: bytes, peer: Peer) -> None:
        """To a peer through the relay; nobody says whether it arrived."""
        self._link.send(messages.send_indication(data, peer))

    async def receive(self) -> tuple[bytes, Peer]:
        """The next data from a peer. Raises NoAnswer after the timeout."""
        try:
            async with asyncio.timeout(self._timeout):
                while not self._received:
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            raise NoAnswer("nothing came through the relay") from None
        return self._received.popleft()

    async def _ask(self, make: Any) -> Answer:
        """Ask with credentials, and once more where the nonce has gone stale."""
        for last in (False, True):
            request: Request = make()
            key = self._sign(request)
            answer = await self.exchange(request)
            code = answer.message.error_code
            if code in (UNAUTHENTICATED, STALE_NONCE) and "NONCE" in answer.attributes and not last:
                new = messages.challenge_of(answer.message)
                # Signed with what it asked for and refused all the same: the credential is wrong.
                if code == STALE_NONCE or key is None:
                    self._challenge = new
                    continue
            if answer.message.message_class is stun.Class.ERROR:
                raise messages.error_of(answer.message)
            # RFC 8489 section 9.2.5: whoever knows the password has signed the answer.
            if key is not None and not answer.message.check_message_integrity(key):
                raise Malformed("the answer is not signed by one who knows the password")
            return answer
        raise AssertionError("unreachable")

    def _sign(self, request: Request) -> bytes | None:
        if self._login is None or self._challenge is None:
            return None
        return messages.sign(request, self._login, self._challenge)

    async def exchange(self, request: Request) -> Answer:
        """Send a request as it is and wait for its answer, whatever the answer is."""
        if self._lost is not None:
            raise self._lost
        data = bytes(request)
        future = asyncio.get_running_loop().create_future()
        self._waiting[request.transaction_id] = future
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self._timeout):
                message, size = await self._answered(data, future)
        except TimeoutError:
            raise NoAnswer("no answer came") from None
        finally:
            del self._waiting[request.transaction_id]
        return Answer(message, time.perf_counter() - started, len(data), size)

    async def _answered(
        self, data: bytes, future: asyncio.Future[tuple[stun.Message, int]]
    ) -> tuple[stun.Message, int]:
        self._link.send(data)
        pause = RETRANSMIT_AFTER
        while not self._link.reliable:
            await asyncio.wait([future], timeout=pause)
            if future.done():
                break
            self._link.send(data)
            pause *= 2
        return await future

    def _on_message(self, data: bytes) -> None:
        try:
            message = messages.parse(data)
        except RelayError:
            return  # a datagram may come from anywhere; over a stream the framing has judged it
        future = self._waiting.get(message.transaction_id)
        if message.message_class in RESPONSES and future is not None and not future.done():
            future.set_result((message, len(data)))
        elif message.message_method is stun.Method.DATA and "DATA" in message.attributes:
            peer = message.attributes.get("XOR-PEER-ADDRESS")
            if peer is not None:
                self._received.append((message.attributes["DATA"], peer))
                self._arrived.set()

    def _on_lost(self, error: RelayError) -> None:
        if self._link.reliable:
            self._lost = error
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(error)


def _allocation(answer: Answer) -> Allocation:
    """RFC 8656 section 7.2: what the answer must hold. Raises Malformed."""
    relayed = answer.attributes.get("XOR-RELAYED-ADDRESS")
    if relayed is None:
        raise Malformed("the relay allocated something and does not say which address")
    lifetime = answer.attributes.get("LIFETIME", 0)
    return Allocation(relayed, answer.attributes.get("XOR-MAPPED-ADDRESS"), lifetime)


def family_of(address: str) -> Family:
    return Family.IPV6 if ipaddress.ip_address(address).version == 6 else Family.IPV4
