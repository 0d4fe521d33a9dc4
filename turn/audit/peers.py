"""Asks a relay for permission to send to forbidden peers. No packet goes to any of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from turn.audit.model import Finding, Verdict
from turn.audit.samples import Samples
from turn.client.client import Client
from turn.client.errors import ErrorResponse, RelayError
from turn.client.messages import FIRST_CHANNEL, LAST_CHANNEL
from turn.peers import MAPPED, Address

AT_ONCE = 8
PEER_PORT = 9


class Answer(Enum):
    REFUSED = "refused"
    PERMITTED = "permitted"
    BOUND = "bound to a channel"
    NONE = "not answered"


@dataclass(frozen=True, slots=True)
class Allocations:
    """A client for each family that the relay gives."""

    ipv4: Client | None
    ipv6: Client | None

    def for_peer(self, address: Address) -> list[Client]:
        """Those through which the peer may be reachable.

        An IPv4-mapped peer is tried through both: implementations have confused them. Without an
        IPv6 allocation an IPv6 peer is tried through the IPv4 one, which must say 443.
        """
        if address.version == 4 or self.ipv6 is None:
            wanted = [self.ipv4]
        else:
            wanted = [self.ipv6, self.ipv4 if address in MAPPED else None]
        return [each for each in wanted if each is not None]


class PeerProbe:
    """``await PeerProbe(allocations).run(samples)`` gives a finding for each network."""

    def __init__(self, allocations: Allocations) -> None:
        self._allocations = allocations
        self._free = asyncio.Semaphore(AT_ONCE)
        self._channel = FIRST_CHANNEL

    async def run(self, networks: Sequence[Samples]) -> list[Finding]:
        return await asyncio.gather(*(self._network(each) for each in networks))

    async def _network(self, samples: Samples) -> Finding:
        tried = [(a, c) for a in samples.addresses for c in self._allocations.for_peer(a)]
        name = f"peer {samples.name}"
        if not tried:
            return Finding(name, Verdict.UNKNOWN, "the relay gives no allocation for this family")
        answers = await asyncio.gather(*(self._peer(client, peer) for peer, client in tried))
        return _judge(name, samples, [peer for peer, _ in tried], answers)

    async def _peer(self, client: Client, address: Address) -> Answer:
        async with self._free:
            try:
                await client.permit(str(address))
            except ErrorResponse:
                return await self._bind(client, address)
            except RelayError:
                return Answer.NONE
            return Answer.PERMITTED

    async def _bind(self, client: Client, address: Address) -> Answer:
        """RFC 8656 section 12: a channel is a permission too, by another way through the relay."""
        channel, self._channel = self._channel, self._channel + 1
        if channel > LAST_CHANNEL:
            return Answer.NONE
        try:
            await client.bind(channel, (str(address), PEER_PORT))
        except ErrorResponse:
            return Answer.REFUSED
        except RelayError:
            return Answer.NONE
        return Answer.BOUND


def _judge(
    name: str, samples: Samples, peers: Sequence[Address], answers: Sequence[Answer]
) -> Finding:
    # A peer that was tried through both families is a hole if one of them lets it pass.
    said = list(zip(peers, answers, strict=True))
    holes = [f"{p} {a.value}" for p, a in said if a in (Answer.PERMITTED, Answer.BOUND)]
    if holes:
        return Finding(name, Verdict.OPEN, ", ".join(dict.fromkeys(holes)), (samples.close,))
    silent = [str(peer) for peer, answer in said if answer is Answer.NONE]
    if silent:
        return Finding(name, Verdict.UNKNOWN, f"no answer for {', '.join(silent)}")
    return Finding(name, Verdict.CLOSED, f"{len(samples.addresses)} peers refused")
