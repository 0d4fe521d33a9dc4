"""Cameras and screens are told apart by what their sender says of their streams (MSC3077)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from aiortc import RTCRtpSender

from tests.media.calls import KEY, Heard, engine, sample, until
from tests.media.clients import BareClient, bare_client
from tests.media.test_private import Ear
from tests.media.test_video import Camera
from voip.media.agreed import Line
from voip.media.description import Section, parse
from voip.media.engine import MediaEngine
from voip.media.errors import UnknownCall
from voip.media.events import Connected, FirstAudio, Recording, RecordingEnded
from voip.media.packets import VideoFrame
from voip.media.settings import MediaSettings
from voip.media.streams import counting, ids_of
from voip.signalling.content import StreamMetadata, Streams

CAMERA = StreamMetadata(purpose="m.usermedia")
MUTED = StreamMetadata(purpose="m.usermedia", video_muted=True)
SAID_TO_BE_SILENT = StreamMetadata(purpose="m.usermedia", audio_muted=True)
SCREEN = StreamMetadata(purpose="m.screenshare")
BOTH: Streams = {"media": CAMERA, "screen": SCREEN}
SIZES = {"media": (160, 120), "screen": (320, 200)}
LUMA = {"media": 60, "screen": 180}
UNDER_WAY = 1.2
"""Seconds that pictures may take: they are encoded in this process, late on a slow machine."""


# --- which m-lines count --------------------------------------------------------------------


def line(mid: str, *lines: str, kind: str = "video") -> Line:
    section = Section(kind, 9, "UDP/TLS/RTP/SAVPF", ["96"], [f"a={one}" for one in lines])
    return Line(0, kind, mid, "recvonly", section, section)


def audio(mid: str, *lines: str) -> Line:
    return line(mid, *lines, kind="audio")


@pytest.mark.parametrize(
    ("lines", "streams", "counts"),
    [
        # Without metadata: the first stream, whatever is in it, and what is in none.
        ([audio("0", "msid:a x"), line("1", "msid:a y"), line("2", "msid:b z")], None, {"0", "1"}),
        ([audio("0"), line("1")], None, {"0", "1"}),
        ([audio("0"), line("1", "msid:a x"), line("2", "msid:b x")], None, {"0", "1"}),
        ([audio("0", "msid:- x"), line("1", "msid:a x")], None, {"0", "1"}),
        # With metadata: what is listed.
        ([audio("0", "msid:media x"), line("1", "msid:screen y")], BOTH, {"0", "1"}),
        ([audio("0", "msid:media x"), line("1", "msid:other y")], BOTH, {"0"}),
        ([audio("0", "msid:media x"), line("1")], BOTH, {"0"}),
        ([audio("0", "msid:media x"), line("1", "msid:media y")], {}, set()),
        ([line("1", "msid:other y", "msid:screen y")], BOTH, {"1"}),
        ([line("1", "ssrc:7 cname:c", "ssrc:7 msid:screen y")], BOTH, {"1"}),
        # Where no track has a stream they tell nothing.
        ([audio("0"), line("1", "msid:- y")], BOTH, {"0", "1"}),
    ],
)
def test_which_lines_count(lines: list[Line], streams: Streams | None, counts: set[str]) -> None:
    assert counting(lines, streams).keys() == counts


def test_each_line_is_for_what_its_stream_is_for() -> None:
    lines = [audio("0", "msid:media x"), line("1", "msid:screen y"), line("2", "msid:media z")]
    assert counting(lines, BOTH) == {"0": CAMERA, "1": SCREEN, "2": CAMERA}


@pytest.mark.parametrize("name", ["chromium-video", "firefox-video", "gstreamer-video"])
def test_real_clients_name_one_stream_for_sound_and_camera(name: str) -> None:
    first, second = [
        ids_of(section) for section in parse(sample(name)).sections if section.kind != "application"
    ]
    assert first == second
    assert len(first) == 1


# --- with a real peer -----------------------------------------------------------------------


class Show(Camera):
    """The pictures of one stream, of a size and brightness of their own."""

    def __init__(self, stream: str) -> None:
        super().__init__()
        self._stream = stream

    async def recv(self) -> av.VideoFrame:
        grey = await super().recv()
        width, height = SIZES[self._stream]
        picture = np.full((height * 3 // 2, width), 128, np.uint8)
        picture[:height] = LUMA[self._stream]
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts, frame.time_base = grey.pts, grey.time_base
        return frame


class Eyes:
    """What arrives of the pictures of a call, from now on."""

    def __init__(self, one: MediaEngine) -> None:
        self.frames: list[VideoFrame] = []
        one._calls[KEY].tap.add_video(self)

    def video(self, frame: VideoFrame) -> None:
        self.frames.append(frame)

    async def see(self, *screens: int, count: int = 15) -> None:
        """So many more of each: 0 is the camera, then the screens."""
        seen = self.count()
        await until(lambda: all(self.count()[one] >= seen[one] + count for one in screens))

    def count(self) -> Counter[int]:
        return Counter(frame.screen for frame in self.frames)


def show(client: BareClient, stream: str) -> None:
    """Send a video in this stream, in VP8."""
    transceiver = client.pc.addTransceiver(Show(stream))
    codecs = RTCRtpSender.getCapabilities("video").codecs
    transceiver.setCodecPreferences([one for one in codecs if one.mimeType == "video/VP8"])
    transceiver.sender._stream_id = stream


@asynccontextmanager
async def showing(*streams: str) -> AsyncIterator[tuple[MediaEngine, Heard, BareClient]]:
    """A call with somebody who speaks in the stream `media` and shows something in each of these.
    Keyframes come when they are asked for, and that is done often."""
    async with (
        engine(MediaSettings(keyframe_interval=0.2)) as (one, heard),
        bare_client() as client,
    ):
        client.pc.getSenders()[0]._stream_id = "media"
        for stream in streams:
            show(client, stream)
        await client.answered(await one.create_answer(KEY, await client.offer(), ice_servers=[]))
        await heard.wait(Connected)
        try:
            yield one, heard, client
        finally:
            for sender in client.pc.getSenders():
                if sender.track is not None:
                    sender.track.stop()


async def share(one: MediaEngine, client: BareClient) -> None:
    """The client's screen joins the call."""
    show(client, "screen")
    await client.answered(await one.create_reanswer(KEY, await client.offer()))


async def recorded(one: MediaEngine, heard: Heard) -> Recording:
    await one.stop_recording(KEY)
    (ended,) = heard.of(RecordingEnded)
    return ended.recording


def luma(path: Path) -> list[tuple[float, float]]:
    """Second and brightness of each picture."""
    with av.open(str(path)) as container:
        return [
            (float(frame.time or 0), float(np.mean(frame.to_ndarray()[: frame.height])))
            for frame in container.decode(container.streams.video[0])
        ]


def is_of(recording: Recording, stream: str) -> bool:
    """The file has the pictures of this stream, and no other."""
    assert (recording.width, recording.height) == SIZES[stream]
    pictures = luma(recording.path)
    assert len(pictures) >= 3
    assert all(value == pytest.approx(LUMA[stream], abs=6) for _, value in pictures)
    return True


@pytest.mark.parametrize("order", [("media", "screen"), ("screen", "media")])
async def test_two_videos_of_the_first_offer_are_recorded_by_their_purpose(
    tmp_path: Path, order: Iterable[str]
) -> None:
    async with showing(*order) as (one, heard, _):
        await one.set_streams(KEY, BOTH)
        await heard.wait(FirstAudio)
        await one.start_recording(KEY, tmp_path)
        await Eyes(one).see(0, 1, count=30)
        camera = await recorded(one, heard)
    (screen,) = camera.parts
    assert (camera.path.name, screen.path.name) == ("video.webm", "screen.webm")
    assert is_of(camera, "media")
    assert is_of(screen, "screen")
    assert 0 <= screen.offset < 1.5
    assert screen.offset + screen.seconds == pytest.approx(camera.seconds, abs=UNDER_WAY)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_screen_that_joins_is_recorded_whenever_it_is_told(
    tmp_path: Path, when: str
) -> None:
    """Its metadata may come ahead of its negotiation, or when its packets flow already."""
    async with showing("media") as (one, heard, client):
        await one.set_streams(KEY, {"media": CAMERA})
        await heard.wait(FirstAudio)
        await one.start_recording(KEY, tmp_path)
        await asyncio.sleep(1)
        eyes = Eyes(one)
        if when == "before":
            await one.set_streams(KEY, BOTH)
        await share(one, client)
        if when == "after":
            await asyncio.sleep(1)
            await one.set_streams(KEY, BOTH)
        await eyes.see(0, 1)
        camera = await recorded(one, heard)
    assert is_of(camera, "media")
    (screen,) = camera.parts
    assert is_of(screen, "screen")
    assert screen.offset > (0.7 if when == "before" else 1.7)
    assert screen.offset + screen.seconds == pytest.approx(camera.seconds, abs=UNDER_WAY)


async def test_without_metadata_only_the_first_stream_is_recorded(tmp_path: Path) -> None:
    async with showing("media", "screen") as (one, heard, _):
        await heard.wait(FirstAudio)
        await one.start_recording(KEY, tmp_path)
        await Eyes(one).see(0)
        camera = await recorded(one, heard)
    assert is_of(camera, "media")
    assert camera.parts == ()


async def test_a_voice_call_with_a_screen_is_sound_and_a_screen(tmp_path: Path) -> None:
    async with showing("screen") as (one, heard, _):
        await one.set_streams(KEY, BOTH)
        await heard.wait(FirstAudio)
        await one.start_recording(KEY, tmp_path)
        await Eyes(one).see(1)
        sound = await recorded(one, heard)
    assert sound.path.name == "audio.ogg"
    assert is_of(sound.parts[0], "screen")


async def test_sound_of_a_stream_that_is_not_listed_is_not_heard() -> None:
    async with showing() as (one, heard, _):
        await one.set_streams(KEY, {"another": CAMERA})
        ear = Ear()
        one._calls[KEY].tap.add_audio(ear)
        before = (await one.stats(KEY)).packets_received
        await asyncio.sleep(0.5)
        known = len(ear.packets)
        assert (await one.stats(KEY)).packets_received > before
        await asyncio.sleep(0.5)
        assert len(ear.packets) == known == 0
        await one.set_streams(
            KEY, {"media": StreamMetadata(purpose="m.usermedia", audio_muted=True)}
        )
        await heard.wait(FirstAudio)  # what is said to be muted is never muted here
        await asyncio.sleep(0.2)
        assert ear.packets
        for streams, heard_then in (({}, False), ({"media": CAMERA}, True), ({}, False)):
            await one.set_streams(KEY, streams)
            ear.packets.clear()
            await asyncio.sleep(0.3)
            assert bool(ear.packets) is heard_then


async def test_keyframes_are_asked_of_camera_and_screen(tmp_path: Path) -> None:
    async with showing("media", "screen") as (one, heard, _):
        await one.set_streams(KEY, BOTH)
        await heard.wait(FirstAudio)
        await one.start_recording(KEY, tmp_path)
        eyes = Eyes(one)

        def keyframes(screen: int) -> int:
            return sum(f.keyframe for f in eyes.frames if f.screen == screen)

        await until(lambda: min(keyframes(0), keyframes(1)) >= 3)


async def test_a_muted_camera_leaves_a_gap_of_true_length(tmp_path: Path) -> None:
    async with showing("media", "screen") as (one, heard, _):
        await one.set_streams(KEY, BOTH)
        await heard.wait(FirstAudio)
        await one.start_recording(KEY, tmp_path)
        await Eyes(one).see(0)
        await one.set_streams(KEY, {"media": MUTED, "screen": SCREEN})
        eyes = Eyes(one)
        await asyncio.sleep(1)
        await eyes.see(1)
        assert all(frame.screen for frame in eyes.frames)  # the screen goes on
        eyes.frames.clear()
        await one.set_streams(KEY, BOTH)
        await eyes.see(0)
        assert next(frame for frame in eyes.frames if not frame.screen).keyframe
        camera = await recorded(one, heard)
    times = [second for second, _ in luma(camera.path)]
    longest = max(b - a for a, b in pairwise(times))
    assert 1 - UNDER_WAY / 2 < longest < 15  # without a gap: a tenth
    assert is_of(camera, "media")
    assert len(camera.parts) == 1
    # Pictures lie where they were taken: the last ones are still under way when it ends.
    assert times[-1] == pytest.approx(camera.seconds, abs=UNDER_WAY)


async def test_a_screen_that_is_shared_again_is_another_one() -> None:
    async with showing("media", "screen") as (one, heard, _):
        await heard.wait(FirstAudio)
        eyes = Eyes(one)
        for screen in (1, 2):
            await one.set_streams(KEY, BOTH)
            await one._calls[KEY].peer.request_keyframes()
            await eyes.see(screen, count=3)
            await one.set_streams(KEY, {"media": CAMERA})
    assert {frame.screen for frame in eyes.frames} == {0, 1, 2}


async def test_a_call_that_is_gone_takes_no_streams() -> None:
    async with engine() as (one, _):
        with pytest.raises(UnknownCall):
            await one.set_streams(KEY, BOTH)
