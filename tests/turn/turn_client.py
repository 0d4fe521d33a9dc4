"""A TURN client over UDP that tells the numbers of the answers; for asking real relays."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import socket
from types import TracebackType
from typing import Any, Self

from aioice import stun

from turn.credentials import Credentials

ANSWER_WITHIN = 1.0
ATTEMPTS = 5
UDP = 17 << 24  # RFC 8656 section 18.7: the protocol is the first of four bytes
OK = 0
MISMATCH = 437

IPV6 = {"REQUESTED-ADDRESS-FAMILY": 2 << 24}
"""RFC 8656 section 18.8; aioice does not know it."""
stun.ATTRIBUTES_BY_NAME.setdefault(
    "REQUESTED-ADDRESS-FAMILY",
    (0x0017, "REQUESTED-ADDRESS-FAMILY", stun.pack_unsigned, stun.unpack_unsigned),
)


class TurnClient:
    """One allocation. Every request returns its error code, 0 for success."""

    def __init__(self, server: tuple[str, int], credentials: Credentials) -> None:
        self._server = server
        self._credentials = credentials
        self._socket = socket.socket(
            socket.AF_INET6 if ":" in server[0] else socket.AF_INET, socket.SOCK_DGRAM
        )
        self._realm = ""
        self._nonce = b""
        self.relayed: tuple[str, int] | None = None

    async def __aenter__(self) -> Self:
        self._socket.setblocking(False)
        await asyncio.get_running_loop().sock_connect(self._socket, self._server)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.relayed is not None:
            await self.refresh(0)
        self._socket.close()

    async def allocate(self, family: dict[str, int] | None = None) -> int:
        attributes = {"REQUESTED-TRANSPORT": UDP, **(family or {})}
        answer = await self._ask(stun.Method.ALLOCATE, attributes)
        if answer.message_class is stun.Class.RESPONSE:
            self.relayed = answer.attributes["XOR-RELAYED-ADDRESS"]
        return _code(answer)

    async def permit(self, peer: str) -> int:
        """CreatePermission (RFC 8656 section 10) for one address."""
        return _code(
            await self._ask(stun.Method.CREATE_PERMISSION, {"XOR-PEER-ADDRESS": (peer, 9)})
        )

    async def bind_channel(self, peer: str) -> int:
        attributes = {"CHANNEL-NUMBER": 0x4000, "XOR-PEER-ADDRESS": (peer, 9)}
        return _code(await self._ask(stun.Method.CHANNEL_BIND, attributes))

    async def refresh(self, lifetime: int) -> int:
        return _code(await self._ask(stun.Method.REFRESH, {"LIFETIME": lifetime}))

    async def _ask(self, method: stun.Method, attributes: dict[str, Any]) -> stun.Message:
        answer = await self._once(method, attributes)
        if _code(answer) in {401, 438} and "NONCE" in answer.attributes:
            fresh = answer.attributes["NONCE"] != self._nonce
            self._realm = answer.attributes["REALM"]
            self._nonce = answer.attributes["NONCE"]
            if fresh:
                answer = await self._once(method, attributes)
        return answer

    async def _once(self, method: stun.Method, attributes: dict[str, Any]) -> stun.Message:
        message = stun.Message(method, stun.Class.REQUEST, secrets.token_bytes(12))
        message.attributes.update(attributes)
        if self._nonce:
            name, password = self._credentials.username, self._credentials.password
            message.attributes["USERNAME"] = name
            message.attributes["REALM"] = self._realm
            message.attributes["NONCE"] = self._nonce
            key = f"{name}:{self._realm}:{password}".encode()
            message.add_message_integrity(hashlib.md5(key, usedforsecurity=False).digest())
        loop = asyncio.get_running_loop()
        for _ in range(ATTEMPTS):
            await loop.sock_sendall(self._socket, bytes(message))
            try:
                async with asyncio.timeout(ANSWER_WITHIN):
                    return await self._answer_to(message.transaction_id)
            except TimeoutError:
                continue
        raise TimeoutError("the relay does not answer")

    async def _answer_to(self, transaction_id: bytes) -> stun.Message:
        loop = asyncio.get_running_loop()
        while True:
            message = stun.parse_message(await loop.sock_recv(self._socket, 65_535))
            if message.transaction_id == transaction_id:
                return message


def _code(answer: stun.Message) -> int:
    if answer.message_class is stun.Class.RESPONSE:
        return OK
    return int(answer.attributes["ERROR-CODE"][0])


async def allocation_code(server: tuple[str, int], credentials: Credentials) -> int:
    """What a relay says to an Allocate with these credentials: 0, 401, 486, …"""
    code = MISMATCH
    # coturn remembers an allocation for a moment after its end, and the system may give its port
    # again: a client then tries from another port (RFC 8656 section 7.4).
    for _ in range(ATTEMPTS):
        async with TurnClient(server, credentials) as client:
            code = await client.allocate()
        if code != MISMATCH:
            break
    return code
