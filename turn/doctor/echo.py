"""An echo through the relay, both ways, in both situations of a call.

Between two allocations of the same relay, as where both sides need it; and with a socket of ours as
the peer, as where one side does. The first shows nothing of the relay's firewall and outer address
(coturn takes a packet to its own external-ip inside), the second depends on this network too.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from turn.client.client import Allocation, Client, family_of
from turn.client.errors import ErrorResponse, NoAnswer, RelayError
from turn.client.messages import Family, Peer
from turn.doctor.causes import Cause
from turn.doctor.judge import BY_CODE, Scope, scope_of
from turn.doctor.model import Finding, Step, Verdict, failed, ok, skipped, warning

ROUNDS = 5
TRIES = 4
"""Of the first packet: it is UDP, and a network may lose one."""
WAIT = 0.7
"""Seconds for a packet to come back, of a try."""


@dataclass(frozen=True, slots=True)
class End:
    """A client of the relay and what it was given there."""

    client: Client
    allocation: Allocation


Result = tuple[list[Finding], list[float]]
"""What was found, and the round trips in seconds."""


class _NoEcho(Exception):
    """It did not work in this way; the finding says why."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding


async def echo(end: End, second: Callable[[], Awaitable[End]]) -> Result:
    """``second`` gives another client of the same relay, with an allocation."""
    inside = await _try(_between_allocations(end, second))
    outside = await _try(_with_own_socket(end))
    if isinstance(inside, Finding):
        if isinstance(outside, Finding):
            return [_worse(inside, outside)], []
        findings, rounds = outside
        return [*findings, _one_side_only(inside)], rounds
    findings, rounds = inside
    if isinstance(outside, Finding):
        return [*findings, _no_outside(outside, end)], rounds
    return [*findings, *outside[0]], rounds


async def _try(way: Awaitable[Result]) -> Result | Finding:
    try:
        return await way
    except _NoEcho as no:
        return no.finding


def _worse(inside: Finding, outside: Finding) -> Finding:
    """Two allocations are the surer way, no network of ours is in between: what they say counts,
    unless the relay never gave the second one."""
    if inside.verdict is Verdict.FAILED:
        return inside
    return outside if outside.verdict is Verdict.FAILED else replace(inside, verdict=Verdict.FAILED)


def _one_side_only(inside: Finding) -> Finding:
    """A call in which one side needs the relay works; one in which both do does not."""
    causes = {
        Cause.PEER_DENIED: Cause.OWN_ADDRESS_DENIED,
        Cause.ECHO_LOST: Cause.RELAY_TO_RELAY,
    }
    cause = inside.cause
    if inside.verdict is Verdict.FAILED and cause is not None:
        cause = causes.get(cause, cause)
    return replace(inside, verdict=Verdict.WARNING, cause=cause)


def _no_outside(outside: Finding, end: End) -> Finding:
    if outside.verdict is Verdict.SKIPPED:
        return outside
    mapped = end.allocation.mapped
    if outside.cause is Cause.PEER_DENIED and mapped and scope_of(mapped[0]) is not Scope.PUBLIC:
        # A relay for the world must refuse private peers; that we have such an address is chance.
        return skipped(Step.ECHO, "not tried with a socket of ours: its address is a private one")
    if mapped and mapped[0] == end.allocation.relayed[0]:
        # On its own address a relay may serve relayed ports alone: the others are its owner's.
        return skipped(Step.ECHO, "not shown with a socket of ours: the relay has our address")
    cause = Cause.RELAY_PORTS if outside.cause is Cause.ECHO_LOST else outside.cause
    return replace(outside, verdict=Verdict.WARNING, cause=cause)


async def _between_allocations(end: End, second: Callable[[], Awaitable[End]]) -> Result:
    try:
        other = await second()
    except RelayError as error:
        raise _NoEcho(_no_second(error)) from None
    async with other.client:
        here, there = end.allocation.relayed, other.allocation.relayed
        started = time.perf_counter()
        try:
            await end.client.permit(there[0])
            await other.client.permit(here[0])
        except ErrorResponse as error:
            text = f"the relay forbids its own address as a peer ({error})"
            raise _NoEcho(failed(Step.PERMISSION, text, Cause.PEER_DENIED)) from None
        except RelayError as error:
            raise _NoEcho(failed(Step.PERMISSION, str(error), Cause.NO_ANSWER)) from None
        permitted = ok(Step.PERMISSION, "its own address", time.perf_counter() - started)
        rounds = await _ping(end.client, other.client, there)
        if not rounds:
            text = "two allocations of the relay do not hear each other"
            raise _NoEcho(failed(Step.ECHO, text, Cause.ECHO_LOST))
    text = "two allocations of the relay hear each other, both ways"
    return [permitted, ok(Step.ECHO, text)], rounds


async def _ping(client: Client, other: Client, there: Peer) -> list[float]:
    """Round trips from one allocation to the other and back; none where nothing arrives."""
    rounds: list[float] = []
    for _ in range(ROUNDS):
        for _ in range(TRIES if not rounds else 1):
            word = secrets.token_bytes(16)
            started = time.perf_counter()
            client.send(word, there)
            try:
                async with asyncio.timeout(WAIT):
                    peer = await _heard(other, word)
                    other.send(word, peer)
                    await _heard(client, word)
            except (TimeoutError, NoAnswer):
                continue
            rounds.append(time.perf_counter() - started)
            break
        if not rounds:
            break
    return rounds


async def _heard(client: Client, word: bytes) -> Peer:
    while True:
        data, peer = await client.receive()
        if data == word:
            return peer


async def _with_own_socket(end: End) -> Result:
    mapped, relayed = end.allocation.mapped, end.allocation.relayed
    if mapped is None or family_of(mapped[0]) is not family_of(relayed[0]):
        text = "not tried with a socket of ours: the relay relays to the other IP version"
        raise _NoEcho(skipped(Step.ECHO, text))
    started = time.perf_counter()
    try:
        await end.client.permit(mapped[0])
    except ErrorResponse as error:
        text = f"the relay forbids our own address as a peer ({error})"
        raise _NoEcho(failed(Step.PERMISSION, text, Cause.PEER_DENIED)) from None
    except RelayError as error:
        raise _NoEcho(failed(Step.PERMISSION, str(error), Cause.NO_ANSWER)) from None
    permitted = ok(Step.PERMISSION, "our own address", time.perf_counter() - started)
    rounds = await _ping_socket(end.client, relayed)
    if not rounds:
        text = "what is sent from here to the relayed address does not arrive"
        raise _NoEcho(failed(Step.ECHO, text, Cause.ECHO_LOST))
    return [permitted, ok(Step.ECHO, "a socket of ours and the relayed address, both ways")], rounds


class _Socket(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard: asyncio.Queue[bytes] = asyncio.Queue(64)

    def datagram_received(self, data: bytes, addr: object) -> None:
        if not self.heard.full():
            self.heard.put_nowait(data)


async def _ping_socket(client: Client, relayed: Peer) -> list[float]:
    """From a socket of ours to the relayed address and back. We send first: that opens our NAT."""
    any_address = "::" if family_of(relayed[0]) is Family.IPV6 else "0.0.0.0"  # noqa: S104
    loop = asyncio.get_running_loop()
    try:
        transport, peer = await loop.create_datagram_endpoint(_Socket, local_addr=(any_address, 0))
    except OSError:
        return []
    rounds: list[float] = []
    try:
        for _ in range(ROUNDS):
            for _ in range(TRIES if not rounds else 1):
                word = secrets.token_bytes(16)
                started = time.perf_counter()
                try:
                    async with asyncio.timeout(WAIT):
                        transport.sendto(word, relayed)
                        client.send(word, await _heard(client, word))
                        while await peer.heard.get() != word:
                            pass
                except (TimeoutError, NoAnswer, OSError):
                    continue
                rounds.append(time.perf_counter() - started)
                break
            if not rounds:
                break
    finally:
        transport.abort()
    return rounds


def _no_second(error: RelayError) -> Finding:
    text = f"no second allocation for it ({error})"
    if isinstance(error, ErrorResponse) and error.code in BY_CODE:
        return warning(Step.ECHO, text, BY_CODE[error.code])
    return warning(Step.ECHO, text, Cause.ECHO_LOST)
