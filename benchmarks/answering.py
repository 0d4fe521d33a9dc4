"""From the offer's arrival to the answer being ready: ours beside bare aiortc.

The offers are real ones of Chromium. Ours repairs and rebuilds them, and installs its taps; bare
aiortc is the shortest program that answers. With a dead TURN server (a port that swallows every
datagram) bare aiortc waits for its own five seconds.
"""

from __future__ import annotations

import asyncio
import socket
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

from aiortc import (
    AudioStreamTrack,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)

from benchmarks.harness import Row, alternate
from voip.media.engine import MediaEngine
from voip.media.settings import MediaSettings
from voip.signalling.ice import IceServer
from voip.signalling.ids import CallKey

OFFERS = Path(__file__).parent.parent / "tests" / "media" / "sdp"
CALLS = 40
WARM_UP = 5
KEY = CallKey("!room:example.org", "call")


def run() -> list[Row]:
    return [
        _live("audio offer", "chromium-audio"),
        _live("video offer", "chromium-video"),
        _dead_turn(),
    ]


def _live(what: str, name: str) -> Row:
    offer = (OFFERS / f"{name}.sdp").read_bytes().decode()
    medians = alternate(
        f"answering, {what}",
        lambda: asyncio.run(_median(offer, _ours)),
        lambda: asyncio.run(_median(offer, _bare)),
    )
    return Row.against(
        f"{what}: offer to answer",
        medians.ours,
        medians.peer,
        peer_name="bare aiortc",
        unit="ms",
        goal=3.0,
    )


def _dead_turn() -> Row:
    offer = (OFFERS / "chromium-audio.sdp").read_bytes().decode()
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as silent:
        silent.bind(("127.0.0.1", 0))
        url = f"turn:127.0.0.1:{silent.getsockname()[1]}"
        ours = [asyncio.run(_ours(offer, url)) for _ in range(5)]
        bare = asyncio.run(_bare(offer, url))
    return Row.within(
        "audio offer, dead TURN server: offer to answer",
        statistics.median(ours),
        unit="ms",
        goal=500.0,
        peer=bare,
        peer_name="bare aiortc",
    )


async def _median(offer: str, answer: Callable[[str], Awaitable[float]]) -> float:
    taken = [await answer(offer) for _ in range(WARM_UP + CALLS)]
    return statistics.median(taken[WARM_UP:])


async def _ours(offer: str, turn: str | None = None) -> float:
    """Milliseconds."""
    servers = [IceServer((turn,), "user", "secret")] if turn else []
    engine = MediaEngine(MediaSettings(), lambda event: None)
    began = time.perf_counter()
    await engine.create_answer(KEY, offer, ice_servers=servers)
    taken = time.perf_counter() - began
    await engine.aclose()
    return taken * 1000


async def _bare(offer: str, turn: str | None = None) -> float:
    """Milliseconds."""
    servers = [RTCIceServer([turn], "user", "secret")] if turn else []
    began = time.perf_counter()
    pc = RTCPeerConnection(RTCConfiguration(iceServers=servers))
    pc.addTrack(AudioStreamTrack())
    await pc.setRemoteDescription(RTCSessionDescription(offer, "offer"))
    await pc.setLocalDescription(await pc.createAnswer())
    taken = time.perf_counter() - began
    await pc.close()
    return taken * 1000
