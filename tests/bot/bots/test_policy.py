"""The bots that ship obey what the operator wants kept, and how people have to agree."""

from __future__ import annotations

from functools import partial

import pytest

from voip.bot import BEEP, Call
from voip.bot.bots.bridge_recorder import BridgeSettings, bridge_recorder
from voip.bot.bots.file import parse
from voip.bot.bots.menu import menu
from voip.bot.bots.menu_file import MenuSettings
from voip.bot.bots.voicemail import VoicemailSettings, voicemail
from voip.bot.consent import NotAgreed
from voip.bot.keeping import ConsentBy, Policy
from voip.bot.testing import FakeCall, virtual_time
from voip.media.sounds import Speech

BOB = "@bob:example.org"
BY_DIGIT = Policy(consent=ConsentBy.DIGIT)
QUESTION = Speech("Do you agree?")
MAIL = partial(voicemail, settings=VoicemailSettings(transcript=False), question=QUESTION)
MENU = parse(
    """
[menus.main]
say = "Press 5 for a message."
keys.5 = {record = 60}
""",
    MenuSettings,
)


@virtual_time
async def test_voicemail_asks_and_a_key_that_cut_the_greeting_is_no_answer() -> None:
    async with FakeCall(MAIL, policy=BY_DIGIT) as caller:
        caller.press("1")  # it has heard the greeting before
        await caller.hears("Do you agree")
        assert caller._leg.recording is None
        caller.press("1")
        await caller.hears(BEEP)
        await caller.says(seconds=5)
        await caller.hangs_up()
        await caller.ended()
    assert caller.call.consent is not None
    assert caller.call.consent.by is ConsentBy.DIGIT
    assert len(caller.phone.matrix.files) == 1


@pytest.mark.parametrize("pressed", ["2", ""])
@virtual_time
async def test_who_does_not_agree_leaves_no_message(pressed: str) -> None:
    async with FakeCall(MAIL, policy=BY_DIGIT) as caller:
        await caller.hears("Do you agree")
        caller.press(pressed)
        await caller.hears("nothing is recorded")
        await caller.ended()
    assert not caller.call.recordings


@virtual_time
async def test_a_message_whose_consent_is_taken_back_meanwhile_is_not_sent() -> None:
    async with FakeCall(MAIL) as caller:
        await caller.hears(BEEP)
        await caller.says(seconds=5)
        caller.call.revoke_consent(caller.call.peer_user_id, "reaction")
        await caller.call.stop_recording()
        await caller.hears("is deleted")
        await caller.ended()
    assert not caller.phone.matrix.files


@virtual_time
async def test_the_menu_asks_once_and_0_takes_it_back() -> None:
    async with FakeCall(partial(menu, settings=MENU, question=QUESTION), policy=BY_DIGIT) as caller:
        await caller.hears("Press 5")
        caller.press("5")
        await caller.hears("Do you agree")
        caller.press("1")
        await caller.hears(BEEP)
        await caller.says(seconds=2)
        caller.press("0")
        await caller.hears("Press 5")
        caller.press("5")
        await caller.hears("Press 5")  # taken back is taken back
        await caller.hangs_up()
        await caller.ended()
    assert sum("agree" in heard for heard in caller.heard) == 1
    assert caller.call.revoked
    assert not caller.phone.matrix.files


@pytest.mark.parametrize("by_bob", [False, True])
@virtual_time
async def test_either_side_of_a_bridge_takes_it_back_with_0_and_they_talk_on(by_bob: bool) -> None:
    flow = partial(bridge_recorder, settings=BridgeSettings(call=BOB))
    async with FakeCall(flow, policy=BY_DIGIT) as caller:
        caller.press("1")
        bob = await caller.dialled(BOB)
        bob.answers()
        bob.press("1")
        await bob.waits(5)
        assert caller.call.consent is not None
        assert caller.call.consent.others == (bob.call,)
        await (bob if by_bob else caller).press("0")
        await bob.waits(5)
        assert caller._leg.bridged == bob.call.key
        await bob.hangs_up()
        await caller.ended()
    who = bob.call.peer_user_id if by_bob else caller.call.peer_user_id
    assert caller.call.consent.revoked is not None
    assert caller.call.consent.revoked["by"] == who
    assert not caller.phone.matrix.files


@virtual_time
async def test_where_nothing_is_posted_no_words_are() -> None:
    async def flow(call: Call) -> None:
        call.afterwards(partial(call.post_words, "hello"))
        await call.answer()
        await call.record(until_silence=1)

    for policy, posted in ((Policy(), ["hello"]), (Policy(post=False), [])):
        async with FakeCall(flow, policy=policy) as caller:
            await caller.says(seconds=2)
            await caller.ended()
        assert caller.posts == posted
        assert bool(caller.phone.matrix.files) is bool(posted)


@virtual_time
async def test_a_flow_that_does_not_ask_is_told_so_in_its_test_already() -> None:
    async def flow(call: Call) -> None:
        await call.answer()
        await call.record()

    with pytest.raises(NotAgreed):
        async with FakeCall(flow, policy=BY_DIGIT) as caller:
            await caller.ended()
