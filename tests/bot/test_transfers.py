"""Transfers that `test_conversation` does not have: through us, awaited, and in vain."""

from __future__ import annotations

import asyncio

import pytest

from tests.bot.conftest import Exchange, leg_of
from tests.bot.test_conversation import PATIENCE, answering, connected, until
from tests.media.test_private import Ear
from voip.bot import transfers
from voip.bot.call import Call
from voip.bot.transfers import TransferError
from voip.matrix.http import path
from voip.media.sounds import Tone
from voip.observers import Happening, Topic
from voip.signalling.commands import By, EndReason, TransferRejected
from voip.signalling.content import Capabilities
from voip.signalling.events import Transfer


async def test_a_side_that_cannot_be_asked_is_connected_through_us(exchange: Exchange) -> None:
    alice, ours, _, theirs = await connected(exchange)
    ours.peer_can = Capabilities()  # as matrix-js-sdk's
    carol = await exchange.phone("carol")
    at_carol = answering(carol)
    transfer = asyncio.create_task(ours.transfer(carol.user_id))
    hers = await asyncio.wait_for(at_carol, PATIENCE)
    assert hers.peer_user_id == alice.user_id
    ear = Ear()
    leg_of(hers).tap.add_audio(ear)
    async with asyncio.timeout(PATIENCE):
        while not any(len(packet.payload) > 3 for packet in ear.packets):  # more than silence
            await theirs.play(Tone(seconds=0.2))
    hers.hang_up()
    await asyncio.wait_for(transfer, PATIENCE)
    assert (await theirs.ended()).reason is EndReason.HANGUP


async def test_connected_through_us_both_sides_know_of_each_other(exchange: Exchange) -> None:
    _, ours, bob, theirs = await connected(exchange)
    ours.peer_can = Capabilities()  # as matrix-js-sdk's
    carol = await exchange.phone("carol")
    at_carol = answering(carol)
    transfer = asyncio.create_task(ours.transfer(carol.user_id))
    hers = await asyncio.wait_for(at_carol, PATIENCE)
    await until(lambda: theirs.asserted_identity and hers.asserted_identity)
    assert theirs.asserted_identity is not None
    assert hers.asserted_identity is not None
    assert theirs.asserted_identity.user_id == carol.user_id, "whom bob talks to, through alice"
    assert hers.asserted_identity.user_id == bob.user_id

    await theirs.send_digits("12#")
    assert [await asyncio.wait_for(hers.digit(), PATIENCE) for _ in range(3)] == ["1", "2", "#"]
    await hers.send_digits("9")
    assert await asyncio.wait_for(theirs.digit(), PATIENCE) == "9"

    theirs.assert_identity("@boss:example.org", "The boss")
    await until(lambda: hers.asserted_identity and hers.asserted_identity.display_name)
    assert hers.asserted_identity.user_id == "@boss:example.org"
    theirs.assert_identity(None)
    await until(lambda: hers.asserted_identity and hers.asserted_identity.user_id == bob.user_id)

    theirs.say_muted(True)
    await until(lambda: hers.peer_state and hers.peer_state.audio_muted)
    theirs.say_muted(False)
    await until(lambda: hers.peer_state and not hers.peer_state.audio_muted)

    theirs.hang_up()
    await asyncio.wait_for(transfer, PATIENCE)
    assert (await hers.ended()).reason is EndReason.HANGUP
    assert ours.on_said is None


async def test_a_call_that_is_to_be_awaited_is_answered_and_replaces_the_old_one(
    exchange: Exchange,
) -> None:
    alice, ours, bob, _ = await connected(exchange)
    carol = await exchange.phone("carol")
    moved: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
    bob.transfers.on_moved = moved.set_result
    awaited = alice.new_id()
    alice.perform(Transfer(ours.key, alice.new_id(), carol.user_id, await_call=awaited))
    await until(lambda: awaited in bob.transfers._awaited)
    room = await carol.matrix.direct_room(bob.user_id)
    hers = await carol.place(room, invitee=bob.user_id, call_id=awaited)
    new = await asyncio.wait_for(moved, PATIENCE)
    await hers.established()
    assert (new.key, new.peer_user_id) == (hers.key, carol.user_id)
    assert (await ours.ended()).reason is EndReason.HANGUP


async def test_a_transfer_to_nobody_fails_and_the_call_goes_on(exchange: Exchange) -> None:
    _, ours, bob, theirs = await connected(exchange)
    bob.transfers.on_moved = lambda _: None
    with pytest.raises(TransferError, match="failed_call"):
        await ours.transfer("@nobody:example.org")
    assert ours.end is theirs.end is None


async def test_a_transferee_that_says_nothing_is_left_after_a_while(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, ours, bob, theirs = await connected(exchange)
    monkeypatch.setattr(transfers, "WITHIN", 0.5)
    monkeypatch.setattr(bob.transfers, "requested", lambda *_: None)
    await ours.transfer("@carol:example.org")
    end = await theirs.ended()
    assert (end.reason, end.by) == (EndReason.HANGUP, By.PEER)


async def test_the_target_room_is_joined_when_we_are_invited_or_the_transfer_fails(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, ours, bob, _ = await connected(exchange)
    said: list[TransferRejected] = []

    def note(happening: Happening) -> None:
        if isinstance(happening, TransferRejected):
            said.append(happening)

    alice.observers.subscribe(Topic.CALL, note)
    moved: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
    bob.transfers.on_moved = moved.set_result
    carol = await exchange.phone("carol")
    at_carol = answering(carol)

    def ask(replacement: str, room: str) -> None:
        transfer = Transfer(ours.key, replacement, carol.user_id, room, create_call=alice.new_id())
        alice.perform(transfer)

    with monkeypatch.context() as patience:
        patience.setattr(transfers, "WITHIN", 1.0)
        ask("first", "!nowhere:example.org")
        await until(lambda: said)
    assert said == [TransferRejected(ours.key, "first", "failed_call")]
    request = carol.matrix.session.request
    made = await request("POST", path("createRoom"), body={"preset": "private_chat"})
    room = str(made["room_id"])
    ask("second", room)
    await until(lambda: bob.matrix.rooms._expected)
    assert not moved.done()
    await request("POST", path("rooms", room, "invite"), body={"user_id": bob.user_id})
    assert (await asyncio.wait_for(moved, PATIENCE)).room_id == room
    assert (await asyncio.wait_for(at_carol, PATIENCE)).room_id == room
