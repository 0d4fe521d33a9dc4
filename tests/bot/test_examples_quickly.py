"""Each example does what it says, against a caller of the test kit."""

from __future__ import annotations

import asyncio
import runpy
from pathlib import Path
from typing import Any

import pytest

from voip.bot import EndReason
from voip.bot.testing import FakeCall, FakePhone, callers, virtual_time
from voip.bot.testing.phone import Person

EXAMPLES = Path(__file__).parents[2] / "examples"
ALICE, BOB = "@alice:example.org", "@bob:example.org"


def example(name: str) -> dict[str, Any]:
    """What it defines; being imported, it does not run."""
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))


def flow(name: str) -> Any:
    return example(name)[name]


def test_there_are_ten_and_each_has_a_test() -> None:
    here = Path(__file__).read_text()
    names = {path.stem for path in EXAMPLES.glob("*.py")} - {"hears"}  # has a file of its own
    assert len(names) >= 10
    assert [name for name in names if f'("{name}")' not in here] == []


@virtual_time
async def test_greet() -> None:
    async with FakeCall(flow("greet")) as caller:
        await caller.hears("Hello")
        assert (await caller.ended()).reason is EndReason.HANGUP


@virtual_time
async def test_reception() -> None:
    async with FakeCall(flow("reception")) as caller:
        await caller.hears("Welcome")
        caller.press("1")
        await caller.hears("tone")
        await caller.says(seconds=3)
        await caller.ended()
    assert len(caller.call.recordings) == 1
    async with FakeCall(flow("reception")) as caller:
        await caller.hears("Welcome")
        await caller.waits(13)
        await caller.hears("Goodbye")
    async with FakeCall(flow("reception"), Person(transferee=False)) as caller:
        caller.press("2")
        (await caller.dialled(ALICE)).rejects()
        await caller.hears("nobody is there")


@virtual_time
async def test_door() -> None:
    async with FakeCall(flow("door")) as caller:
        await caller.hears("Your code")
        caller.press("1234#")
        await caller.hears("not the code")
        await caller.hears("Your code")
        assert caller._leg.masks == 1
        caller.press("4711#")
        await caller.hears("Come in")
        assert caller._leg.masks == 0
        await caller.ended()
    assert caller.posts == ["The door was opened."]


@virtual_time
async def test_survey() -> None:
    async with FakeCall(flow("survey")) as caller:
        await caller.hears("answered quickly")
        caller.says("yes")
        await caller.hears("call again")
        caller.press("2")
        await caller.hears("Thank you")
        await caller.ended()
    assert caller.posts == ["Was your call answered quickly? yes\nWould you call again? no"]


@virtual_time
async def test_screening() -> None:
    async with FakeCall(flow("screening"), Person(display_name="Ann")) as caller:
        await caller.hears("Welcome, Ann")
    async with FakeCall(flow("screening"), Person(verified=False)) as caller:
        assert (await caller.ended()).reason is EndReason.REJECTED
    assert "verify" in caller.posts[0]


@virtual_time
async def test_operator() -> None:
    async with FakeCall(example("operator_bot")["operator"]) as caller:
        alice = await caller.dialled(ALICE)
        bob = await caller.dialled(BOB)
        assert (await alice.ended(1)).reason is EndReason.HANGUP
        await bob.answers()
        await bob.waits(1)
        assert caller._leg.bridged == bob.call.key
        await bob.hangs_up()
        await caller.ended()


@virtual_time
async def test_dictation() -> None:
    async with FakeCall(flow("dictation")) as caller:
        await caller.hears("a tone of")
        caller.waits(1)
        caller.says(seconds=10)
        caller.press("1")
        caller.waits(5)
        caller.press("1")
        caller.says(seconds=4)
        caller.press("0")
        await caller.hears("That was 20 seconds")
        await caller.ended()


@virtual_time
async def test_waiting_music() -> None:
    async with FakeCall(flow("waiting_music")) as caller:
        await caller.hears("lines are busy")
        await caller.hears("a tone of")
        await caller.waits(600)
        caller.press("1")
        await caller.hears("We will call you")
        await caller.ended()
    assert caller.posts == [f"Please call {ALICE} back."]
    loaded = example("waiting_music")
    async with FakeCall(loaded["waiting_music"]) as caller:
        await caller.hears("a tone of")
        loaded["free"].set()
        await caller.ended()
    assert caller.transferred_to == ALICE


@pytest.mark.parametrize(("machine", "said"), [(False, "nice day"), (True, "your wake-up call")])
@virtual_time
async def test_wake_up(machine: bool, said: str) -> None:
    async def calls(phone: FakePhone) -> None:
        call = await phone.place("!room:example.org", invitee=BOB)
        await wake_up(call)
        call.hang_up()

    wake_up = flow("wake_up")
    async with FakePhone() as phone:
        calling = asyncio.create_task(calls(phone))
        bob = await callers.dialled(phone)
        bob.answers()
        bob.says(seconds=8 if machine else 1)
        if not machine:
            bob.hears("Press 1")
            bob.press("1")
        await bob.hears(said)
        await calling


@virtual_time
async def test_loudness() -> None:
    async with FakeCall(flow("loudness")) as caller:
        await caller.hears("Please speak")
        caller.waits(2)
        caller.says(seconds=2)
        await caller.hears("12 decibels below")
        await caller.ended()
