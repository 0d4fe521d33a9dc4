"""One conversation: what is sent again, when it ends, and whom it believes. On a virtual clock."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable

import pytest
from aioice import stun

from tests.media.virtual import virtual
from turn.client.client import Client
from turn.client.errors import Closed, ErrorResponse, Malformed, NoAnswer, RelayError
from turn.client.links import Link
from turn.client.messages import Login, parse
from turn.client.patience import PAUSE, allocate

LOGIN = Login("user", "password")
REALM = "example.org"
KEY = hashlib.md5(b"user:example.org:password", usedforsecurity=False).digest()
Answering = Callable[[stun.Message, int], list[stun.Message]]


class Relay(Link):
    """Answers each request by a rule, which is told how many came before it."""

    def __init__(self, rule: Answering, *, reliable: bool = False) -> None:
        super().__init__()
        self.reliable = reliable
        self.requests: list[stun.Message] = []
        self.sent_at: list[float] = []
        self.closed = False
        self._rule = rule

    def send(self, data: bytes) -> None:
        request = parse(data)
        answers = self._rule(request, len(self.requests))
        self.requests.append(request)
        loop = asyncio.get_running_loop()
        self.sent_at.append(loop.time())
        for answer in answers:
            loop.call_later(0.01, self.on_message, bytes(answer))

    def close(self) -> None:
        self.closed = True


def success(request: stun.Message, *, key: bytes | None = KEY) -> stun.Message:
    attributes = {"XOR-RELAYED-ADDRESS": ("203.0.113.1", 50000), "LIFETIME": 600}
    answer = stun.Message(
        request.message_method, stun.Class.RESPONSE, request.transaction_id, attributes
    )
    if key is not None:
        answer.add_message_integrity(key)
    return answer


def error(request: stun.Message, code: int, nonce: bytes | None = None) -> stun.Message:
    attributes: dict[str, object] = {"ERROR-CODE": (code, "")}
    if nonce is not None:
        attributes |= {"REALM": REALM, "NONCE": nonce}
    return stun.Message(
        request.message_method, stun.Class.ERROR, request.transaction_id, attributes
    )


def signed(request: stun.Message) -> bool:
    return "MESSAGE-INTEGRITY" in request.attributes


def usual(request: stun.Message, _count: int) -> list[stun.Message]:
    return [success(request) if signed(request) else error(request, 401, b"first")]


def test_what_is_lost_is_sent_again_in_growing_intervals() -> None:
    relay = Relay(lambda request, count: [success(request, key=None)] if count == 3 else [])

    async def work() -> None:
        await Client(relay, timeout=30).binding()

    virtual(work())
    gaps = [b - a for a, b in zip(relay.sent_at, relay.sent_at[1:], strict=False)]
    assert gaps == pytest.approx([0.5, 1.0, 2.0])  # RFC 8489 section 6.2.1
    assert len({request.transaction_id for request in relay.requests}) == 1


def test_over_a_stream_it_is_sent_once() -> None:
    relay = Relay(lambda _request, _count: [], reliable=True)

    async def work() -> float:
        loop = asyncio.get_running_loop()
        started = loop.time()
        with pytest.raises(NoAnswer):
            await Client(relay, timeout=5).binding()
        return loop.time() - started

    assert virtual(work()) == pytest.approx(5)
    assert len(relay.requests) == 1


def test_an_allocation_is_given_back_and_the_link_closed() -> None:
    relay = Relay(usual)

    async def work() -> None:
        async with Client(relay, 5, LOGIN) as client:
            await client.challenge()
            assert (await client.allocate()).relayed == ("203.0.113.1", 50000)

    virtual(work())
    assert relay.requests[-1].message_method is stun.Method.REFRESH
    assert relay.requests[-1].attributes["LIFETIME"] == 0
    assert relay.closed


def test_after_a_failure_nobody_waits_for_the_answer_to_that() -> None:
    def rule(request: stun.Message, count: int) -> list[stun.Message]:
        return [] if request.message_method is stun.Method.REFRESH else usual(request, count)

    relay = Relay(rule)

    failed_at = 0.0

    async def fail() -> None:
        nonlocal failed_at
        async with Client(relay, 5, LOGIN) as client:
            await client.challenge()
            await client.allocate()
            failed_at = asyncio.get_running_loop().time()
            raise ZeroDivisionError

    async def work() -> float:
        with pytest.raises(ZeroDivisionError):
            await fail()
        return asyncio.get_running_loop().time() - failed_at

    assert virtual(work()) == 0
    assert relay.requests[-1].message_method is stun.Method.REFRESH
    assert relay.closed


def test_a_stale_nonce_is_replaced_once() -> None:
    def rule(request: stun.Message, _count: int) -> list[stun.Message]:
        if not signed(request):
            return [error(request, 401, b"first")]
        fresh = request.attributes["NONCE"] == b"second"
        return [success(request) if fresh else error(request, 438, b"second")]

    async def work() -> None:
        async with Client(Relay(rule), 5, LOGIN) as client:
            await client.challenge()
            await client.allocate()

    virtual(work())


def test_a_relay_that_calls_every_nonce_stale_is_not_asked_for_ever() -> None:
    relay = Relay(lambda request, _: [error(request, 438 if signed(request) else 401, b"again")])

    async def work() -> None:
        client = Client(relay, 5, LOGIN)
        await client.challenge()
        with pytest.raises(ErrorResponse) as caught:
            await client.allocate()
        assert caught.value.code == 438

    virtual(work())
    assert len(relay.requests) == 3


def test_a_refused_credential_is_not_tried_twice() -> None:
    relay = Relay(lambda request, _: [error(request, 401, b"nonce")])

    async def work() -> None:
        client = Client(relay, 5, LOGIN)
        await client.challenge()
        with pytest.raises(ErrorResponse) as caught:
            await client.allocate()
        assert caught.value.code == 401

    virtual(work())
    assert len(relay.requests) == 2


@pytest.mark.parametrize("key", [None, b"another key"])
def test_who_does_not_know_the_password_is_not_believed(key: bytes | None) -> None:
    def rule(request: stun.Message, count: int) -> list[stun.Message]:
        return [success(request, key=key)] if signed(request) else usual(request, count)

    async def work() -> None:
        client = Client(Relay(rule), 5, LOGIN)
        await client.challenge()
        with pytest.raises(Malformed):
            await client.allocate()

    virtual(work())


def test_answers_to_others_and_noise_are_passed_over() -> None:
    def rule(request: stun.Message, _count: int) -> list[stun.Message]:
        stranger = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE)
        right = success(request, key=None)
        return [stranger, right, right]

    relay = Relay(rule)

    async def work() -> None:
        client = Client(relay, 5)
        relay.on_message(b"noise")
        answer = await client.binding()
        assert answer.message.transaction_id == relay.requests[0].transaction_id

    virtual(work())


def test_a_lost_connection_ends_what_waits_and_what_comes_after() -> None:
    relay = Relay(lambda _request, _count: [], reliable=True)

    async def work() -> None:
        client = Client(relay, 5)
        asyncio.get_running_loop().call_later(1, relay.on_lost, Closed("gone"))
        for _ in range(2):
            with pytest.raises(Closed):
                await client.binding()

    virtual(work())
    assert len(relay.requests) == 1


def test_what_comes_from_peers_is_bounded() -> None:
    relay = Relay(usual)

    async def work() -> None:
        client = Client(relay, 1)
        for number in range(1000):
            attributes = {"DATA": b"%d" % number, "XOR-PEER-ADDRESS": ("203.0.113.9", 9)}
            indication = stun.Message(
                stun.Method.DATA, stun.Class.INDICATION, attributes=attributes
            )
            relay.on_message(bytes(indication))
        last = [int((await client.receive())[0]) for _ in range(256)]
        assert last == list(range(744, 1000))
        with pytest.raises(NoAnswer):
            await client.receive()

    virtual(work())


def test_a_quota_that_is_our_own_is_waited_for_once() -> None:
    def rule(request: stun.Message, count: int) -> list[stun.Message]:
        return [error(request, 486)] if count == 0 else [success(request, key=None)]

    async def work(relay: Relay) -> None:
        await allocate(Client(relay, 5))

    relay = Relay(rule)
    virtual(work(relay))
    assert relay.sent_at[1] - relay.sent_at[0] == pytest.approx(PAUSE, abs=0.1)
    full = Relay(lambda request, _: [error(request, 486)])
    with pytest.raises(RelayError):
        virtual(work(full))
    assert len(full.requests) == 2
