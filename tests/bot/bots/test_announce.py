"""A message to everybody: who is called again, who is not, and the report."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from voip.bot import Call, Speech
from voip.bot.bots.announce import Announcement, Outcome, Told, announce
from voip.bot.dialling import dialled
from voip.bot.testing import FakePeer, FakePhone, callers, virtual_time
from voip.matrix.errors import RoomError

ANN, BOB = "@ann:example.org", "@bob:example.org"
MESSAGE = Speech("The server is down.")
PROMPT = Speech("Press 1 to confirm.")


def order(**options: Any) -> Announcement:
    return Announcement(MESSAGE, **options)


class Trial:
    """People who are called in a test."""

    def __init__(self, phone: FakePhone, announcement: Announcement, people: list[str]) -> None:
        self.phone = phone
        self.told: list[Told] = []
        self._task = asyncio.create_task(
            announce(self._dial, people, announcement, self.told.append)
        )

    def _dial(self, user_id: str) -> AbstractAsyncContextManager[Call]:
        return dialled(self.phone, user_id)

    async def next(self) -> FakePeer:
        return await callers.dialled(self.phone, within=600)

    async def report(self) -> list[Told]:
        return await self._task


@virtual_time
async def test_a_person_hears_it_and_is_called_once() -> None:
    async with FakePhone() as phone:
        trial = Trial(phone, order(), [ANN, ANN])
        ann = await trial.next()
        ann.answers()
        ann.says("Hello?")
        await ann.hears("server is down")
        assert await trial.report() == [Told(ANN, Outcome.HEARD, 1)]
        assert trial.told[0].as_json()["outcome"] == "heard"


@virtual_time
async def test_who_does_not_answer_is_called_again_after_the_pause() -> None:
    async with FakePhone() as phone:
        trial = Trial(phone, order(tries=3, pause=60, ring=40, confirm="1", prompt=PROMPT), [BOB])
        clock = asyncio.get_running_loop().time
        await trial.next()
        begin = clock()
        again = await trial.next()
        assert clock() - begin == pytest.approx(100)
        again.rejects()
        third = await trial.next()
        third.answers()
        await third.hears("server is down")
        await third.hears("Press 1")
        third.press("1")
        assert await trial.report() == [Told(BOB, Outcome.CONFIRMED, 3)]


@virtual_time
async def test_a_key_in_the_middle_of_the_message_confirms_it() -> None:
    async with FakePhone() as phone:
        trial = Trial(phone, order(confirm="1"), [ANN])
        ann = await trial.next()
        ann.answers()
        await ann.hears("server")
        ann.press("1")
        assert (await trial.report())[0].outcome is Outcome.CONFIRMED


@virtual_time
async def test_who_presses_nothing_or_hangs_up_has_not_confirmed() -> None:
    async with FakePhone() as phone:
        trial = Trial(phone, order(confirm="1", prompt=PROMPT, tries=1), [ANN, BOB])
        ann, bob = await trial.next(), await trial.next()
        ann.answers()
        bob.answers()
        await bob.hears("server")
        bob.hangs_up()
        report = await trial.report()
        assert [one.outcome for one in report] == [Outcome.NOT_CONFIRMED] * 2
        assert ann.heard.count("Press 1 to confirm.") == 2
        assert report[1].detail == "hung up"


@pytest.mark.parametrize(
    ("machines", "outcome"), [(True, Outcome.LEFT), (False, Outcome.NOT_ANSWERED)]
)
@virtual_time
async def test_a_machine_counts_where_it_may(machines: bool, outcome: Outcome) -> None:
    async with FakePhone() as phone:
        trial = Trial(phone, order(machines=machines, tries=1), [ANN])
        ann = await trial.next()
        ann.answers()
        ann.says(seconds=9)
        assert (await trial.report())[0].outcome is outcome
        assert ("The server is down." in ann.heard) is machines


@virtual_time
async def test_no_more_are_called_at_once_than_may_be() -> None:
    async with FakePhone() as phone:
        trial = Trial(phone, order(at_once=1, tries=1), [ANN, BOB])
        ann = await trial.next()
        await asyncio.sleep(30)
        assert phone.placed.empty()
        ann.rejects()
        (await trial.next()).rejects()
        assert [one.outcome for one in await trial.report()] == [Outcome.DECLINED] * 2


@virtual_time
async def test_who_cannot_be_called_is_reported_with_the_reason() -> None:
    def dial(user_id: str) -> AbstractAsyncContextManager[Call]:
        raise RoomError("there is no such user")

    report = await announce(dial, [ANN], order(tries=2, pause=5))
    assert report == [Told(ANN, Outcome.FAILED, 2, "there is no such user")]


@pytest.mark.parametrize("wrong", [{"confirm": "12"}, {"confirm": "x"}, {"tries": 0}, {"ring": 0}])
def test_an_order_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"needed|one key"):
        order(**wrong)
