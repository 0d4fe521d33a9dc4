"""Chromium's fake microphone and camera, recorded through a network that loses packets."""

from __future__ import annotations

import asyncio
import base64
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route

from tests.e2e.browser import chromium
from tests.media.calls import KEY, engine
from tests.media.chromium import URL, Tab, tab
from tests.media.lossy import lossy_path
from tests.media.pacman import apart, beeps, frames
from tests.media.test_gaps import seconds_of
from voip.media.events import Connected, Recording, RecordingEnded

pytestmark = pytest.mark.asyncio(loop_scope="module")
SECONDS = 15.0
BEGIN = """async () => {
  window.stream = await navigator.mediaDevices.getUserMedia(
    {audio: true, video: {width: 320, height: 240}});
  for (const track of stream.getTracks()) pc.addTrack(track, stream);
}"""
REFERENCE = """() => {
  window.chunks = [];
  window.recorder = new MediaRecorder(stream, {mimeType: "video/webm;codecs=vp8,opus"});
  recorder.ondataavailable = event => chunks.push(event.data);
  recorder.start();
}"""
REFERENCE_ENDS = """() => new Promise(resolve => {
  recorder.onstop = () => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.split(",")[1]);
    reader.readAsDataURL(new Blob(chunks));
  };
  recorder.stop();
})"""
PLAY = """async url => {
  const video = document.createElement("video");
  document.body.append(video);
  video.muted = true;
  const failed = new Promise((_, no) => { video.onerror = () => no(Error(video.error.message)); });
  video.src = url;
  await Promise.race([video.play(), failed]);
  while (video.currentTime < 2)
    await Promise.race([new Promise(go => setTimeout(go, 100)), failed]);
  const {videoWidth: width, videoHeight: height, duration, currentTime} = video;
  // To the end: whatever is in between has to be found.
  video.currentTime = duration - 1;
  await Promise.race([new Promise(go => { video.onended = go; }), failed]);
  const shown = video.getVideoPlaybackQuality().totalVideoFrames;
  return {width, height, duration, currentTime, shown};
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as one:
        yield one


async def recorded(it: Tab, folder: Path, loss: float) -> tuple[Recording, Path]:
    """What we recorded, and what the browser recorded of its own devices meanwhile."""
    async with lossy_path(loss) as path:
        await it.run(BEGIN)
        offer = path.offer(await it.run("offer()"))
        answer = await it.engine.create_answer(KEY, offer, ice_servers=[])
        await it.run("sdp => answered(sdp)", path.answer(answer))
        heard = it.engine._listener
        await heard.wait(Connected, 30)  # type: ignore[attr-defined]
        await it.run(REFERENCE)
        await it.engine.start_recording(KEY, folder)
        await asyncio.sleep(SECONDS)
        await it.engine.stop_recording(KEY)
        reference = folder / "reference.webm"
        reference.write_bytes(base64.b64decode(await it.run(REFERENCE_ENDS)))
        passed, lost = path.counted
        assert loss / 2 <= lost / (passed + lost) <= 2 * loss
        (ended,) = heard.of(RecordingEnded)  # type: ignore[attr-defined]
        return ended.recording, reference


def probe(path: Path) -> str:
    """What ffprobe has to complain about, when it decodes everything."""
    try:
        done = subprocess.run(
            ["ffprobe", "-v", "warning", "-count_frames", "-show_streams", str(path)],
            check=True,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        pytest.skip("the command ffprobe is missing: on Debian, apt-get install ffmpeg")
    return done.stderr


@pytest.mark.parametrize(
    ("loss", "alone"),
    [
        pytest.param(0.0, True, marks=pytest.mark.long),
        pytest.param(0.02, True, marks=pytest.mark.long),
        pytest.param(0.1, True, marks=pytest.mark.long),
        (0.1, False),
    ],
)
async def test_a_recording_through_loss_plays_and_is_in_sync(
    browser: Browser, tmp_path: Path, loss: float, alone: bool
) -> None:
    async with engine() as (one, _), tab(browser, one) as it:
        recording, reference = await recorded(it, tmp_path, loss)

        async def serve(route: Route) -> None:
            await route.fulfill(path=recording.path, content_type="video/webm")

        await it.page.route(f"{URL}recording.webm", serve)
        played = await it.run(PLAY, f"{URL}recording.webm")
    assert recording.mime_type == "video/webm"
    assert (played["width"], played["height"]) == (320, 240)
    assert played["duration"] == pytest.approx(recording.seconds, abs=0.1)
    assert played["currentTime"] >= 2
    assert played["shown"] > 20
    assert probe(recording.path) == ""
    assert seconds_of(recording.path) == pytest.approx(recording.seconds, abs=0.1)
    # As long as it took, however much was lost; beeps in their places, however long it lasts.
    heard_beeps = beeps(recording.path)
    assert len(heard_beeps) >= 2 * (SECONDS - 2) * (1 - 2 * loss)
    steps = np.diff(heard_beeps)
    assert np.abs(steps - 0.5 * np.round(steps / 0.5)).max() <= 0.04
    assert len(frames(recording.path)) >= 10 * (SECONDS - 5)
    late = [value for second, value in apart(recording.path, reference) if second > 7]
    assert len(late) >= 3
    # What the browser reports is that far from what it records itself; what we make of its
    # reports does not change, whatever the network does. Beside other tests the browser's devices
    # stumble, and their clocks with them: there it is enough that sound and picture came together,
    # which without the reports they never do.
    assert np.abs(late).min() <= 0.08
    if alone:
        assert np.ptp(late) <= 0.04
        assert abs(np.median(late)) <= 0.08
