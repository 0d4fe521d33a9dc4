"""A person, a machine, or nobody: what picks up a call that we placed."""

from __future__ import annotations

import pytest

from voip.bot import AnsweredBy, AnsweringRules, Call, CallEnded
from voip.bot.answering import judge
from voip.bot.dialling import dialled
from voip.bot.testing import FakePeer, FakePhone, callers, virtual_time


@pytest.mark.parametrize(
    ("spoken", "goes_on", "who"),
    [
        (None, False, AnsweredBy.SILENCE),
        (0.4, False, AnsweredBy.PERSON),
        (2.4, False, AnsweredBy.PERSON),
        (2.6, False, AnsweredBy.MACHINE),
        (2.5, True, AnsweredBy.MACHINE),
    ],
)
def test_the_first_span_of_speech_decides(
    spoken: float | None, goes_on: bool, who: AnsweredBy
) -> None:
    assert judge(spoken, goes_on=goes_on) is who


@pytest.mark.parametrize("wrong", [{"pause": 0.0}, {"patience": -1}, {"greeting": 1.0}])
def test_rules_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"cannot|must"):
        AnsweringRules(**wrong)


async def placed(phone: FakePhone) -> tuple[Call, FakePeer]:
    room = await phone.matrix.direct_room("@bob:example.org")
    call = await phone.place(room, invitee="@bob:example.org")
    peer = await callers.dialled(phone)
    await peer.answers()
    return call, peer


@virtual_time
async def test_a_hello_is_a_person() -> None:
    async with FakePhone() as phone:
        call, peer = await placed(phone)
        peer.waits(1)
        peer.says("Hello?")
        assert await call.answered_by() is AnsweredBy.PERSON


@virtual_time
async def test_a_greeting_is_a_machine_and_its_end_is_waited_for() -> None:
    async with FakePhone() as phone:
        call, peer = await placed(phone)
        said = peer.says("You have reached the voicemail", seconds=8)
        assert await call.answered_by() is AnsweredBy.MACHINE
        assert not said.done()
        assert await call.silence(1.0)
        assert said.done()
        peer.says(seconds=100)
        await call.speech_began()
        assert not await call.silence(1.0, within=20)


@virtual_time
async def test_who_says_nothing_is_nobody() -> None:
    async with FakePhone() as phone:
        call, peer = await placed(phone)
        assert await call.answered_by() is AnsweredBy.SILENCE
        peer.hangs_up()
        with pytest.raises(CallEnded):
            await call.answered_by()


@virtual_time
async def test_a_call_is_hung_up_where_its_block_is_left() -> None:
    async with FakePhone() as phone:
        async with dialled(phone, "@bob:example.org") as call:
            await (await callers.dialled(phone, "@bob:example.org")).answers()
        assert call.end is not None
        assert call.room_id == "!with-bob:example.org"
        async with dialled(phone, "#ops:example.org", near=call) as second:
            assert (second.room_id, second.peer_user_id) == ("#ops:example.org", "")
