"""Webhooks at a real receiver: signed, retried with the same id, never redirected, no leaks."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.delivery.receiver import SECRET, Receiver
from tests.delivery.test_worker import entry_of, idle
from tests.store.test_outbox import Clock
from voip.delivery import webhooks
from voip.delivery.webhooks import Webhooks, WebhookSettings, event_draft, signature
from voip.delivery.worker import Worker
from voip.store.outbox import Outbox
from voip.store.outbox_records import Kind, State

CALL = {"id": "3f2a9c01d4e5b6a7", "room_id": "!r:example.org", "peer": "@ann:example.org"}


class Rig:
    def __init__(self, outbox: Outbox, worker: Worker, clock: Clock) -> None:
        self.outbox, self.worker, self.clock = outbox, worker, clock

    async def tell(self, key: str = "a") -> None:
        await self.outbox.put([event_draft(key, "call.ringing", self.clock.now, CALL)])
        await idle(self.worker)

    async def again(self, seconds: float) -> None:
        self.clock.now += seconds
        await idle(self.worker)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as made:
        yield made


@pytest.fixture
async def rig(receiver: Receiver, tmp_path: Path) -> AsyncIterator[Rig]:
    clock = Clock()
    outbox = await Outbox.open(tmp_path / "outbox.db", clock)
    async with aiohttp.ClientSession() as client:
        handler = Webhooks(WebhookSettings(receiver.url, SECRET), client, clock)
        worker = Worker(outbox, {Kind.WEBHOOK: handler})
        working = asyncio.create_task(worker.run())
        yield Rig(outbox, worker, clock)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    await outbox.close()


def test_the_signature_is_the_documented_one() -> None:
    """By openssl: printf '1800000000.{}' | openssl dgst -sha256 -hmac secret"""
    assert signature("secret", "1800000000", b"{}") == (
        "v1=bb7079132825ac793cea8c013c1dd24d926b9b02132245b10588d9e5c0df70d7"
    )


async def test_an_event_is_told_once_and_signed(rig: Rig, receiver: Receiver) -> None:
    await rig.tell()
    await rig.tell()  # the same again
    (told,) = receiver.told
    assert told.body == {
        "id": told.id,
        "event": "call.ringing",
        "at": "2027-01-15T08:00:00.000Z",
        "call": CALL,
    }
    assert told.timestamp == "1800000000"
    assert (await entry_of(rig.outbox, "webhook:a")).state is State.DONE


@pytest.mark.parametrize("status", [500, 503, 404, 401, 429, 302])
async def test_what_is_no_receipt_is_told_again_with_the_same_id(
    rig: Rig, receiver: Receiver, status: int
) -> None:
    receiver.answers = [status]
    receiver.headers = {"Location": receiver.url.replace("/hook", "/elsewhere")}
    await rig.tell()
    problem = (await entry_of(rig.outbox, "webhook:a")).problem or ""
    assert str(status) in problem
    assert "127.0.0.1" not in problem
    await rig.again(10)
    assert [told.id for told in receiver.told] == [receiver.told[0].id] * 2
    assert [told.timestamp for told in receiver.told] == ["1800000000", "1800000010"]
    assert receiver.elsewhere == 0


async def test_a_receiver_that_asks_for_a_pause_gets_it(rig: Rig, receiver: Receiver) -> None:
    receiver.answers, receiver.headers = [429], {"Retry-After": "120"}
    await rig.tell()
    await rig.again(119)
    assert len(receiver.told) == 1
    await rig.again(1)
    assert len(receiver.told) == 2


async def test_a_receiver_that_is_silent_is_asked_again(
    rig: Rig, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "ANSWER_WITHIN", 0.2)
    receiver.answers = [None]
    await rig.tell()
    await rig.again(10)
    assert len(receiver.told) == 2


async def test_a_receiver_that_is_not_there_is_told_later(
    receiver: Receiver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    outbox = await Outbox.open(tmp_path / "outbox.db", clock)
    url = "http://127.0.0.1:9/?token=secret-of-theirs"
    async with aiohttp.ClientSession() as client:
        worker = Worker(
            outbox, {Kind.WEBHOOK: Webhooks(WebhookSettings(url, SECRET), client, clock)}
        )
        working = asyncio.create_task(worker.run())
        await outbox.put([event_draft("a", "call.ringing", clock.now, CALL)])
        await idle(worker)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    entry = await entry_of(outbox, "webhook:a")
    await outbox.close()
    assert (entry.state, entry.attempts) == (State.WAITING, 1)
    for text in (entry.problem or "", caplog.text, repr(entry), repr(WebhookSettings(url, SECRET))):
        assert "secret" not in text
        assert "127.0.0.1" not in text
        assert "@ann" not in text


CHILD = """
import asyncio, sys, time
from pathlib import Path
import aiohttp
from tests.delivery.receiver import SECRET
from voip.delivery.webhooks import Webhooks, WebhookSettings
from voip.delivery.worker import Worker
from voip.store.outbox import Outbox
from voip.store.outbox_records import Kind

async def main():
    outbox = await Outbox.open(Path(sys.argv[1]))
    async with aiohttp.ClientSession() as client:
        handler = Webhooks(WebhookSettings(sys.argv[2], SECRET), client, time.time)
        worker = Worker(outbox, {Kind.WEBHOOK: handler})
        working = asyncio.create_task(worker.run())
        await worker.idle()

asyncio.run(main())
"""


async def test_killed_while_it_is_told_it_is_told_again_as_the_same(
    receiver: Receiver, tmp_path: Path
) -> None:
    """Whether the receiver took it cannot be known then; by the id it knows."""
    path = tmp_path / "outbox.db"
    outbox = await Outbox.open(path)
    await outbox.put([event_draft("a", "call.ended", 0.0, CALL)])
    await outbox.close()
    receiver.answers = [None]
    command = [sys.executable, "-c", CHILD, str(path), receiver.url]
    child = await asyncio.create_subprocess_exec(*command)
    await asyncio.wait_for(receiver.news.wait(), 20)
    child.send_signal(signal.SIGKILL)
    await child.wait()
    assert await (await asyncio.create_subprocess_exec(*command)).wait() == 0
    assert len(receiver.told) == 2
    assert receiver.events() == ["call.ended"]
    outbox = await Outbox.open(path)
    assert (await entry_of(outbox, "webhook:a")).state is State.DONE
    await outbox.close()
