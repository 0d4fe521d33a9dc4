"""EVEN-PORT and RESERVATION-TOKEN on real sockets (RFC 8656 sections 7.2, 18.7 and 18.11)."""

from __future__ import annotations

import asyncio
import contextlib
import os
from ipaddress import ip_network

import pytest

from benchmarks._relay_client import CHANNEL, TurnClient, udp_socket
from tests.turn.relay.clients import SECRET, UDP_PAIR
from tests.turn.relay.conftest import StartRelay
from tests.turn.relay.test_serve import until
from turn.relay import table
from turn.relay.serve import Relay
from turn.relay.udp import udp_socket as bind
from turn.stun.message import Pair
from turn.stun.names import Attribute, Method
from turn.stun.values import Address, read_xor_address
from voip.service.demo.coturn import own_address

PAIR: Pair = (Attribute.EVEN_PORT, b"\x80")


async def relay_here(start_relay: StartRelay) -> Relay:
    here = own_address()
    return await start_relay(
        listen=((here, 0),), relay_addresses=(here,), allowed=(ip_network(here),)
    )


def allocate(client: TurnClient, pair: Pair) -> tuple[Address, bytes | None]:
    client.challenge()
    transaction_id, found = client.once(Method.ALLOCATE, UDP_PAIR, pair)
    relayed = read_xor_address(found[Attribute.XOR_RELAYED_ADDRESS], transaction_id)
    return relayed, found.get(Attribute.RESERVATION_TOKEN)


async def test_the_pair_is_one_port_after_the_other_and_both_carry(
    start_relay: StartRelay,
) -> None:
    relay = await relay_here(start_relay)

    def rtp_and_rtcp() -> None:
        with contextlib.ExitStack() as stack:
            rtp, rtcp = (
                stack.enter_context(TurnClient(relay.addresses[0], SECRET)) for _ in range(2)
            )
            peer = stack.enter_context(udp_socket())
            (ip, even), token = allocate(rtp, PAIR)
            assert token is not None
            (_, odd), _ = allocate(rtcp, (Attribute.RESERVATION_TOKEN, token))
            assert (even % 2, odd) == (0, even + 1)
            for client, port in ((rtp, even), (rtcp, odd)):
                client.bind(peer.getsockname())
                client.socket.send(CHANNEL.to_bytes(2, "big") + b"\0\4ping")
                assert peer.recvfrom(16) == (b"ping", (ip, port))

    await asyncio.to_thread(rtp_and_rtcp)


async def test_the_socket_that_nobody_came_for_is_closed(
    start_relay: StartRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "RESERVATION_LIFETIME", 0.05)
    relay = await relay_here(start_relay)

    def reserve() -> Address:
        with TurnClient(relay.addresses[0], SECRET, os.urandom(4).hex()) as client:
            return allocate(client, PAIR)[0]

    ip, even = await asyncio.to_thread(reserve)
    await until(lambda: not relay._running._reserved)
    bind(ip, even + 1).close()
