"""What happens inside a call between two of our own phones, over the real homeserver."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from tests.bot.conftest import Exchange, eventually, leg_of
from voip.bot.barge_in import BargeIn
from voip.bot.call import Call, CallEnded
from voip.bot.call_file import CallFile
from voip.bot.phone import Phone
from voip.bot.transfers import TransferError
from voip.media.packets import AudioPacket
from voip.media.sounds import Tone
from voip.observers import Happening, Topic
from voip.signalling.commands import Ended, EndReason, Incoming
from voip.store.records import Direction

PATIENCE = 20.0


async def until(holds: Callable[[], object]) -> None:
    """Wait for what another phone's event will make true."""

    async def asked() -> object:
        return holds()

    await eventually(asked)


def answering(phone: Phone) -> asyncio.Future[Call]:
    """The next call that this phone answers."""
    answered: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
    tasks: list[asyncio.Task[None]] = []

    async def answer(call: Call) -> None:
        await call.answer()
        answered.set_result(call)

    phone.on_call = lambda call: tasks.append(asyncio.create_task(answer(call)))
    return answered


async def connected(exchange: Exchange) -> tuple[Phone, Call, Phone, Call]:
    alice, bob = await exchange.phone("alice"), await exchange.phone("bob")
    theirs = answering(bob)
    ours = await alice.place(await alice.matrix.direct_room(bob.user_id), invitee=bob.user_id)
    await ours.established()
    return alice, ours, bob, await asyncio.wait_for(theirs, PATIENCE)


async def test_what_rang_before_anybody_wanted_to_know_is_told_then(exchange: Exchange) -> None:
    """As for a bot whose first sync brings a call while it is still getting ready."""
    alice, bob = await exchange.phone("alice"), await exchange.phone("bob")
    rung, over = list[Happening](), list[Happening]()

    def note(one: Happening) -> None:
        if isinstance(one, Incoming | Ended):
            (rung if isinstance(one, Incoming) else over).append(one)

    bob.observers.subscribe(Topic.CALL, note)
    room = await alice.matrix.direct_room(bob.user_id)
    gone = await alice.place(room, invitee=bob.user_id)
    await until(lambda: len(rung) == 1)
    gone.hang_up()
    await until(lambda: over)
    ours = await alice.place(room, invitee=bob.user_id)
    await until(lambda: len(rung) == 2)
    first: list[Call] = []
    bob.on_call = first.append
    again: list[Call] = []
    bob.on_call = again.append
    (call,) = first
    assert again == []
    await asyncio.gather(call.answer(), ours.established())


async def test_two_who_call_each_other_talk_in_one_call(exchange: Exchange) -> None:
    alice, bob = await exchange.phone("alice"), await exchange.phone("bob")
    room = await alice.matrix.direct_room(bob.user_id)
    await bob.matrix.rooms.known(room, PATIENCE)
    ours, theirs = await asyncio.gather(
        alice.place(room, invitee=bob.user_id), bob.place(room, invitee=alice.user_id)
    )
    ids = {ours.key.call_id, theirs.key.call_id}
    await asyncio.gather(ours.established(), theirs.established())
    assert ours.key == theirs.key
    assert ours.key.call_id == min(ids)
    assert {ours.direction, theirs.direction} == {Direction.OUTBOUND, Direction.INBOUND}
    ours.hang_up()
    ends = await asyncio.gather(alice.forget(ours), bob.forget(theirs))
    assert ends is not None
    assert ours.end is not None
    assert theirs.end is not None
    assert ours.end.reason is theirs.end.reason is EndReason.HANGUP
    assert not await alice.journal.live_calls()
    assert not await bob.journal.live_calls()


async def test_hold_is_seen_on_the_other_side_and_ends(exchange: Exchange) -> None:
    _, ours, _, theirs = await connected(exchange)
    ours.hold()
    await until(lambda: theirs.peer_state is not None and theirs.peer_state.holds)
    ours.resume()
    await until(lambda: theirs.peer_state is not None and not theirs.peer_state.holds)
    assert ours.end is theirs.end is None


async def test_mute_and_identity_are_told(exchange: Exchange) -> None:
    _, ours, _, theirs = await connected(exchange)
    ours.say_muted(audio=True)
    await until(lambda: theirs.peer_state is not None and theirs.peer_state.audio_muted)
    theirs.assert_identity("@boss:example.org", "The boss")
    await until(lambda: ours.asserted_identity is not None)
    assert ours.asserted_identity is not None
    assert ours.asserted_identity.display_name == "The boss"


async def test_what_the_other_side_sends_is_told_and_heard(exchange: Exchange) -> None:
    """Our own metadata, and our own stream, as another device of this kind takes them."""
    _, ours, _, theirs = await connected(exchange)
    await until(lambda: ours.peer_streams and theirs.peer_streams)
    (stream,) = ours.peer_streams.values()
    assert (stream.purpose, stream.audio_muted, stream.video_muted) == ("m.usermedia", False, True)
    for call in (ours, theirs):
        heard = asyncio.Event()
        leg_of(call).tap.add_audio(Ear(heard))
        await asyncio.wait_for(heard.wait(), 10)


class Ear:
    def __init__(self, heard: asyncio.Event) -> None:
        self._heard = heard

    def audio(self, packet: AudioPacket) -> None:
        self._heard.set()


async def test_a_new_network_path_is_found_in_the_middle(exchange: Exchange) -> None:
    alice, ours, _, theirs = await connected(exchange)
    ours.restart_ice()
    before = (await alice.media.stats(ours.key)).packets_received

    async def grown() -> bool:
        return (await alice.media.stats(ours.key)).packets_received > before + 10

    await eventually(grown)
    assert ours.end is theirs.end is None


async def test_where_nothing_arrives_who_called_looks_for_another_path(exchange: Exchange) -> None:
    _, ours, bob, theirs = await connected(exchange)
    network = leg_of(ours).peer._network
    assert network is not None
    path = network.path
    before = path.connection
    theirs.on_interrupted()
    call = bob._running._calls._registry.get(theirs.key)
    assert call is not None
    assert call._conversation is not None
    assert call._conversation.negotiation is None
    ours.on_interrupted()
    await until(lambda: path.connection is not before)
    assert ours.end is theirs.end is None


async def test_keys_pressed_before_they_are_asked_for_are_not_lost(exchange: Exchange) -> None:
    _, ours, _, theirs = await connected(exchange)
    await ours.send_digits("42#")
    async with asyncio.timeout(PATIENCE):
        assert [await theirs.digit() for _ in range(3)] == ["4", "2", "#"]


async def test_what_is_masked_is_kept_nowhere(exchange: Exchange) -> None:
    _, ours, bob, theirs = await connected(exchange)
    told: list[str] = []
    bob.observers.subscribe(Topic.MEDIA, lambda one: told.append(repr(one)))
    recording = asyncio.create_task(theirs.record())
    await ours.play(Tone(seconds=0.3))
    async with asyncio.timeout(PATIENCE):
        async with theirs.mask():
            async with theirs.mask():
                await ours.send_digits("4")
                assert await theirs.digit() == "4"
            await ours.send_digits("2")
            assert await theirs.digit() == "2"
        await theirs.pause_recording()
        await ours.play(Tone(seconds=0.3))
        await theirs.resume_recording()
        await ours.send_digits("7")
        assert await theirs.digit() == "7"
        await theirs.stop_recording()
        await recording
    assert [one for one in told if "digit=" in one and "digit='7'" not in one] == []
    assert len([one for one in told if "digit='7'" in one]) == 1
    (track,) = theirs.file().tracks
    assert [mark["kind"] for mark in track["marks"]] == ["mask", "pause"]
    mask, pause = track["marks"]
    assert 0 < mask["begin"] < mask["end"] < track["seconds"]
    assert pause["end"] - pause["begin"] >= 0.28


async def test_what_a_crash_would_leave_says_what_belongs_where(exchange: Exchange) -> None:
    _, ours, _, theirs = await connected(exchange)
    recording = asyncio.create_task(theirs.record(both=True))

    async def files() -> dict[str, float]:
        file = await asyncio.to_thread(CallFile.read, theirs.folder)
        tracks = [] if file is None else file.tracks
        assert {track["ended"] for track in tracks} <= {"not_yet"}
        return {track["file"]: track.get("offset", 0.0) for track in tracks}

    async def both_begun() -> bool:
        return (await files()).keys() == {"audio.ogg", "played.ogg"}

    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(theirs.play(Tone(seconds=0.4)), ours.play(Tone(seconds=0.4)))
        await eventually(both_begun)
        begun = await files()
        await theirs.stop_recording()
        whole = await recording
    assert begun == {
        one.path.name: pytest.approx(one.offset, abs=0.001) for one in (whole, *whole.parts)
    }


async def test_a_call_that_is_over_cannot_be_masked(exchange: Exchange) -> None:
    _, ours, _, theirs = await connected(exchange)

    async def ended_within() -> None:
        async with theirs.mask():
            ours.hang_up()
            await theirs.digit()

    with pytest.raises(CallEnded):
        await ended_within()
    await theirs.closed()
    with pytest.raises(CallEnded):
        async with theirs.mask():
            pass
    with pytest.raises(CallEnded):
        await theirs.pause_recording()


async def test_a_flow_listens_to_what_is_said_until_the_call_is_over(exchange: Exchange) -> None:
    _, ours, _, theirs = await connected(exchange)
    loudest = 0
    async with asyncio.timeout(PATIENCE), theirs.listen() as sound:
        playing = asyncio.create_task(ours.play(Tone(seconds=10)))
        async for samples in sound:
            assert samples.shape == (320,)
            loudest = max(loudest, int(samples.max()))
            if loudest > 1000:
                ours.hang_up()
    await asyncio.gather(playing, return_exceptions=True)
    assert loudest > 1000
    await theirs.closed()
    with pytest.raises(CallEnded):
        async with theirs.listen():
            pass


async def test_a_key_stops_what_plays_and_is_not_lost(exchange: Exchange) -> None:
    _, ours, _, theirs = await connected(exchange)
    async with asyncio.timeout(PATIENCE):
        playing = asyncio.create_task(ours.play(Tone(seconds=1), loop=True, until=BargeIn.DIGIT))
        await asyncio.sleep(0.5)
        await theirs.send_digits("4")
        played = await playing
        assert not played.ended
        assert 0 < played.seconds < PATIENCE
        assert await ours.digit() == "4"
        playing = asyncio.create_task(ours.play(Tone(seconds=1), loop=True))
        await asyncio.sleep(0.3)
        await ours.stop_playing()
        assert not (await playing).ended
        assert (await ours.play(Tone(seconds=0.2), until=theirs.ended())).ended
        playing = asyncio.create_task(ours.play(Tone(seconds=1), loop=True, until=BargeIn.DIGIT))
        await asyncio.sleep(0.3)
        ours.hang_up()
        with pytest.raises(CallEnded):
            await playing


async def test_a_flow_speaks_with_samples_of_its_own(exchange: Exchange) -> None:
    _, ours, _, theirs = await connected(exchange)
    second = (9000 * np.sin(2 * np.pi * 500 / 16_000 * np.arange(16_000))).astype(np.int16)
    loud = 0

    async def listen() -> None:
        nonlocal loud
        async with theirs.listen() as sound:
            async for samples in sound:
                loud += int(samples.max()) > 3000

    listening = asyncio.create_task(listen())
    async with asyncio.timeout(PATIENCE):
        async with ours.speak() as line:
            await line.write(second)
            await line.write(second.tobytes())
        await until(lambda: loud >= 95)  # of 100 packets
        before = loud
        async with ours.speak() as line:
            writing = asyncio.create_task(line.write(np.tile(second, 10)))
            await until(lambda: loud > before + 10)
            assert 0 < await line.clear() <= 0.2
            await writing
            with pytest.raises(ValueError, match="one dimension of int16"):
                await line.write(second.astype(np.float32))
        assert loud < before + 200
        async with ours.speak() as line:
            ours.hang_up()
            with pytest.raises(CallEnded):
                await line.write(np.tile(second, 10))
    await listening


async def test_a_transferee_goes_on_with_the_target(exchange: Exchange) -> None:
    alice, ours, bob, theirs = await connected(exchange)
    carol = await exchange.phone("carol")
    at_carol = answering(carol)
    moved: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
    bob.transfers.on_moved = moved.set_result
    await ours.transfer(carol.user_id)
    new = await asyncio.wait_for(moved, PATIENCE)
    assert new.peer_user_id == carol.user_id
    assert (await asyncio.wait_for(at_carol, PATIENCE)).peer_user_id == bob.user_id
    assert (await theirs.ended()).reason is EndReason.HANGUP
    assert alice.user_id not in {new.peer_user_id, carol.user_id}
    assert new.end is None


async def test_a_transfer_that_is_declined_leaves_the_call(exchange: Exchange) -> None:
    _, ours, _, theirs = await connected(exchange)
    with pytest.raises(TransferError, match="declined"):
        await ours.transfer("@nobody:example.org")
    assert ours.end is theirs.end is None
