"""Recording pictures: a stored RTP stream of 720p VP8 into WebM, passed through or encoded anew.

Both sides get the same packets from the point behind SRTP on: aiortc's receiver puts frames
together for both, ours writes them as they are, MediaRecorder decodes and encodes them. CPU of the
process, all threads, until the file is closed, for each second that the file has.
"""

from __future__ import annotations

import asyncio
import functools
import tempfile
import time
from collections.abc import Awaitable, Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCRtpReceiver
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.contrib.media import MediaRecorder
from aiortc.rtcrtpparameters import (
    RTCRtpCodecParameters,
    RTCRtpDecodingParameters,
    RTCRtpReceiveParameters,
)
from aiortc.rtp import RtpPacket

from benchmarks.harness import Row, SpoiledRound, alternate
from voip.media import private
from voip.media.recorder import Recorder

WIDTH, HEIGHT, FPS = 1280, 720, 30
SECONDS: Final = 5
BIT_RATE: Final = 1_500_000
SSRC: Final = 4711
CODEC: Final = RTCRtpCodecParameters(mimeType="video/VP8", clockRate=90_000, payloadType=97)


def run() -> list[Row]:
    medians = alternate(
        "record 720p VP8", lambda: _measured(_ours), lambda: _measured(_aiortc), rounds=3
    )
    return [
        Row.against(
            "record one second of 720p30 VP8 into WebM",
            medians.ours,
            medians.peer,
            peer_name="aiortc MediaRecorder",
            unit="CPU ms",
            goal=1 / 100,
        )
    ]


def _measured(record: Callable[[RTCRtpReceiver, Path], Awaitable[None]]) -> float:
    """Milliseconds of CPU for each second recorded."""
    with tempfile.TemporaryDirectory() as folder:
        taken = asyncio.run(_run(record, Path(folder)))
        with av.open(str(Path(folder) / "video.webm")) as container:
            frames = sum(1 for packet in container.demux(video=0) if packet.size)
    if frames < SECONDS * FPS * 0.95:
        raise SpoiledRound(f"{frames} frames of {SECONDS * FPS} were recorded")
    return taken * 1000 / (frames / FPS)


async def _run(record: Callable[[RTCRtpReceiver, Path], Awaitable[None]], folder: Path) -> float:
    """Seconds of CPU that it takes, less the making of stream and receiver."""
    _stream()
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))  # never connected: we give the packets
    began = time.process_time()
    await record(pc.addTransceiver("video", "recvonly").receiver, folder)
    taken = time.process_time() - began
    await pc.close()
    return taken


async def _ours(receiver: RTCRtpReceiver, folder: Path) -> None:
    recorder = Recorder(folder)
    private.VideoTap(receiver, recorder.video)
    await _start(receiver)
    began = time.monotonic()
    for number, packets in enumerate(_stream()):  # as they would come: files go by arrival
        await asyncio.sleep(began + number / FPS - time.monotonic())
        await _feed(receiver, packets)
    await recorder.stop()


async def _aiortc(receiver: RTCRtpReceiver, folder: Path) -> None:
    await _start(receiver)
    recorder = MediaRecorder(str(folder / "video.webm"))
    counted = _Counted(receiver.track)
    recorder.addTrack(counted)
    await recorder.start()
    for packets in _stream():  # it takes its time
        await _feed(receiver, packets)
    async with asyncio.timeout(300):
        await counted.reached(SECONDS * FPS - 1)
    await recorder.stop()


class _Counted(MediaStreamTrack):
    """Another track, and how much was taken from it."""

    kind = "video"

    def __init__(self, track: MediaStreamTrack) -> None:
        super().__init__()
        self._track = track
        self._count = 0
        self._more = asyncio.Event()

    async def recv(self) -> Any:
        frame = await self._track.recv()
        self._count += 1
        self._more.set()
        return frame

    async def reached(self, count: int) -> None:
        while self._count < count:
            self._more.clear()
            await self._more.wait()


async def _start(receiver: RTCRtpReceiver) -> None:
    encodings = [RTCRtpDecodingParameters(ssrc=SSRC, payloadType=CODEC.payloadType or 0)]
    parameters = RTCRtpReceiveParameters(codecs=[CODEC], encodings=encodings)
    await private.receive(receiver, parameters)


async def _feed(receiver: RTCRtpReceiver, packets: list[RtpPacket]) -> None:
    handle = getattr(receiver, private.Receiver.HANDLE_RTP)
    for packet in packets:
        await handle(packet, arrival_time_ms=int(time.monotonic() * 1000))


@functools.cache
def _stream() -> tuple[list[RtpPacket], ...]:
    """The packets of each frame: a second of something that moves, again and again."""
    encoder = Vp8Encoder()
    encoder.target_bitrate = BIT_RATE
    noise = np.random.default_rng(1).integers(0, 40, (HEIGHT * 2, WIDTH), dtype=np.uint8)
    second = []
    for number in range(FPS):
        picture = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
        picture[:HEIGHT] = 100 + noise[number : number + HEIGHT]
        frame = av.VideoFrame.from_ndarray(picture, "yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        second.append(encoder.encode(frame, force_keyframe=number == 0)[0])
    sequence = iter(range(1 << 16))
    # One frame more: the last is put together when the next begins.
    return tuple(
        [_packet(payload, number, next(sequence)) for payload in payloads]
        for number, payloads in enumerate(second * SECONDS + second[:1])
    )


def _packet(payload: bytes, number: int, sequence: int) -> RtpPacket:
    return RtpPacket(
        payload_type=CODEC.payloadType or 0,
        sequence_number=sequence,
        timestamp=number * (90_000 // FPS),
        ssrc=SSRC,
        payload=payload,
    )
