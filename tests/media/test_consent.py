"""Consent to send, between real ICE connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aioice import Connection
from aioice.stun import Class, Message, Method, parse_message

from tests.media.calls import until
from voip.media import consent, private
from voip.media.consent import MAX_PENDING, Consent


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Connection, Connection]]:
    ends = [Connection(ice_controlling=one) for one in (True, False)]
    for end in ends:
        await end.gather_candidates()
    for one, other in (ends, ends[::-1]):
        one.remote_username, one.remote_password = other.local_username, other.local_password
        for candidate in other.local_candidates:
            await one.add_remote_candidate(candidate)
        await one.add_remote_candidate(None)
    await asyncio.gather(*(end.connect() for end in ends))
    try:
        yield ends[0], ends[1]
    finally:
        for end in ends:
            await end.close()


class Told:
    def __init__(self, connection: Connection) -> None:
        self.answers = self.ends = 0
        self.consent = Consent(connection, answered=self._answered, expired=self._expired)

    def _answered(self) -> None:
        self.answers += 1

    def _expired(self) -> None:
        self.ends += 1


async def test_a_living_side_answers() -> None:
    async with connected() as (one, _):
        told = Told(one)
        for count in (1, 2, 3):
            told.consent.check()
            await until(lambda count=count: told.answers == count)  # type: ignore[misc]
        assert not told.consent._pending
        assert not any(protocol.transactions for protocol in private.protocols_of(one))


async def test_an_answer_may_take_longer_than_aioice_waits() -> None:
    """0.5 s: a call over a slower path would end after half a minute."""
    async with connected() as (one, other):
        told = Told(one)
        delayed: list[asyncio.TimerHandle] = []
        answer, loop = other.request_received, asyncio.get_running_loop()
        other.request_received = (  # type: ignore[method-assign]
            lambda *given: delayed.append(loop.call_later(0.8, answer, *given))
        )
        told.consent.check()
        await until(lambda: told.answers == 1)
        assert len(delayed) == 1


async def test_only_an_answer_that_is_signed_gives_consent() -> None:
    async with connected() as (one, other):
        told = Told(one)
        pair = private.nominated(one)
        assert pair is not None
        asked: list[Message] = []
        pair.protocol.send_stun = lambda message, addr: asked.append(message)  # type: ignore[method-assign]
        told.consent.check()
        name = asked[0].transaction_id
        for kind, key in ((Class.RESPONSE, "guessed"), (Class.ERROR, other.local_password)):
            forged = Message(Method.BINDING, kind, name)
            if kind is Class.ERROR:
                forged.attributes["ERROR-CODE"] = (403, "Forbidden")  # consent is revoked
            forged.add_message_integrity(key.encode())
            pair.protocol.datagram_received(bytes(forged), pair.remote_addr)
        assert told.answers == 0
        right = Message(Method.BINDING, Class.RESPONSE, name)
        right.add_message_integrity(other.local_password.encode())
        assert parse_message(bytes(right))
        for _ in range(3):
            pair.protocol.datagram_received(bytes(right), pair.remote_addr)
        assert told.answers == 1


async def test_what_waits_for_an_answer_is_bounded() -> None:
    async with connected() as (one, other):
        other.request_received = lambda *given: None  # type: ignore[method-assign]
        told = Told(one)
        for _ in range(1000):
            told.consent.check()
        assert len(told.consent._pending) == MAX_PENDING
        protocols = private.protocols_of(one)
        assert sum(len(protocol.transactions) for protocol in protocols) == MAX_PENDING


async def test_it_expires_without_answers_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consent, "INTERVAL", 0.02)
    monkeypatch.setattr(consent, "EXPIRES", 0.5)
    async with connected() as (one, other):
        told = Told(one)
        watching = asyncio.create_task(told.consent.watch())
        await until(lambda: told.answers > 50)
        assert told.ends == 0
        other.request_received = lambda *given: None  # type: ignore[method-assign]
        await asyncio.wait_for(watching, 10)
        assert told.ends == 1


async def test_without_a_path_nothing_is_asked() -> None:
    one = Connection(ice_controlling=True)
    told = Told(one)
    told.consent.check()
    assert not told.consent._pending
    await one.close()
