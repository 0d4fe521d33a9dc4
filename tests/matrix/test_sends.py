"""The send queue, with a homeserver that is a list of answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.matrix.conftest import outgoing
from voip.matrix.errors import (
    LoggedOutError,
    MatrixError,
    NoAnswerError,
    RateLimitedError,
    SendError,
    SendQueueFullError,
    SendRefusedError,
    SendSupersededError,
    SendTimeoutError,
    ServerTroubleError,
)
from voip.matrix.sends import OutgoingEvent, SendQueue, Urgency
from voip.signalling.ids import CallKey

ROOM = "!r:x"


class Server:
    """Answers each try by the next entry of `script`, and then takes everything."""

    def __init__(self) -> None:
        self.script: list[Exception] = []
        self.tried: list[OutgoingEvent] = []
        self.taken: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, event: OutgoingEvent) -> str:
        self.tried.append(event)
        await self.gate.wait()
        if self.script:
            raise self.script.pop(0)
        self.taken.append(event.txn_id)
        return f"${event.txn_id}"


class Rig:
    def __init__(self, server: Server, queue: SendQueue) -> None:
        self.server = server
        self.queue = queue
        self.sending: list[asyncio.Task[str]] = []

    async def put(self, *events: OutgoingEvent) -> None:
        """Queue events in this order, without waiting for them."""
        for event in events:
            self.sending.append(asyncio.create_task(self.queue.send(event)))
            await asyncio.sleep(0)

    async def results(self) -> list[str | BaseException]:
        return await asyncio.gather(*self.sending, return_exceptions=True)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with running(capacity=1000) as made:
        yield made


@contextlib.asynccontextmanager
async def running(capacity: int) -> AsyncIterator[Rig]:
    server = Server()
    queue = SendQueue(server, capacity=capacity)
    pump = asyncio.create_task(queue.run())
    try:
        yield Rig(server, queue)
    finally:
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)


def event(name: str, urgency: Urgency = Urgency.CALL, **options: Any) -> OutgoingEvent:
    type_ = f"m.call.{name.rstrip('0123456789')}"
    given: dict[str, Any] = {"txn_id": name, "urgency": urgency, "order": None, **options}
    return outgoing(ROOM, type_, {}, **given)


async def test_the_event_id_comes_back(rig: Rig) -> None:
    assert await rig.queue.send(event("invite")) == "$invite"
    assert len(rig.queue) == 0


@pytest.mark.parametrize("error", [NoAnswerError(), ServerTroubleError(), RateLimitedError(0.01)])
async def test_transient_errors_are_tried_again_with_the_same_transaction(
    rig: Rig, error: MatrixError
) -> None:
    rig.server.script = [error]
    assert await rig.queue.send(event("answer")) == "$answer"
    assert [tried.txn_id for tried in rig.server.tried] == ["answer", "answer"]


async def test_after_a_429_the_most_urgent_goes_first_whatever_came_first(rig: Rig) -> None:
    rig.server.script = [RateLimitedError(0.05)]
    await rig.put(
        event("post1", Urgency.ROOM_POST),
        event("post2", Urgency.ROOM_POST),
        event("negotiate", Urgency.CALL),
        event("hangup", Urgency.CALL_URGENT),
    )
    await rig.results()
    assert rig.server.taken.index("hangup") < rig.server.taken.index("negotiate")
    assert rig.server.taken.index("negotiate") < rig.server.taken.index("post2")
    assert rig.queue.rate_limited == 1


async def test_nothing_is_sent_during_the_pause(rig: Rig) -> None:
    rig.server.script = [RateLimitedError(0.2)]
    clock = asyncio.get_running_loop().time
    begin = clock()
    await rig.put(event("post", Urgency.ROOM_POST))
    await asyncio.sleep(0)
    await rig.put(event("hangup", Urgency.CALL_URGENT))
    await rig.results()
    assert clock() - begin >= 0.2


async def test_once_limited_it_sends_one_at_a_time(rig: Rig) -> None:
    rig.server.script = [RateLimitedError(0.02)]
    await rig.put(event("post0", Urgency.ROOM_POST))
    await rig.put(*[event(f"post{n}", Urgency.ROOM_POST) for n in range(1, 9)])
    await until(lambda: len(rig.server.tried) >= 1)
    rig.server.gate.clear()
    tried = len(rig.server.tried)
    await asyncio.sleep(0.06)
    assert len(rig.server.tried) <= tried + 1
    rig.server.gate.set()
    await rig.results()
    assert len(rig.server.taken) == 9


async def test_one_call_goes_in_order_and_two_calls_side_by_side(rig: Rig) -> None:
    one, two = CallKey(ROOM, "1"), CallKey(ROOM, "2")
    rig.server.gate.clear()
    await rig.put(
        event("invite1", Urgency.CALL_URGENT, order=one),
        event("candidates1", order=one),
        event("invite2", Urgency.CALL_URGENT, order=two),
    )
    await until(lambda: len(rig.server.tried) == 2)
    assert [tried.txn_id for tried in rig.server.tried] == ["invite1", "invite2"]
    rig.server.gate.set()
    await rig.results()
    assert rig.server.taken.index("invite1") < rig.server.taken.index("candidates1")


async def test_what_is_tried_again_is_not_overtaken_by_its_own_call(rig: Rig) -> None:
    call = CallKey(ROOM, "1")
    rig.server.script = [ServerTroubleError()]
    await rig.put(
        event("candidates", order=call), event("negotiate", Urgency.CALL_URGENT, order=call)
    )
    await rig.results()
    assert rig.server.taken == ["candidates", "negotiate"]


@pytest.mark.parametrize("ending", ["hangup", "reject"])
async def test_an_ending_makes_unsent_candidates_obsolete(rig: Rig, ending: str) -> None:
    call, other = CallKey(ROOM, "1"), CallKey(ROOM, "2")
    rig.server.gate.clear()
    await rig.put(
        event("answer", Urgency.CALL_URGENT, order=call),
        event("candidates1", order=call),
        event("negotiate", order=call),
        event("candidates2", order=other),
        event(ending, Urgency.CALL_URGENT, order=call),
    )
    rig.server.gate.set()
    _, superseded, *_ = await rig.results()
    assert isinstance(superseded, SendSupersededError)
    ours = [name for name in rig.server.taken if name != "candidates2"]
    assert ours == ["answer", "negotiate", ending]
    assert "candidates2" in rig.server.taken


async def test_a_hangup_lends_its_urgency_to_what_goes_before_it(rig: Rig) -> None:
    call = CallKey(ROOM, "1")
    rig.server.script = [RateLimitedError(0.03)]
    await rig.put(
        event("post", Urgency.ROOM_POST),
        event("answer", Urgency.CALL_URGENT),
        event("negotiate", Urgency.CALL, order=call),
        event("hangup", Urgency.CALL_URGENT, order=call),
        event("invite", Urgency.CALL_URGENT),
    )
    await rig.results()
    assert rig.server.taken[-1] == "post" or rig.server.taken[0] == "post"
    calls = [name for name in rig.server.taken if name != "post"]
    assert calls == ["answer", "negotiate", "hangup", "invite"]


@pytest.mark.parametrize("error", [SendRefusedError("no"), LoggedOutError("over")])
async def test_what_is_final_is_raised(rig: Rig, error: MatrixError) -> None:
    rig.server.script = [error]
    with pytest.raises(type(error)):
        await rig.queue.send(event("invite"))
    assert len(rig.server.tried) == 1


async def test_a_defect_costs_its_event_and_not_the_queue(rig: Rig) -> None:
    rig.server.script = [KeyError("ours")]
    with pytest.raises(SendError, match="KeyError"):
        await rig.queue.send(event("invite"))
    assert await rig.queue.send(event("answer")) == "$answer"


async def test_the_deadline_ends_it(rig: Rig) -> None:
    rig.server.gate.clear()
    with pytest.raises(SendTimeoutError, match=r"m\.call\.hangup within 0 s"):
        await rig.queue.send(event("hangup", deadline=0.02))
    rig.server.gate.set()
    assert await rig.queue.send(event("answer")) == "$answer"


async def test_the_deadline_counts_during_a_pause_too(rig: Rig) -> None:
    rig.server.script = [RateLimitedError(60.0)]
    with pytest.raises(SendTimeoutError):
        await rig.queue.send(event("hangup", deadline=0.05))


async def test_a_cancelled_send_leaves_the_queue() -> None:
    server = Server()
    queue = SendQueue(server)  # not running: nothing is taken out
    sending = asyncio.create_task(queue.send(event("post")))
    await asyncio.sleep(0)
    assert len(queue) == 1
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    assert len(queue) == 0


async def test_a_full_queue_refuses_but_not_a_hangup() -> None:
    async with running(capacity=2) as rig:
        rig.server.gate.clear()
        await rig.put(
            *[event(f"post{n}", Urgency.ROOM_POST, order=CallKey(ROOM, "1")) for n in (1, 2)]
        )
        with pytest.raises(SendQueueFullError):
            await rig.queue.send(event("post3", Urgency.ROOM_POST))
        await rig.put(event("hangup", Urgency.CALL_URGENT))
        rig.server.gate.set()
        first, second, hangup = await rig.results()
        assert (first, hangup) == ("$post1", "$hangup")
        assert isinstance(second, SendQueueFullError)


async def test_closing_tells_who_waits() -> None:
    async with running(capacity=2) as rig:
        rig.server.gate.clear()
        await rig.put(event("post"))
    (result,) = await rig.results()
    assert isinstance(result, SendError)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - one turn of the loop each, and no time
            await asyncio.sleep(0)
