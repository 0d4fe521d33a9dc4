"""Whoever calls is connected, and recorded with both sides' consent alone."""

from __future__ import annotations

from functools import partial

import pytest

from voip.bot.bots.bridge_recorder import BridgeSettings, Without, bridge_recorder
from voip.bot.testing import FakeCall, virtual_time
from voip.media.events import MediaDirection

BOB = "@bob:example.org"
SETTINGS = BridgeSettings(call=BOB)


@virtual_time
async def test_both_agree_and_are_recorded_on_two_tracks() -> None:
    async with FakeCall(partial(bridge_recorder, settings=SETTINGS)) as caller:
        await caller.hears("recorded")
        caller.press("1")
        bob = await caller.dialled(BOB)
        await caller.hears("tone")
        await bob.answers()
        await bob.hears("recorded")
        assert not caller.call.recordings
        assert caller._leg.recording is None
        bob.press("1")
        await bob.waits(1)
        assert caller._leg.bridged == bob.call.key
        await caller.says(seconds=20)
        await bob.hangs_up()
        await caller.ended()
    assert [one.direction for one in caller.call.recordings] == [
        MediaDirection.RECEIVED,
        MediaDirection.SENT,
    ]
    assert caller.call.recordings[0].seconds > 20
    assert len(caller.phone.matrix.files) == 2


@virtual_time
async def test_a_caller_who_hangs_up_in_the_middle_keeps_the_recording() -> None:
    async with FakeCall(partial(bridge_recorder, settings=SETTINGS)) as caller:
        caller.press("1")
        bob = await caller.dialled(BOB)
        bob.answers()
        bob.press("1")
        await bob.waits(5)
        await caller.hangs_up()
        await bob.ended(1)
    assert len(caller.call.recordings) == 2


@pytest.mark.parametrize("pressed", ["2", ""])
@virtual_time
async def test_without_the_callers_consent_nobody_is_called(pressed: str) -> None:
    async with FakeCall(partial(bridge_recorder, settings=SETTINGS)) as caller:
        caller.press(pressed)
        await caller.hears("ends here")
        await caller.ended()
    assert caller.phone.placed.empty()


@virtual_time
async def test_without_the_others_consent_nothing_is_recorded() -> None:
    async with FakeCall(partial(bridge_recorder, settings=SETTINGS)) as caller:
        caller.press("1")
        bob = await caller.dialled(BOB)
        bob.answers()
        bob.press("9")
        await caller.hears("does not agree")
        await bob.ended(60)
        await caller.ended()
    assert not caller.call.recordings


@virtual_time
async def test_where_it_may_be_they_talk_unrecorded() -> None:
    settings = BridgeSettings(call=BOB, without_consent=Without.CONNECT)
    async with FakeCall(partial(bridge_recorder, settings=settings)) as caller:
        caller.press("2")
        bob = await caller.dialled(BOB)
        bob.answers()
        await bob.waits(5)
        assert caller._leg.bridged == bob.call.key
        await bob.hangs_up()
        await caller.ended()
    assert not caller.call.recordings
    assert "recorded" not in " ".join(bob.heard)


@virtual_time
async def test_nobody_answers() -> None:
    async with FakeCall(partial(bridge_recorder, settings=SETTINGS)) as caller:
        caller.press("1")
        bob = await caller.dialled(BOB)
        await caller.hears("Nobody answered")
        await bob.ended(60)
        await caller.ended()
