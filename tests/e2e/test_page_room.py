"""The list and the open room: messages, recordings, invitations, and names that mean harm."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from nio.crypto.attachments import (  # type: ignore[import-untyped]  # 0.26 ships no types
    encrypt_attachment,
)
from playwright.async_api import expect

from tests.e2e.accounts import Account
from tests.e2e.browser import PHONE, SMALL_PHONE
from tests.e2e.conftest import Join
from tests.e2e.recordings import film, tone

MARKUP = '<img src=x onerror="document.title=1"><b>bold</b>'


def audio_content(url: dict[str, object], seconds: float) -> dict[str, object]:
    """An m.audio as the recorder posts it (MSC3246 for length and waveform)."""
    length_ms = int(seconds * 1000)
    return {
        "msgtype": "m.audio",
        "body": "recording.ogg",
        "info": {"mimetype": "audio/ogg", "duration": length_ms},
        "org.matrix.msc1767.audio": {
            "duration": length_ms,
            "waveform": [abs(512 - 64 * (at % 16)) for at in range(64)],
        },
        **url,
    }


@pytest.mark.parametrize(
    "encrypted", [pytest.param(False, marks=pytest.mark.long), True], ids=["plain", "encrypted"]
)
async def test_a_recording_in_the_room_plays(
    encrypted: bool, account: Callable[[], Account], join: Join
) -> None:
    person, bot = account(), account()
    room_id = person.direct_room(bot)
    data = tone(2.0)
    if encrypted:
        data, keys = encrypt_attachment(data)
        address = bot.upload(data, "application/octet-stream")
        bot.send(room_id, audio_content({"file": {**keys, "url": address}}, 2.0))
    else:
        bot.send(room_id, audio_content({"url": bot.upload(data, "audio/ogg")}, 2.0))
    page = await join(person.user)
    await page.open_room(room_id)
    await page.wait_recording(bot.user.user_id)
    await expect(page.at("recording")).to_contain_text("0:02")
    assert 0 < await page.play_recording(bot.user.user_id) <= 2.1


@pytest.mark.long
async def test_a_changed_encrypted_recording_is_not_played(
    account: Callable[[], Account], join: Join
) -> None:
    person, bot = account(), account()
    room_id = person.direct_room(bot)
    data, keys = encrypt_attachment(tone(1.0))
    address = bot.upload(data[:-1] + bytes([data[-1] ^ 1]), "application/octet-stream")
    bot.send(room_id, audio_content({"file": {**keys, "url": address}}, 1.0))
    page = await join(person.user)
    await page.open_room(room_id)
    await page.at("play-recording").click()
    await expect(page.at("recording")).to_contain_text("was changed on its way")


async def test_a_video_recording_plays(account: Callable[[], Account], join: Join) -> None:
    person, bot = account(), account()
    room_id = person.direct_room(bot)
    content: dict[str, object] = {
        "msgtype": "m.video",
        "body": "recording.webm",
        "url": bot.upload(film(1.0), "video/webm"),
        "info": {"mimetype": "video/webm", "duration": 1000, "w": 160, "h": 120},
    }
    bot.send(room_id, content)
    page = await join(person.user)
    await page.open_room(room_id)
    await page.at("open-clip").click()
    await expect(page.at("clip")).to_have_js_property("videoWidth", 160)


async def test_an_invitation_is_accepted_and_search_finds_the_room(
    account: Callable[[], Account], join: Join
) -> None:
    person, friend = account(), account()
    room_id = friend.room(name="Garden club", invite=[person])
    friend.room(name="Other plans", invite=[person])
    page = await join(person.user)
    await (
        page.page.locator(f'[data-testid="invite"][data-room="{room_id}"]')
        .get_by_test_id("accept-invite")
        .click()
    )
    await expect(page.at("room-name")).to_have_text("Garden club")
    friend.send(room_id, {"msgtype": "m.text", "body": "Welcome to the garden"})
    await expect(page.at("message-text")).to_contain_text("Welcome to the garden")
    await page.at("search").fill("gard")
    await expect(page.at("room")).to_have_count(1)
    await expect(page.at("invite")).to_have_count(0)


async def test_markup_in_names_and_messages_stays_text(
    account: Callable[[], Account], join: Join
) -> None:
    person, stranger = account(), account()
    room_id = stranger.room(name=MARKUP, invite=[person])
    person.request("POST", f"/join/{room_id}", {})
    stranger.send(room_id, {"msgtype": "m.text", "body": MARKUP, "formatted_body": MARKUP})
    stranger.send(room_id, {"msgtype": "m.audio", "body": MARKUP, "url": "javascript:alert(1)"})
    page = await join(person.user)
    await page.open_room(room_id)
    await expect(page.at("room-name")).to_have_text(MARKUP)
    await expect(page.at("message-text")).to_have_count(2)
    await expect(page.page.locator("img, b")).to_have_count(0)
    assert await page.page.title() == "Calls"


@pytest.mark.parametrize(
    "size", [SMALL_PHONE, pytest.param(PHONE, marks=pytest.mark.long)], ids=["320 px", "390 px"]
)
async def test_nothing_scrolls_sideways_on_a_phone(
    size: tuple[int, int], account: Callable[[], Account], join: Join
) -> None:
    person, bot = account(), account()
    room_id = person.direct_room(bot)
    bot.send(room_id, {"msgtype": "m.text", "body": "long" * 60})
    bot.send(room_id, audio_content({"url": bot.upload(tone(1.0), "audio/ogg")}, 1.0))
    page = await join(person.user, size=size)
    await page.assert_fits()
    await page.open_room(room_id)
    await page.wait_recording(bot.user.user_id)
    await page.assert_fits()
    await page.call()
    await page.wait_phase("calling")
    await page.assert_fits()
    await page.hang_up()
    await page.wait_call_over()
    await page.at("back").click()
    await expect(page.at("search")).to_be_visible()
    await page.assert_fits()
