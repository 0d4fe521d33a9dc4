"""A microphone that is refused or missing: a sentence, and nobody's telephone rings."""

from __future__ import annotations

from collections.abc import Callable

from tests.e2e.accounts import Account
from tests.e2e.browser import FAKE_DEVICES, GRANT, Person, chromium


async def test_a_refused_microphone(page_url: str, account: Callable[[], Account]) -> None:
    said = await place_call([FAKE_DEVICES, f"{GRANT}=deny"], page_url, account)
    assert "may not use your microphone" in said


async def test_no_microphone_at_all(page_url: str, account: Callable[[], Account]) -> None:
    assert "No microphone was found" in await place_call([GRANT], page_url, account)


async def place_call(devices: list[str], page_url: str, account: Callable[[], Account]) -> str:
    """What the page says after a call is placed in a browser with these flags."""
    a, b = account(), account()
    room_id = a.direct_room(b)
    async with chromium(devices=devices) as browser:
        person = await Person.open(browser, page_url)
        await person.sign_in(a.user.localpart, a.user.password)
        await person.open_room(room_id)
        await person.call()
        said = await person.wait_call_over()
        person.assert_clean()
    assert "m.call.invite" not in a.event_types(room_id)
    return said
