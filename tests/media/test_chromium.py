"""Media that change in the middle of a call, with real Chromium on the other side."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.e2e.browser import chromium
from tests.media.calls import KEY, engine
from tests.media.chromium import Tab, tab
from tests.media.test_streams import Eyes
from voip.media.description import parse
from voip.media.events import Digit, FirstAudio, RecordingEnded
from voip.media.settings import MediaSettings
from voip.media.sounds import Tone
from voip.signalling.content import StreamMetadata
from voip.signalling.events import Change

PATIENCE = 30

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as one:
        yield one


def numbers(text: str) -> dict[str, set[str]]:
    """What each payload type and header extension id means, in each section."""
    return {
        section.mid or "": set(section.values("rtpmap")) | set(section.values("extmap"))
        for section in parse(text).sections
    }


async def flow(one: Tab, *, both_ways: bool = True) -> int:
    """Waits for 40 audio packets at the browser, and at ours where they flow `both_ways`. How
    many arrived at ours."""
    ours, theirs = await one.engine.stats(KEY), await one.statistics()
    playing = asyncio.create_task(one.engine.play(KEY, Tone(), loop=True))
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                now, there = await one.engine.stats(KEY), await one.statistics()
                heard = now.packets_received - ours.packets_received
                if there["received"] - theirs["received"] >= 40 and heard >= 40 * both_ways:
                    return heard
                await asyncio.sleep(0.1)
    finally:
        await one.engine.stop_playing(KEY)
        await playing


@pytest.mark.parametrize("calls", [True, False], ids=["it-calls", "we-call"])
async def test_our_offers_are_accepted_and_keep_every_number(
    browser: Browser, calls: bool, tmp_path: Path
) -> None:
    async with (
        engine(MediaSettings(keyframe_interval=0.3)) as (one, heard),
        tab(browser, one) as it,
    ):
        await it.connect(heard, calls=calls)
        await heard.wait(FirstAudio)
        held, _ = await it.change(Change(hold=True))
        assert "a=sendonly" in held
        assert await flow(it, both_ways=False) == 0
        resumed, answer = await it.change(Change(hold=False))
        assert "a=sendrecv" in answer
        assert numbers(resumed) == numbers(held)
        assert await flow(it) >= 40

        # Video that we ask for, and the browser's camera joins.
        offer = await one.create_reoffer(KEY, Change(video=True))
        await it.run(
            """async sdp => {
              await pc.setRemoteDescription({type: "offer", sdp});
              const [transceiver] = pc.getTransceivers().slice(-1);
              transceiver.direction = "sendonly";
              await transceiver.sender.replaceTrack(await camera());
              await pc.setLocalDescription();
            }""",
            offer,
        )
        await one.apply_answer(KEY, await it.run("gathered()"))
        await one.start_recording(KEY, tmp_path)
        await Eyes(one).see(0)
        await one.stop_recording(KEY)
        (ended,) = heard.of(RecordingEnded)
        assert ended.recording.mime_type.startswith("video/")
        assert (ended.recording.width, ended.recording.height) == (320, 240)

        # No more of it, and once again: the same section.
        without, _ = await it.change(Change(video=False))
        again, _ = await it.change(Change(video=True))
        assert parse(without).sections[1].has("inactive")
        assert parse(again).sections[1].has("recvonly")
        assert numbers(again) == numbers(offer)
        for mid, meanings in numbers(held).items():
            assert numbers(offer)[mid] == meanings


@pytest.mark.parametrize("who", ["it", "we"])
async def test_audio_goes_on_through_an_ice_restart(browser: Browser, who: str) -> None:
    async with engine() as (one, heard), tab(browser, one) as it:
        await it.connect(heard, calls=True)
        await heard.wait(FirstAudio)
        before, ours = await it.statistics(), await one.stats(KEY)
        playing = asyncio.create_task(one.play(KEY, Tone(seconds=2)))
        if who == "it":
            await it.run("pc.restartIce()")
            offer, answer = await it.renegotiate()
        else:
            offer, answer = await it.change(Change(restart_ice=True))
        await playing
        after, ours_after = await it.statistics(), await one.stats(KEY)
        ufrags = re.findall(r"a=ice-ufrag:(\S+)", offer + answer)
        assert len(set(ufrags)) == 2
        assert after["state"] == "connected"
        assert after["path"] != before["path"]
        # Nothing is lost either way but what the switch itself may cost.
        sent = ours_after.packets_sent - ours.packets_sent
        assert after["received"] - before["received"] >= max(50, sent - 8)
        assert after["lost"] - before["lost"] <= 2
        # Ours is read last: what the browser had sent before has arrived.
        assert ours_after.packets_received >= after["sent"] - 10
        assert ours_after.packets_lost <= 2
        assert len(heard.of(FirstAudio)) == 1


async def test_a_camera_and_a_screen_that_join_are_recorded(
    browser: Browser, tmp_path: Path
) -> None:
    settings = MediaSettings(keyframe_interval=0.3)
    async with engine(settings) as (one, heard), tab(browser, one) as it:
        await it.connect(heard, calls=True)
        await heard.wait(FirstAudio)
        await one.start_recording(KEY, tmp_path)
        await it.run("async () => { window.sender = pc.addTrack(await camera(), stream); }")
        await it.renegotiate()
        await Eyes(one).see(0)
        # The screen comes beside it, then the camera goes.
        screen_id = await it.run(
            """() => {
              const canvas = document.createElement("canvas");
              [canvas.width, canvas.height] = [640, 400];
              const context = canvas.getContext("2d");
              setInterval(() => {
                context.fillStyle = `hsl(${Math.random() * 360} 90% 80%)`;
                context.fillRect(0, 0, 640, 400);
              }, 50);
              const screen = canvas.captureStream(20);
              screen.getVideoTracks()[0].contentHint = "detail"; // Never smaller pictures.
              pc.addTrack(screen.getVideoTracks()[0], screen);
              return screen.id;
            }"""
        )
        camera_id = await it.run("stream.id")
        await one.set_streams(
            KEY,
            {
                camera_id: StreamMetadata(purpose="m.usermedia"),
                screen_id: StreamMetadata(purpose="m.screenshare"),
            },
        )
        _, answer = await it.renegotiate()
        assert len([s for s in parse(answer).sections if s.port and s.has("recvonly")]) == 2
        await Eyes(one).see(0, 1)
        await it.run("pc.removeTrack(sender)")
        await it.renegotiate()
        await Eyes(one).see(1)
        await one.stop_recording(KEY)
        (ended,) = heard.of(RecordingEnded)
        camera = ended.recording
        (screen,) = camera.parts
        assert (camera.path.name, camera.width, camera.height) == ("video.webm", 320, 240)
        assert (screen.path.name, screen.width, screen.height) == ("screen.webm", 640, 400)
        assert camera.seconds > screen.seconds > 1
        assert 0.5 < screen.offset < camera.seconds - screen.seconds + 0.5
        assert await flow(it) >= 40


async def test_keys_that_are_pressed_arrive_once_each(browser: Browser) -> None:
    async with engine() as (one, heard), tab(browser, one) as it:
        await it.connect(heard, calls=True)
        await heard.wait(FirstAudio)
        await it.run(
            """() => new Promise(resolve => {
              const dtmf = pc.getSenders()[0].dtmf;
              dtmf.ontonechange = event => event.tone || resolve();
              dtmf.insertDTMF("0099*#AD", 100, 50);
            })"""
        )
        await asyncio.sleep(0.3)
        digits = heard.of(Digit)
        assert "".join(digit.digit for digit in digits) == "0099*#AD"
        assert all(0.08 <= digit.seconds <= 0.13 for digit in digits)
