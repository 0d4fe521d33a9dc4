"""What matrix-js-sdk does in the middle of a call, and what it makes of what we do there.

Hold, mute, camera, screen and a new network path are all renegotiations, or are told in stream
metadata. After each one both sides are asked what they think, and the packets are counted.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import pairwise

import av
import pytest

from tests.e2e.jssdk import Feed, JsCall
from tests.e2e.lines import Line, until
from voip.bot.call import Call
from voip.media.events import Recording
from voip.signalling.commands import By, EndReason


async def hang_up(theirs: JsCall, ours: Call) -> None:
    """The end of every test here: whatever was changed, the call still ends as any other."""
    await theirs.hang_up()
    assert await theirs.ended() == ("local", "user_hangup")
    end = await ours.closed()
    assert (end.reason, end.by) == (EndReason.HANGUP, By.PEER)


async def talk(line: Line, js_calls: bool = True) -> tuple[JsCall, Call]:
    """A call in which we hum all the time."""
    theirs, ours = await (line.js_calls() if js_calls else line.we_call())
    line.hum(ours)
    return theirs, ours


async def passing(theirs: JsCall) -> tuple[int, int]:
    """Audio packets that arrive and leave there within a second."""
    await asyncio.sleep(0.3)  # what was under way is over then
    before = await theirs.flow()
    await asyncio.sleep(1.0)
    after = await theirs.flow()
    return (
        after.audio_received - before.audio_received,
        after.audio_sent - before.audio_sent,
    )


def holds(call: Call) -> bool:
    return call.peer_state is not None and call.peer_state.holds


def is_muted(call: Call) -> bool:
    return call.peer_state is not None and call.peer_state.audio_muted


async def js_holds_and_resumes(theirs: JsCall, ours: Call) -> None:
    await theirs.hold(on=True)
    await until(lambda: holds(ours))
    assert (await theirs.view()).remote_hold
    arrives, _ = await passing(theirs)  # its own microphone is muted meanwhile
    assert arrives == 0
    await theirs.hold(on=False)
    await until(lambda: not holds(ours))
    await theirs.talks_both_ways()


async def js_adds_its_camera(theirs: JsCall, ours: Call) -> None:
    await theirs.camera(on=True)
    await until(lambda: ours.peer_state is not None and not ours.peer_state.video_muted)
    await theirs.more(lambda flow: flow.video_sent, by=30)


async def js_finds_another_path(theirs: JsCall) -> None:
    before, ends = (await theirs.flow()).local_ufrag, await theirs.ends_of_candidates(1)
    await theirs.restart_ice()
    await moved(theirs, before, ends)


async def we_find_another_path(theirs: JsCall, ours: Call) -> None:
    before, ends = (await theirs.flow()).local_ufrag, await theirs.ends_of_candidates(1)
    ours.restart_ice()
    await moved(theirs, before, ends)


async def moved(theirs: JsCall, local_ufrag: str | None, ends: int) -> None:
    """Another path is in use, whose candidates of ours have had their end."""
    await theirs.moved_from(local_ufrag)
    await theirs.talks_both_ways()
    assert await theirs.ends_of_candidates(ends + 1) == ends + 1
    assert theirs.client.refused_candidates == []


def screens(call: Call) -> int:
    """How many the other side says that it shares."""
    return sum(said.purpose == "m.screenshare" for said in call.peer_streams.values())


def colours(recording: Recording) -> Counter[str]:
    """`green` is Chromium's fake camera: how many pictures have the most of what."""
    with av.open(str(recording.path)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(pictures) >= 10
    means = [picture.reshape(-1, 3).mean(0) for picture in pictures]
    names = ("red", "green", "blue")
    return Counter(names[mean.argmax()] if mean.max() > 30 else "black" for mean in means)


def shape(recording: Recording) -> float:
    assert recording.width
    assert recording.height
    return recording.width / recording.height


def longest_gap(recording: Recording) -> float:
    """Seconds between two of its pictures."""
    with av.open(str(recording.path)) as container:
        times = [float(frame.time or 0) for frame in container.decode(video=0)]
    return max(later - one for one, later in pairwise(times))


async def test_one_call_goes_through_hold_camera_and_another_path(line: Line) -> None:
    theirs, ours = await talk(line)
    await js_holds_and_resumes(theirs, ours)
    await js_adds_its_camera(theirs, ours)
    await js_finds_another_path(theirs)
    await we_find_another_path(theirs, ours)
    await hang_up(theirs, ours)


@pytest.mark.long
@pytest.mark.parametrize("js_calls", [True, False])
async def test_js_holds_and_resumes(line: Line, js_calls: bool) -> None:
    theirs, ours = await talk(line, js_calls)
    for _ in range(2):
        await js_holds_and_resumes(theirs, ours)
    await hang_up(theirs, ours)


@pytest.mark.long
@pytest.mark.parametrize("js_calls", [True, False])
async def test_we_hold_and_resume(line: Line, js_calls: bool) -> None:
    theirs, ours = await talk(line, js_calls)
    for _ in range(2):
        ours.hold()
        await theirs.until(lambda view: view.local_hold)
        _, leaves = await passing(theirs)
        assert leaves == 0
        await theirs.more(lambda flow: flow.audio_received, by=25)  # whom we hold may hear us
        ours.resume()
        await theirs.until(lambda view: not view.local_hold)
        await theirs.talks_both_ways()
    await hang_up(theirs, ours)


@pytest.mark.long
async def test_both_hold_each_other_and_the_last_to_resume_opens_the_line(line: Line) -> None:
    theirs, ours = await talk(line)
    await theirs.hold(on=True)
    await until(lambda: holds(ours))
    ours.hold()
    await theirs.until(lambda view: view.local_hold)
    await theirs.hold(on=False)
    await until(lambda: not holds(ours))
    _, leaves = await passing(theirs)
    assert leaves == 0
    ours.resume()
    await theirs.until(lambda view: not view.local_hold)
    await theirs.talks_both_ways()
    await hang_up(theirs, ours)


@pytest.mark.long
@pytest.mark.parametrize("js_calls", [True, False])
async def test_a_voice_call_grows_into_video_and_is_recorded_on(line: Line, js_calls: bool) -> None:
    theirs, ours = await talk(line, js_calls)
    recording = asyncio.create_task(ours.record())
    await theirs.more(lambda flow: flow.audio_sent, by=50)
    await js_adds_its_camera(theirs, ours)
    await theirs.more(lambda flow: flow.video_sent, by=100)
    await ours.stop_recording()
    kept: Recording = await recording
    assert kept.mime_type in {"video/webm", "video/x-matroska"}
    assert kept.width
    assert kept.seconds > 2
    await theirs.camera(on=False)
    await until(lambda: ours.peer_state is not None and ours.peer_state.video_muted)
    await theirs.talks_both_ways()
    await hang_up(theirs, ours)


@pytest.mark.long
async def test_js_adds_its_camera_when_we_ask_for_video(line: Line) -> None:
    theirs, ours = await talk(line, js_calls=False)
    ours.receive_video()
    await theirs.talks_both_ways()
    await js_adds_its_camera(theirs, ours)
    await hang_up(theirs, ours)


@pytest.mark.long
@pytest.mark.parametrize("js_calls", [True, False])
async def test_js_shares_its_screen_as_a_second_stream(line: Line, js_calls: bool) -> None:
    theirs, ours = await talk(line, js_calls)
    recording = asyncio.create_task(ours.record())
    for _ in range(2):
        before = (await line.phone.media.stats(ours.key)).packets_received
        await theirs.share_screen(on=True)
        await until(lambda: screens(ours) == 1)
        await theirs.more(lambda flow: flow.video_sent, by=20)
        await theirs.talks_both_ways()
        after = (await line.phone.media.stats(ours.key)).packets_received
        assert after - before >= 20
        await theirs.share_screen(on=False)
        await until(lambda: screens(ours) == 0)
        await theirs.talks_both_ways()
    await ours.stop_recording()
    kept = await recording
    assert kept.path.name == "audio.ogg"
    first, second = kept.parts
    assert [part.path.name for part in kept.parts] == ["screen.webm", "screen-2.webm"]
    assert shape(first) == shape(second) == pytest.approx(16 / 9, abs=0.01)
    assert 0 < first.offset < first.offset + first.seconds < second.offset
    assert second.offset + second.seconds < kept.seconds
    await hang_up(theirs, ours)


@pytest.mark.long
async def test_js_shares_its_screen_beside_its_camera(line: Line) -> None:
    await line.js.has_a_blue_screen()
    theirs, ours = await line.js_calls(video=True)
    line.hum(ours)
    recording = asyncio.create_task(ours.record())
    await theirs.more(lambda flow: flow.video_sent, by=20)
    assert [said.purpose for said in ours.peer_streams.values()] == ["m.usermedia"]
    await theirs.share_screen(on=True)
    await until(lambda: screens(ours) == 1)
    await theirs.more(lambda flow: flow.video_sent, by=100)
    await theirs.talks_both_ways()
    await theirs.share_screen(on=False)
    await until(lambda: screens(ours) == 0)
    await theirs.more(lambda flow: flow.video_sent, by=50)
    await ours.stop_recording()
    camera = await recording
    (screen,) = camera.parts
    assert ours.recordings == [camera, screen]
    assert (camera.path.name, screen.path.name) == ("video.webm", "screen.webm")
    assert (set(colours(camera)), set(colours(screen))) == ({"green"}, {"blue"})
    # Chromium makes pictures smaller where it believes in less bandwidth, in their shape.
    assert shape(screen) == 1.6
    assert shape(camera) == pytest.approx(16 / 9, abs=0.01)
    assert 0 < screen.offset < screen.offset + screen.seconds < camera.seconds
    await hang_up(theirs, ours)


@pytest.mark.long
async def test_a_camera_that_js_switches_off_leaves_a_gap(line: Line) -> None:
    theirs, ours = await line.js_calls(video=True)
    line.hum(ours)
    recording = asyncio.create_task(ours.record())
    await theirs.more(lambda flow: flow.video_sent, by=30)
    await theirs.camera(on=False)
    await until(lambda: ours.peer_state is not None and ours.peer_state.video_muted)
    await asyncio.sleep(2)
    await theirs.camera(on=True)
    await until(lambda: ours.peer_state is not None and not ours.peer_state.video_muted)
    await theirs.more(lambda flow: flow.video_sent, by=60)
    await ours.stop_recording()
    camera = await recording
    seen = colours(camera)
    # It sends black at once, and says so a little later.
    assert set(seen) <= {"green", "black"}
    assert seen["black"] <= 5
    assert longest_gap(camera) > 1.5
    await hang_up(theirs, ours)


@pytest.mark.long
async def test_js_tells_us_that_it_is_muted(line: Line) -> None:
    theirs, ours = await talk(line)
    await theirs.mute(on=True)
    await until(lambda: is_muted(ours))
    await theirs.mute(on=False)
    await until(lambda: not is_muted(ours))
    await hang_up(theirs, ours)


@pytest.mark.long
async def test_js_shows_that_we_are_muted(line: Line) -> None:
    theirs, ours = await talk(line)
    ours.say_muted(audio=True)
    await theirs.until(lambda view: view.feeds == [Feed("m.usermedia", True, True)])
    ours.say_muted(audio=False)
    await theirs.until(lambda view: view.feeds == [Feed("m.usermedia", False, True)])
    await theirs.talks_both_ways()
    await hang_up(theirs, ours)


@pytest.mark.long
@pytest.mark.parametrize("js_calls", [True, False])
async def test_js_restarts_ice_again_and_again(line: Line, js_calls: bool) -> None:
    theirs, ours = await talk(line, js_calls)
    for _ in range(3):
        await js_finds_another_path(theirs)
    await hang_up(theirs, ours)


@pytest.mark.long
@pytest.mark.parametrize("js_calls", [True, False])
async def test_we_restart_ice_again_and_again(line: Line, js_calls: bool) -> None:
    theirs, ours = await talk(line, js_calls)
    for _ in range(3):
        await we_find_another_path(theirs, ours)
    await hang_up(theirs, ours)


@pytest.mark.long
@pytest.mark.parametrize("js_calls", [True, False])
async def test_both_offer_at_the_same_time(line: Line, js_calls: bool) -> None:
    theirs, ours = await talk(line, js_calls)
    ours.restart_ice()
    await theirs.hold(on=True)
    await until(lambda: holds(ours))
    ours.restart_ice()
    await theirs.hold(on=False)
    await until(lambda: not holds(ours))
    await theirs.talks_both_ways()
    await hang_up(theirs, ours)
