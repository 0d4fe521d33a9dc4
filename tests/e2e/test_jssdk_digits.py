"""Keys pressed in matrix-js-sdk arrive as digits (RFC 4733), and those that we press are sent."""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.lines import PATIENCE, Line
from voip.signalling.commands import By, EndReason

KEYS = "19*#0055"


@pytest.mark.parametrize("js_calls", [True, pytest.param(False, marks=pytest.mark.long)])
async def test_each_key_is_one_digit(line: Line, js_calls: bool) -> None:
    theirs, ours = await (line.js_calls() if js_calls else line.we_call())
    assert (await theirs.view()).takes_digits
    for key in KEYS:
        await theirs.digit(key)
        assert await asyncio.wait_for(ours.digit(), PATIENCE) == key
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(ours.digit(), 0.5)
    await theirs.hang_up()
    end = await ours.closed()
    assert (end.reason, end.by) == (EndReason.HANGUP, By.PEER)


@pytest.mark.long
async def test_keys_that_we_press_are_sent_and_the_call_goes_on(line: Line) -> None:
    theirs, ours = await line.we_call()
    before = await theirs.flow()
    await ours.send_digits("12#")
    await theirs.talks_both_ways()
    assert (await theirs.flow()).audio_received > before.audio_received
    await theirs.hang_up()
    end = await ours.closed()
    assert (end.reason, end.by) == (EndReason.HANGUP, By.PEER)
