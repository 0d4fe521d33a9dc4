"""Keys and phrases that are asked for, and what interrupts the prompt."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from voip.bot import Call, Tone
from voip.bot.gather import Question
from voip.bot.testing import FakeCall, virtual_time

PROMPT = "Please enter your number, then press the hash key."
SECONDS = len(PROMPT) / 15


class Asked:
    """A flow that asks once."""

    def __init__(self, **question: Any) -> None:
        self._question: dict[str, Any] = {"prompt": PROMPT, "timeout": 5.0} | question
        self.answer: str | None = None
        self.seconds = 0.0

    async def __call__(self, call: Call) -> None:
        await call.answer()
        begin = asyncio.get_running_loop().time()
        self.answer = await call.gather(**self._question)
        self.seconds = asyncio.get_running_loop().time() - begin


@virtual_time
async def test_the_last_digit_ends_the_answer_and_interrupts_the_prompt() -> None:
    asked = Asked(digits=2)
    async with FakeCall(asked) as caller:
        await caller.hears("Please enter")
        caller.press("42")
        await caller.ended()
    assert asked.answer == "42"
    assert asked.seconds < SECONDS


@virtual_time
async def test_the_terminator_ends_a_shorter_answer_and_is_no_part_of_it() -> None:
    asked = Asked(digits=10)
    async with FakeCall(asked) as caller:
        await caller.hears("Please enter")
        caller.press("123#")
        await caller.ended()
    assert asked.answer == "123"


@virtual_time
async def test_without_a_terminator_the_hash_key_is_a_digit() -> None:
    asked = Asked(digits=2, terminator="")
    async with FakeCall(asked) as caller:
        caller.press("#*")
        await caller.ended()
    assert asked.answer == "#*"


@virtual_time
async def test_the_timeout_begins_when_the_prompt_is_over() -> None:
    asked = Asked(digits=1)
    async with FakeCall(asked) as caller:
        await caller.ended()
    assert asked.answer == ""
    assert asked.seconds == pytest.approx(SECONDS + 5, abs=0.1)


@virtual_time
async def test_each_key_begins_the_timeout_anew_and_what_was_pressed_counts() -> None:
    asked = Asked(digits=9)
    async with FakeCall(asked) as caller:
        await caller.hears("Please enter")
        for _ in range(3):
            caller.press("7")
            caller.waits(4)
        await caller.ended()
    assert asked.answer == "777"
    assert asked.seconds == pytest.approx(8 + 5, abs=0.1)


@virtual_time
async def test_keys_that_were_pressed_before_count_and_the_prompt_is_not_played() -> None:
    asked = Asked(digits=1)

    async def flow(call: Call) -> None:
        await call.answer()
        await call.play(Tone(seconds=3))
        await asked(call)

    async with FakeCall(flow) as caller:
        caller.press("5")
        await caller.ended()
    assert asked.answer == "5"
    assert not any("Please" in one for one in caller.heard)


@virtual_time
async def test_a_phrase_is_understood_and_interrupts_the_prompt() -> None:
    asked = Asked(phrases=["Yes", "No", "Call me back"])
    async with FakeCall(asked) as caller:
        await caller.hears("Please enter")
        await caller.says("call me BACK!")
        await caller.ended()
    assert asked.answer == "Call me back"
    assert asked.seconds < SECONDS + 1


@virtual_time
async def test_other_words_are_no_answer_and_keys_still_are() -> None:
    asked = Asked(phrases=["yes", "no"])
    async with FakeCall(asked) as caller:
        await caller.hears("Please enter")
        caller.says("well, let me see")
        caller.waits(2)
        caller.press("1")
        await caller.ended()
    assert asked.answer == "1"


@virtual_time
async def test_who_speaks_when_time_runs_out_is_heard_to_the_end() -> None:
    asked = Asked(phrases=["yes"], prompt=None)
    async with FakeCall(asked) as caller:
        caller.waits(4.9)
        caller.says("yes", seconds=3)
        await caller.ended()
    assert asked.answer == "yes"


@virtual_time
async def test_a_caller_who_hangs_up_answers_nothing() -> None:
    asked = Asked(phrases=["yes"])
    async with FakeCall(asked) as caller:
        await caller.hears("Please enter")
        caller.hangs_up()
    assert asked.answer is None


@pytest.mark.parametrize("wrong", [{"digits": 0}, {"digits": 65}, {"timeout": 0}])
def test_a_question_without_an_answer_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not"):
        Question(**wrong)
