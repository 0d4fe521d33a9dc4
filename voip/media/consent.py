"""Consent to send (RFC 7675): whether the other side still answers on a path, asked at any time.

In place of aioice 0.13's own checks, which count an answer that takes more than half a second as
none: over such a path every call would end after 30 seconds.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Final

from aioice import Connection
from aioice.ice import StunProtocol
from aioice.stun import Class, Message

from voip.media import private

INTERVAL: Final = 5.0
"""Seconds between two checks, on the average, where nobody asks for one (§5.1)."""
EXPIRES: Final = 30.0
"""Seconds without an answer after which nothing may be sent any more (§5.1)."""
MAX_PENDING: Final = 16


class Consent:
    """Of one ICE connection that has found a path."""

    def __init__(
        self, connection: Connection, *, answered: Callable[[], None], expired: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._answered, self._expired = answered, expired
        self._pending: dict[bytes, StunProtocol] = {}
        self._last = 0.0

    async def watch(self) -> None:
        """From the moment when the path was found, which was an answer, until it expires."""
        loop = asyncio.get_running_loop()
        self._last = loop.time()
        while loop.time() - self._last < EXPIRES:
            # "randomize from 0.8 to 1.2 times" it, so that checks do not come in step (§5.1).
            await asyncio.sleep(INTERVAL * random.uniform(0.8, 1.2))  # noqa: S311
            self.check()
        self._expired()

    def check(self) -> None:
        """Ask once; the answer may come when it likes."""
        connection = self._connection
        pair = private.nominated(connection)
        if pair is None or connection.remote_password is None:
            return
        request = connection.build_request(pair, nominate=False)
        request.add_message_integrity(connection.remote_password.encode())
        while len(self._pending) >= MAX_PENDING:
            self._forget(next(iter(self._pending)))
        self._pending[request.transaction_id] = pair.protocol
        # aioice hands over what answers this, as to a transaction of its own.
        pair.protocol.transactions[request.transaction_id] = self  # type: ignore[assignment]
        pair.protocol.send_stun(request, pair.remote_addr)

    def response_received(self, message: Message, addr: tuple[str, int]) -> None:
        """An error is none: consent is given by a success response alone (§5.1)."""
        password = (self._connection.remote_password or "").encode()
        if message.message_class is not Class.RESPONSE or not message.check_message_integrity(
            password
        ):
            return
        self._forget(message.transaction_id)
        self._last = asyncio.get_running_loop().time()
        self._answered()

    def _forget(self, transaction: bytes) -> None:
        protocol = self._pending.pop(transaction, None)
        if protocol is not None:
            protocol.transactions.pop(transaction, None)
