"""A process with one side of some calls, told what to do by lines of JSON.

What is measured and what puts the load on it run in processes of their own, over real ICE,
DTLS and SRTP: `python -m benchmarks._media_process ROLE`, driven by `_media_calls.Side`.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

import av
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.contrib.media import MediaRecorder
from aiortc.mediastreams import MediaStreamError

from benchmarks._tasks import serve
from voip.media import private
from voip.media.clips import Clip, encode
from voip.media.engine import MediaEngine
from voip.media.packets import AudioPacket
from voip.media.player import Player
from voip.media.settings import MediaSettings
from voip.media.sounds import Speech
from voip.signalling.ids import CallKey

ANNOUNCEMENT = Speech(
    "You have reached the maintenance team. Nobody can take your call at the moment. "
    "Please say your name, the place you are calling from, and what has happened, "
    "and we will call you back before the end of the day. Speak after the tone, "
    "and hang up when you are done. Thank you for your patience and your help."
)
QUIET = 10
"""Bytes: Opus packets that are not larger are silence."""


class Side(Protocol):
    """One side of `count` calls, numbered from 0."""

    async def offer(self, number: int) -> str: ...
    async def answer(self, number: int, offer: str) -> str: ...
    async def apply(self, number: int, answer: str) -> None: ...
    async def record(self, number: int, folder: Path) -> None: ...
    async def end(self) -> None: ...
    async def stop(self) -> None: ...
    def heard(self) -> int: ...


class Ours:
    """What ships: the media engine."""

    def __init__(self, *, speak: bool, port: int | None = None) -> None:
        self._engine = MediaEngine(MediaSettings(port=port), lambda _: None)
        self._speak = speak
        self._speaking: list[asyncio.Task[None]] = []
        self._keys: list[CallKey] = []

    async def offer(self, number: int) -> str:
        await self._engine.open()
        self._keys.append(_key(number))
        offer = await self._engine.create_offer(_key(number), video=False, ice_servers=())
        if self._speak:
            self._speaking.append(asyncio.create_task(self._announce(_key(number))))
        return offer

    async def answer(self, number: int, offer: str) -> str:
        await self._engine.open()
        self._keys.append(_key(number))
        return await self._engine.create_answer(_key(number), offer, ice_servers=())

    async def apply(self, number: int, answer: str) -> None:
        await self._engine.apply_answer(_key(number), answer)

    async def record(self, number: int, folder: Path) -> None:
        await self._engine.start_recording(_key(number), folder)

    async def end(self) -> None:
        """End every call; others may follow."""
        for task in self._speaking:
            task.cancel()
        self._speaking.clear()
        await asyncio.gather(*(self._engine.close(key) for key in self._keys))
        self._keys.clear()

    async def stop(self) -> None:
        await self.end()
        await self._engine.aclose()

    def heard(self) -> int:
        raise NotImplementedError("only the load counts what it hears")

    async def _announce(self, key: CallKey) -> None:
        while True:
            await self._engine.play(key, ANNOUNCEMENT)


class Aiortc:
    """Bare aiortc, as its examples use it."""

    def __init__(self, track: Callable[[], MediaStreamTrack] | None, *, ignore: bool) -> None:
        """`ignore` drops what is received before the decoder: the load is not to be the limit."""
        self._track = track
        self._ignore = ignore
        self._calls: dict[int, RTCPeerConnection] = {}
        self._remote: dict[int, MediaStreamTrack] = {}
        self._consumers: list[MediaRecorder] = []
        self._heard = 0

    async def offer(self, number: int) -> str:
        pc = self._new(number)
        if self._track:
            _send(pc, self._track())
        else:
            pc.addTransceiver("audio", "recvonly")
        return await self._local(pc)

    async def answer(self, number: int, offer: str) -> str:
        pc = self._new(number)
        await pc.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        if self._track:
            _send(pc, self._track())
        return await self._local(pc)

    async def apply(self, number: int, answer: str) -> None:
        pc = self._calls[number]
        await pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        async with asyncio.timeout(20):
            while pc.connectionState != "connected":  # noqa: ASYNC110 - before the measuring
                await asyncio.sleep(0.02)

    async def record(self, number: int, folder: Path) -> None:
        recorder = MediaRecorder(str(folder / "audio.ogg"))
        recorder.addTrack(self._remote[number])
        self._consumers.append(recorder)
        await recorder.start()

    async def end(self) -> None:
        """End every call; others may follow."""
        for consumer in self._consumers:
            await consumer.stop()
        await asyncio.gather(*(pc.close() for pc in self._calls.values()))
        self._calls.clear()
        self._remote.clear()
        self._consumers.clear()

    async def stop(self) -> None:
        await self.end()

    def heard(self) -> int:
        """Packets of sound that were received, by a side that ignores them otherwise."""
        return self._heard

    def _count(self, packet: AudioPacket) -> None:
        if len(packet.payload) > QUIET:
            self._heard += 1

    def _new(self, number: int) -> RTCPeerConnection:
        pc = self._calls[number] = RTCPeerConnection(RTCConfiguration(iceServers=[]))

        @pc.on("track")
        def on_track(track: MediaStreamTrack) -> None:
            self._remote[number] = track

        return pc

    async def _local(self, pc: RTCPeerConnection) -> str:
        if self._ignore:
            for transceiver in pc.getTransceivers():
                private.AudioTap(transceiver.receiver, self._count, lambda event: None)
        await pc.setLocalDescription(await self._description(pc))
        return str(pc.localDescription.sdp)

    async def _description(self, pc: RTCPeerConnection) -> RTCSessionDescription:
        if pc.signalingState == "have-remote-offer":
            return await pc.createAnswer()
        return await pc.createOffer()


class PcmTrack(MediaStreamTrack):
    """Sends the announcement as PCM, so that aiortc encodes it for each call."""

    kind = "audio"

    def __init__(self, frames: list[av.AudioFrame]) -> None:
        super().__init__()
        self._frames = frames
        self._number = 0
        self._start = 0.0

    async def recv(self) -> av.AudioFrame:
        if self.readyState != "live":
            raise MediaStreamError
        loop = asyncio.get_running_loop()
        self._start = self._start or loop.time()
        await asyncio.sleep(max(0.0, self._start + self._number * 0.02 - loop.time()))
        frame = self._frames[self._number % len(self._frames)]
        frame.pts = self._number * 960
        self._number += 1
        return frame


def _send(pc: RTCPeerConnection, track: MediaStreamTrack) -> None:
    sender = pc.addTrack(track)
    if isinstance(track, Player):  # the load: not to be the limit either

        def way(data: bytes) -> None:
            private.send_now(private.connection_of(sender.transport.transport), data)

        private.AudioSender(sender, track, way)


def _speaker(clip: Clip) -> MediaStreamTrack:
    player = Player()
    hour = clip * (180_000 // len(clip))
    task = asyncio.get_running_loop().create_task(player.play(hour))
    player.on("ended", task.cancel)
    return player


def _decoded(clip: Clip) -> list[av.AudioFrame]:
    decoder = av.AudioCodecContext.create("libopus", "r")
    decoder.format, decoder.layout, decoder.sample_rate = "s16", "mono", 48_000
    return [frame for packet in clip for frame in decoder.decode(av.Packet(packet))]


def _side(role: str) -> Side:
    return _ROLES[role]()


def _aiortc_announcing() -> Side:
    frames = _decoded(encode(ANNOUNCEMENT))
    return Aiortc(lambda: PcmTrack(frames), ignore=True)


def _load_speaking() -> Side:
    clip = encode(ANNOUNCEMENT)
    return Aiortc(lambda: _speaker(clip), ignore=True)


_ROLES: Final[Mapping[str, Callable[[], Side]]] = {
    "ours": lambda: Ours(speak=False),
    "ours-port": lambda: Ours(speak=False, port=0),
    "ours-announcing": lambda: Ours(speak=True),
    "aiortc": lambda: Aiortc(None, ignore=False),
    "aiortc-announcing": _aiortc_announcing,
    "load-speaking": _load_speaking,
    "load-listening": lambda: Aiortc(None, ignore=True),
}


async def _do(side: Side, task: dict[str, Any]) -> Any:
    match task["do"]:
        case "offer":
            return await asyncio.gather(*(side.offer(n) for n in range(task["count"])))
        case "answer":
            return await asyncio.gather(
                *(side.answer(n, offer) for n, offer in enumerate(task["offers"]))
            )
        case "apply":
            await asyncio.gather(*(side.apply(n, a) for n, a in enumerate(task["answers"])))
        case "record":
            for number, folder in enumerate(task["folders"]):
                await side.record(number, Path(folder))
        case "measure":
            cpu, wall = time.process_time(), time.monotonic()
            await asyncio.sleep(task["seconds"])
            return (time.process_time() - cpu) / (time.monotonic() - wall)
        case "heard":
            return side.heard()
        case "end":
            await side.end()
        case "memory":
            return resident()
        case "stop":
            await side.stop()
    return None


def resident() -> int:
    """Bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def main(role: str) -> None:
    await serve(partial(_do, _side(role)))


def _key(number: int) -> CallKey:
    return CallKey("!bench:example.org", str(number))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
