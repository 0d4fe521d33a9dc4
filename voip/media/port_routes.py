"""Which call a datagram on the shared port is for: by name, by number, by address."""

from __future__ import annotations

import asyncio
import socket
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from aioice import Connection
from aioice.ice import CandidatePair, StunProtocol
from aioice.stun import Message

Address: TypeAlias = Any
"""As the socket gives it: two parts for IPv4, four for IPv6."""
MAX_ADDRESSES: Final = 16
"""Of one connection: whoever knows its credentials may check it from as many as it likes."""
MAX_ASKED: Final = 4096
"""Requests of ours that wait for an answer; aioice gives each up within 32 s."""
SILENT: Final = 10.0
"""Seconds after which another call may have the address of one from which nothing comes."""


class Line:
    """One ICE connection's place on one socket."""

    __slots__ = (
        "_loop",
        "addresses",
        "connection",
        "crowded",
        "deliver",
        "family",
        "heard",
        "owner",
        "protocol",
    )

    def __init__(
        self,
        connection: Connection,
        protocol: StunProtocol,
        owner: object,
        crowded: Callable[[], None],
    ) -> None:
        """`crowded` is called when its other side is at an address that another call has."""
        self.connection, self.protocol, self.owner = connection, protocol, owner
        self.crowded = crowded
        self.deliver = connection.data_received
        """Takes media of an address that is this call's; with the component, which is 1."""
        self.addresses: dict[tuple[Any, ...], None] = {}
        self.family = socket.AF_INET
        self._loop = asyncio.get_running_loop()
        self.heard = self._loop.time()
        """When something last came for it."""

    def touch(self) -> None:
        self.heard = self._loop.time()


class Routes:
    """Bounded in every table. An address belongs to the first call whose credentials it showed, as
    long as that call lives and hears something from it. Where both sides have one port for all,
    their second call is at an address that is taken: it is `crowded`, and has to take another way,
    since nothing in DTLS or SRTP tells whose it is."""

    def __init__(self) -> None:
        self.by_address: dict[socket.AddressFamily, dict[Address, Line]] = {
            socket.AF_INET: {},
            socket.AF_INET6: {},
        }
        self._by_name: dict[tuple[bytes, socket.AddressFamily], Line] = {}
        self._asked: OrderedDict[bytes, Line] = OrderedDict()

    def add(self, line: Line, family: socket.AddressFamily) -> None:
        line.family = family
        self._by_name[line.connection.local_username.encode(), family] = line
        _learn(line, lambda address: self._claim(line, address))

    def remove(self, line: Line) -> None:
        self._by_name.pop((line.connection.local_username.encode(), line.family), None)
        table = self.by_address[line.family]
        for address in line.addresses:
            if table.get(address) is line:
                del table[address]
        line.addresses.clear()
        for transaction in [one for one, whose in self._asked.items() if whose is line]:
            del self._asked[transaction]

    def named(self, fragment: bytes, family: socket.AddressFamily) -> Line | None:
        return self._by_name.get((fragment, family))

    def asked(self, transaction: bytes, line: Line) -> None:
        """A request of ours leaves; its answer is for this line."""
        self._asked[transaction] = line
        if len(self._asked) > MAX_ASKED:
            self._asked.popitem(last=False)

    def answered(self, transaction: bytes) -> Line | None:
        return self._asked.pop(transaction, None)

    def _claim(self, line: Line, address: tuple[str, int]) -> bool:
        """Somebody who knows the credentials of this line is at this address; whether it may have
        it."""
        table = self.by_address[line.family]
        key = _key(line.family, address)
        other = table.get(key)
        if other is not None and other.owner is not line.owner and not _is_silent(other):
            line.crowded()
            return False
        line.touch()
        if other is not line:
            self._make_room(line, table)
            table[key] = line
            line.addresses[key] = None
        return True

    def _make_room(self, line: Line, table: dict[Address, Line]) -> None:
        while len(line.addresses) >= MAX_ADDRESSES:
            oldest = next(iter(line.addresses))
            del line.addresses[oldest]
            if table.get(oldest) is line:
                del table[oldest]


def _is_silent(line: Line) -> bool:
    return asyncio.get_running_loop().time() - line.heard > SILENT


def _key(family: socket.AddressFamily, address: tuple[str, int]) -> Address:
    if family is socket.AF_INET:
        return address
    return (address[0], address[1], 0, 0)  # flow label and scope: global addresses have none


def _learn(line: Line, claim: Callable[[tuple[str, int]], bool]) -> None:
    """Claim every address from which a check comes that is signed with the connection's password,
    and every one that answered a check of ours so. Refused, the check leads to nothing."""
    connection = line.connection
    requested, completed = connection.request_received, connection.check_complete

    def request_received(message: Message, addr: tuple[str, int], protocol: StunProtocol) -> None:
        signed = protocol is line.protocol and message.check_message_integrity(
            connection.local_password.encode()
        )
        if not signed or claim(addr):
            requested(message, addr, protocol)

    def check_complete(pair: CandidatePair) -> None:
        succeeded = pair.state is CandidatePair.State.SUCCEEDED
        if pair.protocol is line.protocol and succeeded and not claim(pair.remote_addr):
            # It stays in progress: a failed one could be the last, and end the search.
            pair.state, pair.nominated = CandidatePair.State.IN_PROGRESS, False
            return
        completed(pair)

    connection.request_received = request_received  # type: ignore[method-assign]
    connection.check_complete = check_complete  # type: ignore[method-assign]
