"""Two calls that see each other through a third party."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import av
import numpy as np
import pytest
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpSender,
)
from aiortc.rtp import is_rtcp

from tests.media.calls import Heard, engine, until
from tests.media.clients import BareClient, bare_client
from tests.media.test_bridge import A, B, both_connected
from tests.media.test_video import Camera, Eye
from voip.media import private
from voip.media.bridge import KEYFRAME_PAUSE
from voip.media.description import parse
from voip.media.engine import MediaEngine
from voip.media.events import LocalStreams
from voip.media.passed_video import Showing
from voip.media.streams import ids_of
from voip.signalling.content import SCREENSHARE, USERMEDIA, StreamMetadata
from voip.signalling.events import Change
from voip.signalling.ids import CallKey

DARK, BRIGHT = 60, 200


class Shade(Camera):
    """Pictures of one brightness."""

    def __init__(self, luma: int) -> None:
        super().__init__()
        self._luma = luma

    async def recv(self) -> av.VideoFrame:
        grey = await super().recv()
        picture = np.full((120 * 3 // 2, 160), 128, np.uint8)
        picture[:120] = self._luma
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts, frame.time_base = grey.pts, grey.time_base
        return frame


def film(client: BareClient, luma: int, codec: str = "VP8", stream: str | None = None) -> None:
    """Send pictures of this brightness."""
    transceiver = client.pc.addTransceiver(Shade(luma))
    codecs = RTCRtpSender.getCapabilities("video").codecs
    wanted = [one for one in codecs if one.mimeType in (f"video/{codec}", "video/rtx")]
    transceiver.setCodecPreferences(wanted)
    if stream is not None:
        transceiver.sender._stream_id = stream


class Middle:
    """The one whom both are connected with, and how it tells them of changes."""

    def __init__(
        self, media: MediaEngine, heard: Heard, one: BareClient, other: BareClient
    ) -> None:
        self.media, self.heard = media, heard
        self.clients = {A: one, B: other}

    def told(self, key: CallKey) -> list[LocalStreams]:
        return [event for event in self.heard.of(LocalStreams) if event.key == key]

    async def due(self, key: CallKey, count: int = 1) -> LocalStreams:
        """What this side is to be told of another call, for the nth time."""
        await until(lambda: len(self.told(key)) >= count)
        return self.told(key)[count - 1]

    async def reoffer(self, key: CallKey) -> str:
        """Our offer, which is answered."""
        offer = await self.media.create_reoffer(key, Change())
        await self.media.apply_answer(key, await self.clients[key].answer(offer))
        return offer

    async def offered(self, key: CallKey) -> str:
        """Our answer to an offer of theirs."""
        client = self.clients[key]
        answer = await self.media.create_reanswer(key, await client.offer())
        await client.answered(answer)
        return answer


@asynccontextmanager
async def bridged(one: BareClient, other: BareClient) -> AsyncIterator[Middle]:
    async with engine() as (media, heard):
        for client, key in ((one, A), (other, B)):
            answer = await media.create_answer(key, await client.offer(), ice_servers=[])
            await client.answered(answer)
        await both_connected(heard)
        await media.bridge(A, B)
        try:
            yield Middle(media, heard, one, other)
        finally:
            for sender in (*one.pc.getSenders(), *other.pc.getSenders()):
                if sender.track is not None:
                    sender.track.stop()


def receivers(client: BareClient) -> list[RTCRtpReceiver]:
    return [
        one.receiver
        for one in client.pc.getTransceivers()
        if one.kind == "video" and one.currentDirection in ("sendrecv", "recvonly")
    ]


async def shade(track: MediaStreamTrack) -> float:
    """The brightness of the next picture, decoded."""
    async with asyncio.timeout(20):
        frame = await track.recv()
    assert isinstance(frame, av.VideoFrame)
    return float(frame.to_ndarray()[: frame.height].mean())


async def sees(client: BareClient, luma: int, number: int = 0) -> None:
    """Several pictures of this brightness, and no other, arrive in its nth video."""
    track = receivers(client)[number].track
    for _ in range(5):
        assert await shade(track) == pytest.approx(luma, abs=4)


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_a_side_without_video_sees_the_other_after_our_offer(codec: str) -> None:
    async with bare_client() as one, bare_client() as other:
        film(one, DARK, codec)
        async with bridged(one, other) as middle:
            due = await middle.due(B)
            assert due.outdated
            (said,) = due.streams.values()
            assert said == StreamMetadata(purpose=USERMEDIA)
            offer = parse(await middle.reoffer(B))
            audio, video = offer.sections
            assert video.has("sendrecv")  # it may show something too
            (stream,) = due.streams
            assert ids_of(audio) == ids_of(video) == [stream]
            await sees(other, DARK)
            assert middle.told(A) == []


async def test_both_see_each_other() -> None:
    async with bare_client() as one, bare_client() as other:
        film(one, DARK)
        film(other, BRIGHT)
        async with bridged(one, other) as middle:
            for key in (A, B):
                await middle.due(key)
                offer = parse(await middle.reoffer(key))
                assert [section.kind for section in offer.sections] == ["audio", "video"]
            await asyncio.gather(sees(other, DARK), sees(one, BRIGHT))
            await asyncio.gather(sees(other, DARK), sees(one, BRIGHT))


async def test_a_picture_begins_with_a_keyframe_that_is_asked_for_and_lost_ones_are_too() -> None:
    async with bare_client() as one, bare_client() as other:
        film(one, DARK)
        async with bridged(one, other) as middle:
            eye = Eye()
            middle.media._calls[A].peer.tap.add_video(eye)
            await middle.due(B)
            await middle.reoffer(B)
            await sees(other, DARK)
            before = sum(frame.keyframe for frame in eye.frames)
            (receiver,) = receivers(other)
            (ssrc,) = getattr(receiver, private.Receiver.STREAMS)
            seen, began = len(eye.frames), asyncio.get_running_loop().time()
            for _ in range(20):  # as if everything were lost, for a while
                await getattr(receiver, private.Receiver.SEND_PLI)(ssrc)
            await until(lambda: sum(frame.keyframe for frame in eye.frames) > before)
            await until(lambda: len(eye.frames) > seen + 20)  # a second of pictures
            seconds = asyncio.get_running_loop().time() - began
            keyframes = sum(frame.keyframe for frame in eye.frames) - before
            assert keyframes <= 2 + seconds / KEYFRAME_PAUSE
            await sees(other, DARK)


async def test_what_is_lost_on_the_way_to_who_sees_is_repeated_by_us() -> None:
    async with bare_client() as one, bare_client() as other:
        film(one, DARK)
        async with bridged(one, other) as middle:
            await middle.due(B)
            await middle.reoffer(B)
            await sees(other, DARK)
            peer = middle.media._calls[B].peer
            dtls = peer._pc.getTransceivers()[0].receiver.transport
            send = getattr(dtls, private.Dtls.SEND_RTP)
            stream, repair = peer.lines.passed._videos[USERMEDIA]._ssrcs
            sent: Counter[int] = Counter()

            async def lossy(data: bytes) -> None:
                ssrc = 0 if is_rtcp(data) else int.from_bytes(data[8:12])
                sent[ssrc] += 1
                if ssrc != stream or sent[stream] % 5:
                    await send(data)

            setattr(dtls, private.Dtls.SEND_RTP, lossy)
            await until(lambda: sent[stream] >= 20 and sent[repair] >= 3)
            await sees(other, DARK)


async def test_who_is_seen_is_told_how_much_the_other_can_take() -> None:
    async with bare_client() as one, bare_client() as other:
        film(one, DARK)
        async with bridged(one, other) as middle:
            await middle.due(B)
            await middle.reoffer(B)
            await sees(other, DARK)
            (receiver,) = receivers(other)
            estimator = getattr(receiver, private.Receiver.ESTIMATOR)
            estimator.add = lambda ssrc, **_: (90_000, [ssrc])  # a thin line
            (tap,) = middle.media._calls[A].peer.lines._pictures._taps.values()
            await until(lambda: tap.limit == 90_000)
            await middle.media.unbridge(A)
            assert tap.limit is None


async def test_no_more_is_told_than_the_limit() -> None:
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    receiver = pc.addTransceiver("video").receiver
    estimator = getattr(receiver, private.Receiver.ESTIMATOR)
    estimator.add = lambda **_: (500_000, [1])
    tap = private.VideoTap(receiver, lambda frame: None)
    assert estimator.add(ssrc=1) == (500_000, [1])
    tap.limit = 90_000
    assert estimator.add(ssrc=1) == (90_000, [1])
    await pc.close()


async def test_a_camera_that_joins_and_one_that_goes() -> None:
    async with bare_client() as one, bare_client() as other, bridged(one, other) as middle:
        assert middle.told(A) == middle.told(B) == []
        film(one, DARK)
        await middle.offered(A)
        assert (await middle.due(B)).outdated
        await middle.reoffer(B)
        await sees(other, DARK)
        # What the other side now shows goes back in the same m-line, without an offer of ours.
        (transceiver,) = (each for each in other.pc.getTransceivers() if each.kind == "video")
        transceiver.sender.replaceTrack(Shade(BRIGHT))
        transceiver.direction = "sendrecv"
        answer = parse(await middle.offered(B))
        assert answer.sections[1].has("sendrecv")
        assert (await middle.due(A)).outdated
        await middle.reoffer(A)
        await asyncio.gather(sees(other, DARK), sees(one, BRIGHT))
        # The first camera goes.
        (first,) = (each for each in one.pc.getTransceivers() if each.kind == "video")
        first.direction = "recvonly"
        await middle.offered(A)
        due = await middle.due(B, count=2)
        assert (due.streams, due.outdated) == ({}, True)
        offer = parse(await middle.reoffer(B))
        assert offer.sections[1].has("recvonly")
        assert receivers(other) == []
        await sees(one, BRIGHT)


async def test_without_the_bridge_nothing_more_is_shown() -> None:
    async with bare_client() as one, bare_client() as other:
        film(one, DARK)
        async with bridged(one, other) as middle:
            await middle.due(B)
            first = parse(await middle.reoffer(B))
            await sees(other, DARK)
            await middle.media.unbridge(A)
            due = await middle.due(B, count=2)
            assert (due.streams, due.outdated) == ({}, True)
            offer = parse(await middle.reoffer(B))
            assert offer.sections[1].has("recvonly")
            assert ids_of(offer.sections[1]) == []
            # Joined again, it is another track; and what a call that ends showed is taken back.
            await middle.media.bridge(B, A)
            await middle.due(B, count=3)
            again = parse(await middle.reoffer(B))
            assert again.sections[1].value("msid") not in (None, first.sections[1].value("msid"))
            await middle.media.close(A)
            due = await middle.due(B, count=4)
            assert (due.streams, due.outdated) == ({}, True)


async def test_a_side_that_does_not_take_the_codec_is_shown_nothing() -> None:
    async with bare_client() as one, bare_client() as other:
        film(one, DARK, "H264")
        film(other, BRIGHT, "VP8")
        async with bridged(one, other) as middle:
            assert middle.told(A) == middle.told(B) == []


async def test_a_screen_is_shown_beside_the_camera_as_what_it_is() -> None:
    said = {
        "media": StreamMetadata(purpose=USERMEDIA),
        "screen": StreamMetadata(purpose=SCREENSHARE),
    }
    async with bare_client() as one, bare_client() as other:
        one.pc.getSenders()[0]._stream_id = "media"
        film(one, DARK, stream="media")
        film(one, BRIGHT, stream="screen")
        async with bridged(one, other) as middle:
            await middle.due(B)
            await middle.media.set_streams(A, said)
            due = await middle.due(B, count=2)
            camera, screen = due.streams
            assert [one.purpose for one in due.streams.values()] == [USERMEDIA, SCREENSHARE]
            offer = parse(await middle.reoffer(B))
            assert [ids_of(one)[0] for one in offer.sections] == [camera, camera, screen]
            await asyncio.gather(sees(other, DARK), sees(other, BRIGHT, number=1))
            # A camera that is muted at its source is not shown (MSC3291); that needs no offer.
            muted = StreamMetadata(purpose=USERMEDIA, video_muted=True)
            await middle.media.set_streams(A, {**said, "media": muted})
            due = await middle.due(B, count=3)
            assert not due.outdated
            assert due.streams[camera].video_muted
            assert not due.streams[screen].video_muted


async def test_on_hold_nothing_is_shown_and_afterwards_it_is_again() -> None:
    async with bare_client() as one, bare_client() as other:
        film(one, DARK)
        async with bridged(one, other) as middle:
            await middle.due(B)
            await middle.reoffer(B)
            await sees(other, DARK)
            media, client = middle.media, middle.clients[B]
            for hold, direction in ((True, "inactive"), (False, "sendrecv")):
                offer = await media.create_reoffer(B, Change(hold=hold))
                assert parse(offer).sections[1].has(direction)
                await media.apply_answer(B, await client.answer(offer))
            await sees(other, DARK)


async def test_a_source_that_changes_its_codec_is_offered_anew() -> None:
    """A sender of aiortc has one codec for life, so the picture gets another sender."""
    async with bare_client() as one, bare_client() as other:
        film(one, DARK)
        async with bridged(one, other) as middle:
            await middle.due(B)
            first = parse(await middle.reoffer(B))
            await sees(other, DARK)
            h264 = Showing((("H264", "42e01f"),), muted=False)
            way = middle.media._bridges._by_call[A]._ways[0]
            middle.media._calls[B].peer.pass_on({USERMEDIA: h264}, way._seen)
            due = await middle.due(B, count=2)
            assert due.outdated
            assert list(due.streams) == ids_of(first.sections[1])
            again = parse(await middle.reoffer(B))
            assert again.sections[1].has("sendrecv")
            assert again.sections[1].value("msid") != first.sections[1].value("msid")


async def test_a_side_that_refuses_the_section_is_asked_once_and_again_with_the_next_change() -> (
    None
):
    async with bare_client() as one, bare_client() as other:
        film(one, DARK)
        async with bridged(one, other) as middle:
            await middle.due(B)
            first = parse(await middle.reoffer(B))
            await sees(other, DARK)
            refused = re.sub("m=video [0-9]+", "m=video 0", await other.offer())
            await middle.media.create_reanswer(B, refused)
            assert len(middle.told(B)) == 1
            said = {"-": StreamMetadata(purpose=USERMEDIA)}
            await middle.media.set_streams(A, said)
            await middle.media.set_streams(
                A, {one.pc.getSenders()[0]._stream_id: StreamMetadata(purpose=USERMEDIA)}
            )
            assert middle.told(B)[-1].outdated
            again = parse(await middle.media.create_reoffer(B, Change()))
            assert again.sections[1].mid != first.sections[1].mid
            assert again.sections[1].value("msid") != first.sections[1].value("msid")
