"""The kit, with flows as authors write them: the first is the one that docs/bots.md begins with."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from voip.bot import BEEP, BargeIn, Call, CallEnded, EndReason, SoundFile, Tone, TransferError
from voip.bot.testing import FakeCall, FakePhone, NotHeard, Stuck, virtual_time
from voip.bot.testing.callers import dialled
from voip.bot.testing.phone import Person
from voip.media.errors import AlreadyBridged
from voip.media.events import RecordingEnd


async def reception(call: Call) -> None:
    await call.answer()
    await call.say("Welcome. Press 1 to leave a message, 2 to speak to someone.")
    match await call.gather(digits=1, timeout=8):
        case "1":
            await call.record(until_silence=3, max_seconds=120)
        case "2":
            await call.transfer("@alice:example.org")


@virtual_time
async def test_who_presses_one_leaves_a_message() -> None:
    async with FakeCall(reception) as caller:
        await caller.hears("Welcome")
        caller.press("1")
        caller.waits(5)
        caller.says(seconds=3)
        end = await caller.ended()
    (message,) = caller.call.recordings
    assert message.ended is RecordingEnd.SILENCE
    assert 6 < message.seconds < 12
    assert end.reason is EndReason.HANGUP


@virtual_time
async def test_who_presses_two_is_handed_over() -> None:
    async with FakeCall(reception) as caller:
        await caller.hears("Welcome")
        caller.press("2")
        await caller.ended()
    assert caller.transferred_to == "@alice:example.org"


@virtual_time
async def test_who_presses_nothing_is_hung_up_on_after_the_timeout() -> None:
    async with FakeCall(reception) as caller:
        await caller.hears("Welcome")
        begin = asyncio.get_running_loop().time()
        await caller.ended()
        passed = asyncio.get_running_loop().time() - begin
    assert passed == pytest.approx(8 + 59 / 15, abs=0.2)
    assert not caller.call.recordings


@virtual_time
async def test_a_caller_who_hangs_up_ends_the_flow_where_it_stands() -> None:
    seen: list[str] = []

    async def flow(call: Call) -> None:
        await call.answer()
        try:
            await call.record()
        except CallEnded as over:
            seen.append(over.end.reason.value)
            raise
        finally:
            seen.append("cleaned up")

    async with FakeCall(flow) as caller:
        caller.says(seconds=2)
        caller.hangs_up()
    assert seen[-1] == "cleaned up"
    assert [one.ended for one in caller.call.recordings] == [RecordingEnd.CALL_ENDED]
    assert caller.call.marks.talked() == pytest.approx(2)


@virtual_time
async def test_what_a_flow_raises_is_raised_in_the_test() -> None:
    async def flow(call: Call) -> None:
        await call.answer()
        raise KeyError("on purpose")

    with pytest.raises(KeyError, match="on purpose"):
        async with FakeCall(flow) as caller:
            await caller.hears("anything")


@virtual_time
async def test_what_is_not_heard_fails_and_says_what_was() -> None:
    async def flow(call: Call) -> None:
        await call.answer()
        await call.say("Good morning.")
        await call.play(BEEP)
        await call.ended()

    with pytest.raises(NotHeard, match=r"within 5 s, but: \['Good morning.', 'a tone of 1000.0 Hz"):
        async with FakeCall(flow) as caller:
            await caller.hears("Good evening", within=5)
    await _does_not_hear()


@pytest.mark.filterwarnings("error")
async def _does_not_hear() -> None:
    async with FakeCall(reception) as caller:
        caller.hears("Welcome")
        goodbye = caller.hears("Goodbye")
        never = caller.says("what comes after a failure is not done")
        with pytest.raises(NotHeard, match="before the call ended"):
            await goodbye
        with pytest.raises(NotHeard):
            await never
        caller._last = None


def test_a_flow_and_a_test_that_wait_for_each_other_fail() -> None:
    async def flow(call: Call) -> None:
        await call.answer()
        await call.digit()

    @virtual_time
    async def test() -> None:
        async with FakeCall(flow):
            await asyncio.Event().wait()

    with pytest.raises(Stuck, match="give what waits a timeout"):
        test()


async def test_without_a_virtual_clock_it_says_what_to_do() -> None:
    with pytest.raises(RuntimeError, match="@virtual_time"):
        async with FakeCall(reception):
            pass


@virtual_time
async def test_keys_stop_a_sound_and_a_second_is_not_lost() -> None:
    got: list[object] = []

    async def flow(call: Call) -> None:
        await call.answer()
        played = await call.play(Tone(seconds=60), until=BargeIn.DIGIT)
        got.extend([played.ended, await call.digit(), await call.digit()])
        got.append((await call.play(SoundFile(Path("goodbye.ogg")))).ended)

    async with FakeCall(flow) as caller:
        await caller.hears("tone")
        caller.waits(3)
        caller.press("47")
        await caller.hears("goodbye.ogg")
        await caller.ended()
    assert got == [False, "4", "7", True]


@virtual_time
async def test_the_bot_rings_for_a_while_and_knows_who_it_is() -> None:
    seen = []

    async def flow(call: Call) -> None:
        await call.ring(10)
        who = await call.who()
        seen.append(who)
        await call.post(f"{who.display_name} calls")
        call.reject()

    async with FakeCall(flow, Person("@eve:example.org", "Eve", verified=False)) as caller:
        end = await caller.ended()
    assert end.reason is EndReason.REJECTED
    assert (seen[0].user_id, seen[0].encrypted, seen[0].verified) == (
        "@eve:example.org",
        True,
        False,
    )
    assert caller.posts == ["Eve calls"]


@virtual_time
async def test_a_declined_transfer_leaves_the_call() -> None:
    async def flow(call: Call) -> None:
        await call.answer()
        try:
            await call.transfer("@bob:example.org")
        except TransferError as error:
            await call.say(f"Sorry, {error}.")

    # Whoever cannot be asked is connected through the bot, with a call that it places.
    async with FakeCall(flow, Person(transferee=False)) as caller:
        bob = await caller.dialled("@bob:example.org")
        bob.rejects()
        await caller.hears("was not reached")


@virtual_time
async def test_two_calls_are_bridged_until_one_is_over() -> None:
    ends = []

    async def flow(call: Call) -> None:
        await call.answer()
        async with call.dial("@bob:example.org") as onward:
            await onward.established()
            ends.append(await call.bridge(onward))
        await call.say("They hung up.")

    async with FakeCall(flow) as caller:
        bob = await caller.dialled("@bob:example.org")
        await bob.answers()
        await caller.waits(1)
        leg = caller.phone.media.legs[caller.call.key]
        assert leg.bridged == bob.call.key
        caller.press("5")
        await caller.waits(1)
        assert bob.keys == "5"
        await bob.hangs_up()
        await caller.hears("They hung up")
        assert leg.bridged is None
    assert ends[0].reason is EndReason.HANGUP


@virtual_time
async def test_a_caller_who_leaves_a_bridge_hangs_up_the_other_call() -> None:
    async def flow(call: Call) -> None:
        await call.answer()
        async with call.dial("@bob:example.org") as onward:
            await onward.established()
            bridge = asyncio.create_task(call.bridge(onward))
            await asyncio.sleep(0.1)
            with pytest.raises(AlreadyBridged):
                await call.bridge(onward)
            await bridge

    async with FakeCall(flow) as caller:
        bob = await caller.dialled()
        bob.answers()
        bob.waits(2)
        await bob.script()
        await caller.hangs_up()
        assert (await bob.ended(5)).reason is EndReason.HANGUP


@virtual_time
async def test_a_bridge_with_a_call_that_is_over_is_over() -> None:
    ends = []

    async def flow(call: Call) -> None:
        await call.answer()
        async with call.dial("@bob:example.org") as onward:
            ends.append(await onward.closed())
            ends.append(await call.bridge(onward))
        await call.say("Nobody is there.")

    async with FakeCall(flow) as caller:
        bob = await caller.dialled()
        bob.rejects()
        await caller.hears("Nobody is there")
    assert [end.reason for end in ends] == [EndReason.REJECTED] * 2


@virtual_time
async def test_a_call_that_nobody_answers_ends() -> None:
    async with FakePhone() as phone:
        call = await phone.place("!room:example.org", invitee="@bob:example.org")
        bob = await dialled(phone, "@bob:example.org")
        assert (await bob.ended()).reason is EndReason.NOT_ANSWERED
        with pytest.raises(CallEnded):
            await call.established()
