"""Two people with matrix-js-sdk whom we connect through us see each other.

Alice's camera is Chromium's fake one, which is green; Bob's is blue, and so is Alice's screen.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.conftest import MakeUser
from tests.e2e.conftest import Serve
from tests.e2e.jssdk import JsCall, JsClient
from tests.e2e.lines import Line
from voip.bot.call import Call
from voip.signalling.commands import By, EndReason


@pytest.fixture
async def bob(
    line: Line, browser: Browser, serve: Serve, harness: Path, make_user: MakeUser
) -> JsClient:
    """Another one, whom our phone may call."""
    homeserver = line.phone.settings.matrix.homeserver
    url = await serve(homeserver, harness)
    bob = await JsClient.sign_in(browser, url, homeserver, make_user())
    await bob.has_a_blue_camera()
    await bob.ready(await line.phone.matrix.direct_room(bob.user_id), line.phone.user_id)
    return bob


@asynccontextmanager
async def connected(
    line: Line, bob: JsClient, *, video: bool
) -> AsyncIterator[tuple[JsCall, JsCall, Call]]:
    """Alice's call, Bob's, and Alice's as we see it; Alice hangs up in the end."""
    alices, ours = await line.js_calls(video=video)
    transfer = asyncio.create_task(ours.transfer(bob.user_id))
    bobs = await bob.ringing()
    await bobs.answer()
    await bobs.connected()
    await bobs.talks_both_ways()
    yield alices, bobs, ours
    await alices.hang_up()
    assert await bobs.ended() == ("remote", "user_hangup")
    await transfer
    end = await ours.ended()
    assert (end.reason, end.by) == (EndReason.HANGUP, By.PEER)


async def test_a_camera_is_seen_through_us(line: Line, bob: JsClient) -> None:
    async with connected(line, bob, video=True) as (alices, bobs, _):
        await bobs.sees("green")
        await bobs.camera(on=True)
        await alices.sees("blue")
        await bobs.sees("green")
        await alices.talks_both_ways()
        await alices.camera(on=False)
        await bobs.sees("nothing")
        await alices.camera(on=True)
        await bobs.sees("green")


@pytest.mark.long
async def test_a_voice_call_grows_into_video_through_us(line: Line, bob: JsClient) -> None:
    async with connected(line, bob, video=False) as (alices, bobs, _):
        await bobs.sees("nothing")
        await alices.camera(on=True)
        await bobs.sees("green")
        await bobs.camera(on=True)
        await alices.sees("blue")
        await alices.hold(on=True)  # it sends black meanwhile, and receives nothing
        await bobs.sees("nothing")
        await alices.hold(on=False)
        await bobs.sees("green")
        await alices.more(lambda flow: flow.video_received, by=20)
        await bobs.talks_both_ways()


@pytest.mark.long
async def test_a_screen_is_seen_through_us_beside_the_camera(line: Line, bob: JsClient) -> None:
    await line.js.has_a_blue_screen()
    async with connected(line, bob, video=True) as (alices, bobs, _):
        await bobs.sees("green")
        for _ in range(2):
            await alices.share_screen(on=True)
            await bobs.sees("blue", "m.screenshare")
            await bobs.sees("green")
            await alices.share_screen(on=False)
            await bobs.sees("nothing", "m.screenshare")
            await bobs.sees("green")
        await bobs.talks_both_ways()
