"""A recording that cannot be written any further: the caller is told, and what there is stays."""

from __future__ import annotations

from functools import partial

import pytest

from voip.bot import BEEP, Call, Flow
from voip.bot.bots.menu import menu
from voip.bot.bots.menu_file import MenuSettings
from voip.bot.bots.voicemail import VoicemailSettings, voicemail
from voip.bot.keeping import Policy
from voip.bot.recorder import RecorderSettings, recorder
from voip.bot.testing import FakeCall, virtual_time
from voip.media.events import RecordingEnd

MENU = MenuSettings.model_validate(
    {"menus": {"main": {"say": "Speak.", "keys": {"1": {"record": 60}}}}}
)


async def records(call: Call) -> None:
    await recorder(call, RecorderSettings(), Policy())


@pytest.mark.parametrize(
    ("flow", "keys"),
    [
        pytest.param(records, "", id="recorder"),
        pytest.param(partial(voicemail, settings=VoicemailSettings()), "", id="voicemail"),
        pytest.param(partial(menu, settings=MENU), "1", id="menu"),
    ],
)
@virtual_time
async def test_the_caller_is_told_and_what_there_is_stays(flow: Flow, keys: str) -> None:
    async with FakeCall(flow) as caller:
        if keys:
            await caller.hears("Speak")
            caller.press(keys)
        await caller.hears(BEEP)
        caller.says(seconds=0.5)
        caller.disk_fills_up()
        await caller.hears("ended early")
        await caller.ended()
    (recording,) = caller.call.recordings
    assert recording.ended is RecordingEnd.DISK_FULL
    assert len(caller.phone.matrix.files) == 1


@virtual_time
async def test_who_was_recorded_to_the_end_is_told_nothing_of_the_kind() -> None:
    async with FakeCall(records) as caller:
        await caller.hears(BEEP)
        await caller.says(seconds=2)
        await caller.ended()
    assert not any("ended early" in words for words in caller.heard)
