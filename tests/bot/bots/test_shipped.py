"""Each shipped bot, called for real: real Synapse, encrypted rooms, real media."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path

import pytest

from tests.bot.bots.conftest import Shipping
from tests.bot.conftest import eventually, posts
from tests.bot.test_conversation import answering, until
from tests.media.audio import RATE, SENTENCE, decode, speech
from voip.bot import CallEnded, EndReason, Speech, Tone
from voip.bot.bots.announce import Announcement, Outcome, announce
from voip.bot.bots.file import BotFileError
from voip.bot.call import Call
from voip.bot.dialling import dialled
from voip.bot.phone import Phone, PhoneSettings
from voip.bot.runner import BotKind, BotSettings, RunningBot
from voip.bot.shipped import shipped
from voip.matrix.http import path
from voip.matrix.settings import MatrixSettings
from voip.service.demo.likeness import likeness

PATIENCE = 60


async def press(call: Call, digits: str) -> None:
    with contextlib.suppress(CallEnded):  # the last key may be what ends it
        await call.send_digits(digits)


async def texts(phone: Phone, room_id: str, sender: str) -> list[str]:
    messages = await phone.matrix.recent_messages(room_id)
    return [
        str(message.content["body"])
        for message in messages
        if message.sender == sender and message.content["msgtype"] == "m.notice"
    ]


def watching(bot: RunningBot) -> list[Call]:
    """The calls that a bot will serve."""
    served: list[Call] = []
    serve = bot.phone.on_call

    def watch(call: Call) -> None:
        served.append(call)
        assert serve is not None
        serve(call)

    bot.phone.on_call = watch
    return served


def records(call: Call) -> bool:
    return call._recording is not None and not call._recording.done()


async def room_with(phone: Phone, user_id: str) -> str:
    """An encrypted room that somebody is invited to."""
    encrypted = {"type": "m.room.encryption", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
    body = {"preset": "private_chat", "invite": [user_id], "initial_state": [encrypted]}
    made = await phone.matrix.session.request("POST", path("createRoom"), body=body)
    await phone.matrix.rooms.known(str(made["room_id"]), PATIENCE)
    return str(made["room_id"])


@pytest.mark.parametrize("kind", [BotKind.MENU, BotKind.BRIDGE_RECORDER])
def test_a_bot_without_its_file_says_so(kind: BotKind, tmp_path: Path) -> None:
    matrix = MatrixSettings("https://example.org", "@bot:example.org", tmp_path, password="-")
    settings = BotSettings(PhoneSettings(matrix, tmp_path), kind)
    with pytest.raises(BotFileError, match="VOIP_BOT_FILE"):
        shipped(settings)


@pytest.mark.long
async def test_voicemail_posts_the_second_take_into_the_inbox_with_its_words(
    shipping: Shipping, tmp_path: Path
) -> None:
    pytest.importorskip("pocketsphinx")
    boss, alice = await shipping.exchange.phone("boss"), await shipping.exchange.phone("alice")
    inbox = """
    silence_seconds = 2
    [[greetings]]
    users = ["@boss:*"]
    say = "This is for the boss."
    [[greetings]]
    say = "Hi."
    """
    account = shipping.exchange.settings("bot")
    room = await room_with(boss, account.matrix.user_id)
    bot = await shipping.bot(BotKind.VOICEMAIL, f'inbox = "{room}"\n{inbox}', account)
    async with asyncio.timeout(PATIENCE * 2):
        served = watching(bot)
        call = await shipping.call(alice, bot)
        await press(call, "1")  # enough of the greeting
        await until(lambda: records(served[0]))
        await call.play(Tone(seconds=2))
        await press(call, "#")
        await until(lambda: served[0].recordings)
        await press(call, "2")
        await until(lambda: not served[0].recordings and records(served[0]))
        await call.play(Speech(SENTENCE))
        await press(call, "#1")
        await call.ended()
        (message,) = await posts(boss, room)
    assert message.encrypted
    assert message.content["org.matrix.msc1767.audio"]
    heard = await boss.matrix.download(message.content, tmp_path / "heard.ogg")
    assert likeness(speech(), RATE, decode(heard), RATE) > 0.8
    (notice,) = await alice.matrix.recent_messages(call.room_id)
    assert notice.content["msgtype"] == "m.notice"  # that she is being recorded

    async def words() -> bool:
        return any("in words" in one for one in await texts(boss, room, bot.phone.user_id))

    await eventually(words)
    (folder,) = bot.phone.recordings.iterdir()
    kept = json.loads((folder / "call.json").read_text())
    assert [track["event_id"] for track in kept["tracks"]] == [message.event_id]
    assert kept["inbox"] == room


MENU = """
[menus.main]
say = "Press 1."
[menus.main.keys]
1 = { menu = "second" }
[menus.second]
say = "Press 2."
[menus.second.keys]
2 = { hang_up = true, say = "Yes." }
3 = { transfer = "%s" }
"""


@pytest.mark.long
async def test_a_menu_leads_to_a_person_and_to_the_end(shipping: Shipping) -> None:
    alice, bob = await shipping.exchange.phone("alice"), await shipping.exchange.phone("bob")
    bot = await shipping.bot(BotKind.MENU, MENU % bob.user_id)
    async with asyncio.timeout(PATIENCE):
        call = await shipping.call(alice, bot)
        await press(call, "1")
        await press(call, "2")
        assert (await call.ended()).reason is EndReason.HANGUP

        at_bob = answering(bob)
        moved: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
        alice.transfers.on_moved = moved.set_result
        call = await shipping.call(alice, bot)
        await press(call, "1")
        await press(call, "3")
        assert (await at_bob).peer_user_id == alice.user_id
        assert (await moved).peer_user_id == bob.user_id
        await call.ended()


@pytest.mark.long
async def test_two_are_connected_and_each_is_on_a_track(shipping: Shipping, tmp_path: Path) -> None:
    alice, bob = await shipping.exchange.phone("alice"), await shipping.exchange.phone("bob")
    bot = await shipping.bot(
        BotKind.BRIDGE_RECORDER, f'call = "{bob.user_id}"\nconsent = "Press 1."'
    )
    async with asyncio.timeout(PATIENCE):
        at_bob = answering(bob)
        call = await shipping.call(alice, bot)
        await press(call, "1")
        theirs = await at_bob
        await press(theirs, "1")
        await asyncio.sleep(1)
        await call.play(Speech(SENTENCE))
        await theirs.play(Tone(seconds=3))
        await asyncio.sleep(0.5)
        theirs.hang_up()
        await call.ended()
        found = await posts(alice, call.room_id, 2)
    heard = {}
    for number, message in enumerate(found):
        assert message.encrypted
        name = str(message.content["body"])
        heard["played" in name] = decode(
            await alice.matrix.download(message.content, tmp_path / f"{number}.ogg")
        )
    assert likeness(speech(), RATE, heard[False], RATE) > 0.8
    assert likeness(speech(), RATE, heard[True], RATE) < 0.5
    assert len(heard[True]) / RATE > 3


@pytest.mark.long
async def test_everybody_is_called_and_confirms_by_a_key(shipping: Shipping) -> None:
    caller = await shipping.exchange.phone("caller")
    alice, bob = await shipping.exchange.phone("alice"), await shipping.exchange.phone("bob")
    at_alice = answering(alice)
    bob.on_call = lambda call: call.reject()

    async def confirm() -> None:
        call = await at_alice
        await asyncio.sleep(1)
        await press(call, "1")

    confirming = asyncio.create_task(confirm())
    async with asyncio.timeout(PATIENCE):
        report = await announce(
            lambda user_id: dialled(caller, user_id),
            [alice.user_id, bob.user_id],
            Announcement(Speech("The server is down."), confirm="1", tries=2, pause=0.5),
        )
    await confirming
    assert [(one.outcome, one.tries) for one in report] == [
        (Outcome.CONFIRMED, 1),
        (Outcome.DECLINED, 2),
    ]


async def test_reactions_are_seen_in_an_encrypted_room(shipping: Shipping) -> None:
    alice, bob = await shipping.exchange.phone("alice"), await shipping.exchange.phone("bob")
    room = await alice.matrix.direct_room(bob.user_id)
    event = await alice.matrix.post_text(room, "listen to me", "t1")
    assert await alice.matrix.reactions(room, event) == []
    for _ in range(2):
        await bob.matrix.react(room, event, "✅", "t2")
    assert await alice.matrix.reactions(room, event) == [(bob.user_id, "✅")]


async def test_the_echo_posts_what_the_network_did(shipping: Shipping) -> None:
    bot, alice = await shipping.bot(BotKind.ECHO), await shipping.exchange.phone("alice")
    async with asyncio.timeout(PATIENCE):
        call = await shipping.call(alice, bot)
        await call.play(Tone(seconds=1))
        call.hang_up()
        await call.closed()

        async def told() -> bool:
            return bool(await texts(alice, call.room_id, bot.phone.user_id))

        await eventually(told)
    (report,) = await texts(alice, call.room_id, bot.phone.user_id)
    assert report.startswith("Call test of")
    assert "MOS" in report
    assert all(one.encrypted for one in await alice.matrix.recent_messages(call.room_id))
