"""Video towards us: whole encoded frames, recorded as they are."""

from __future__ import annotations

import asyncio
import re
from fractions import Fraction
from pathlib import Path

import av
import pytest
from aiortc import MediaStreamTrack, RTCRtpSender

from tests.media.calls import KEY, call, engine, until
from tests.media.clients import BareClient, bare_client
from tests.media.test_private import Ear
from voip.media import private
from voip.media.events import Connected, FirstAudio, RecordingEnded
from voip.media.packets import SenderReport, VideoFrame
from voip.media.settings import MediaSettings


class Camera(MediaStreamTrack):
    """Grey pictures, 20 a second, small: encoding is not what is tested. On a slow machine there
    are fewer, each with the time at which it was taken, as cameras do."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._number = self._taken = 0
        self._began = asyncio.get_running_loop().time()

    async def recv(self) -> av.VideoFrame:
        await asyncio.sleep(0.05)
        taken = round((asyncio.get_running_loop().time() - self._began) / 0.05)
        self._taken = max(self._taken + 1, taken)
        frame = av.VideoFrame(160, 120, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([self._number % 256]) * plane.buffer_size)
        frame.pts, frame.time_base = self._taken * 4500, Fraction(1, 90000)
        self._number += 1
        return frame


class Eye:
    def __init__(self) -> None:
        self.frames: list[VideoFrame] = []
        self.enough = asyncio.Event()
        self.keyframe = asyncio.Event()

    def video(self, frame: VideoFrame) -> None:
        self.frames.append(frame)
        if frame.keyframe:
            self.keyframe.set()
        if len(self.frames) >= 10:
            self.enough.set()


def film(client: BareClient, codec: str) -> Camera:
    camera = Camera()
    transceiver = client.pc.addTransceiver(camera)
    codecs = RTCRtpSender.getCapabilities("video").codecs
    wanted = [one for one in codecs if one.mimeType in (f"video/{codec}", "video/rtx")]
    transceiver.setCodecPreferences(wanted)
    return camera


class Post:
    """What the sender reports, by clock rate."""

    def __init__(self) -> None:
        self.by_rate: dict[int, SenderReport] = {}

    def report(self, report: SenderReport) -> None:
        self.by_rate[report.clock_rate] = report


@pytest.mark.parametrize("named", [True, False], ids=["ssrcs-in-sdp", "no-ssrcs-in-sdp"])
async def test_reports_of_sound_and_picture_arrive(named: bool) -> None:
    async with engine() as (one, heard), bare_client() as client:
        film(client, "VP8")
        offer = await client.offer()
        if not named:
            offer = re.sub(r"a=ssrc[^\r]*\r\n", "", offer)
        await client.answered(await one.create_answer(KEY, offer, ice_servers=[]))
        post, eye, ear = Post(), Eye(), Ear()
        tap = one._calls[KEY].peer.tap
        tap.add_reports(post)
        tap.add_video(eye)
        tap.add_audio(ear)
        await heard.wait(Connected)
        await until(lambda: all(rate in post.by_rate for rate in (48_000, 90_000)))
        sound, picture = post.by_rate[48_000], post.by_rate[90_000]
        assert sound.ssrc == ear.packets[-1].ssrc
        assert picture.ssrc == eye.frames[-1].ssrc
        # One clock behind both: two reports are at most a few of their intervals apart.
        assert abs(sound.ntp - picture.ntp) < 15
        assert sound.timestamp in {packet.timestamp for packet in ear.packets}
        # A frame is whole when the next one begins.
        assert min(abs(picture.timestamp - frame.timestamp) for frame in eye.frames) < 90_000


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_video_arrives_as_whole_frames_and_keyframes_are_given_when_asked_for(
    codec: str,
) -> None:
    async with engine() as (one, heard), bare_client() as client:
        camera = film(client, codec)
        await client.answered(await one.create_answer(KEY, await client.offer(), ice_servers=[]))
        eye = Eye()
        peer = one._calls[KEY].peer
        peer.tap.add_video(eye)
        await heard.wait(Connected)
        await asyncio.wait_for(eye.enough.wait(), 20)
        eye.keyframe.clear()
        await peer.request_keyframes()
        await asyncio.wait_for(eye.keyframe.wait(), 10)
        receiver = peer._pc.getTransceivers()[1].receiver
        assert receiver.track._queue.qsize() <= 1  # type: ignore[attr-defined]  # its end mark
        assert not getattr(receiver, private.Receiver.DECODER_THREAD).is_alive()
        camera.stop()
    assert {frame.codec for frame in eye.frames} == {codec}
    assert eye.frames[0].keyframe
    steps = {
        (b.timestamp - a.timestamp) % (1 << 32)
        for a, b in zip(eye.frames, eye.frames[1:], strict=False)
    }
    assert {step % 4500 for step in steps} == {0}  # 90 kHz, at 20 a second
    # What was handed on can be decoded.
    decoder = av.CodecContext.create({"VP8": "vp8", "H264": "h264"}[codec], "r")
    assert isinstance(decoder, av.VideoCodecContext)
    pictures = [one for frame in eye.frames[:8] for one in decoder.decode(av.Packet(frame.data))]
    assert (pictures[0].width, pictures[0].height) == (160, 120)


async def test_a_video_call_is_recorded_by_passthrough(tmp_path: Path) -> None:
    settings = MediaSettings(keyframe_interval=0.2)
    async with engine(settings) as (one, heard), bare_client() as client:
        camera = film(client, "VP8")
        await client.answered(await one.create_answer(KEY, await client.offer(), ice_servers=[]))
        await heard.wait(FirstAudio)
        await one.start_recording(KEY, tmp_path)
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(1.5)
        await one.stop_recording(KEY)
        took = asyncio.get_running_loop().time() - began
        camera.stop()
        (ended,) = heard.of(RecordingEnded)
    recording = ended.recording
    assert recording.mime_type == "video/webm"
    assert (recording.width, recording.height) == (160, 120)
    assert 0.7 < recording.seconds < took + 1.2


async def test_we_offer_to_receive_video_when_asked_to() -> None:
    async with engine() as (one, heard), bare_client() as client:
        offer = await one.create_offer(KEY, video=True, ice_servers=[])
        assert "a=recvonly" in offer
        camera = Camera()
        client.pc.addTrack(camera)
        eye = Eye()
        one._calls[KEY].peer.tap.add_video(eye)
        await one.apply_answer(KEY, await client.answer(offer))
        await heard.wait(Connected)
        await asyncio.wait_for(eye.enough.wait(), 20)
        camera.stop()


async def test_two_that_only_receive_video_agree_on_none() -> None:
    answers = []

    def keep(answer: str) -> str:
        answers.append(answer)
        return answer

    async with call(video=True, edit_answer=keep) as (_, hears, _, _):
        await hears.wait(FirstAudio)
    assert answers[0].count("a=inactive") == 1


async def test_a_peer_that_rejects_our_video_is_still_a_voice_call() -> None:
    """Firefox's way: port 0, and no ICE attributes."""

    def reject(answer: str) -> str:
        head, _, video = answer.partition("m=video ")
        _, _, formats = video.partition(" ")
        first = formats.split("\r\n", 1)[0]
        head = head.replace("BUNDLE 0 1", "BUNDLE 0")
        return f"{head}m=video 0 {first}\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\na=mid:1\r\n"

    async with call(video=True, edit_answer=reject) as (_, hears, _, callee_hears):
        await hears.wait(FirstAudio)
        await callee_hears.wait(FirstAudio)
