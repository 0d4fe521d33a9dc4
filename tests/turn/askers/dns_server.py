"""A DNS server for one zone of a test's own making, over UDP on loopback."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class DnsServer(asyncio.DatagramProtocol):
    """``records`` has the answers of a name and type: a list for each time it is asked, the last
    of which stays. What is not in it does not exist."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[list[str]]] = {}
        self.failing: set[tuple[str, str]] = set()
        """Answered with SERVFAIL."""
        self.silent: set[tuple[str, str]] = set()
        """Not answered."""
        self.asked: Counter[tuple[str, str]] = Counter()
        self.port = 0

    def add(self, name: str, kind: str, *answers: str) -> None:
        self.records[name, kind] = [list(answers)]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        key = (question.name.to_text(True).lower(), dns.rdatatype.to_text(question.rdtype))
        turn = self.asked[key]
        self.asked[key] += 1
        if key in self.silent:
            return
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if key in self.failing:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif not self._answer(response, key, turn) and not self._exists(key[0]):
            response.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(response.to_wire(), address)

    def _exists(self, name: str) -> bool:
        return any(name == known for known, _ in self.records)

    def _answer(self, response: dns.message.Message, key: tuple[str, str], turn: int) -> bool:
        """Put in what there is, CNAMEs followed as a resolver does; whether there is any."""
        name, kind = key
        while alias := self.records.get((name, "CNAME")):
            response.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", *alias[0]))
            name = alias[0][0].rstrip(".")
        turns = self.records.get((name, kind), [])
        texts = turns[min(turn, len(turns) - 1)] if turns else []
        if texts:
            response.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, *texts))
        return bool(response.answer)


@asynccontextmanager
async def serving() -> AsyncIterator[DnsServer]:
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(DnsServer, ("127.0.0.1", 0))
    try:
        yield server
    finally:
        transport.close()
        await asyncio.sleep(0)
