"""What the tests of calls share: engines that remember what they said, and a call between two."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from voip.media import private
from voip.media.engine import MediaEngine
from voip.media.events import Connected, MediaEvent
from voip.media.settings import MediaSettings
from voip.signalling.ice import IceServer
from voip.signalling.ids import CallKey

SDP = Path(__file__).parent / "sdp"
KEY = CallKey("!room:example.org", "call")
SAMPLES = (
    "chromium-audio",
    "chromium-video",
    "chromium-balanced",
    "firefox-audio",
    "firefox-video",
    "gstreamer-audio",
    "gstreamer-video",
)
E_ = TypeVar("E_", bound=object)


def sample(name: str) -> str:
    """A real offer, recorded from the client that it is named after."""
    return (SDP / f"{name}.sdp").read_bytes().decode()


def damage(text: str, times: int) -> Iterator[str]:
    """`text` with lines dropped, doubled, cut and swapped, and digits replaced; reproducible."""
    dice = random.Random(4711)  # noqa: S311 - reproducible, not secret
    for _ in range(times):
        lines = text.split("\r\n")
        for _ in range(dice.randint(1, 6)):
            at, to = dice.randrange(len(lines)), dice.randrange(len(lines))
            match dice.randrange(5):
                case 0:
                    del lines[at]
                case 1:
                    lines.insert(at, lines[to])
                case 2:
                    lines[at] = lines[at][: dice.randint(0, len(lines[at]))]
                case 3:
                    lines[at] = lines[at].replace(str(at % 10), chr(dice.randint(1, 999)))
                case _:
                    lines[at], lines[to] = lines[to], lines[at]
        yield "\r\n".join(lines)


class Heard:
    """The events of an engine, and waiting for one."""

    def __init__(self) -> None:
        self.events: list[MediaEvent] = []
        self._news = asyncio.Event()

    def __call__(self, event: MediaEvent) -> None:
        self.events.append(event)
        self._news.set()

    def of(self, kind: type[E_]) -> list[E_]:
        return [event for event in self.events if isinstance(event, kind)]

    async def wait(self, kind: type[E_], seconds: float = 10) -> E_:
        async with asyncio.timeout(seconds):
            while not (found := self.of(kind)):
                self._news.clear()
                await self._news.wait()
            return found[0]


@asynccontextmanager
async def engine(settings: MediaSettings | None = None) -> AsyncIterator[tuple[MediaEngine, Heard]]:
    heard = Heard()
    one = MediaEngine(settings or MediaSettings(), heard)
    await one.open()
    try:
        yield one, heard
    finally:
        await one.aclose()


@asynccontextmanager
async def call(
    *,
    video: bool = False,
    settings: MediaSettings | None = None,
    ice_servers: Sequence[IceServer] = (),
    edit_offer: Callable[[str], str] = str,
    edit_answer: Callable[[str], str] = str,
) -> AsyncIterator[tuple[MediaEngine, Heard, MediaEngine, Heard]]:
    """Two engines in a connected call: the caller's, then the callee's."""
    async with engine(settings) as (caller, hears), engine(settings) as (callee, callee_hears):
        offer = await caller.create_offer(KEY, video=video, ice_servers=ice_servers)
        answer = await callee.create_answer(KEY, edit_offer(offer), ice_servers=ice_servers)
        await caller.apply_answer(KEY, edit_answer(answer))
        await hears.wait(Connected)
        await callee_hears.wait(Connected)
        yield caller, hears, callee, callee_hears


def own_address() -> str:
    """An address of this machine that ICE uses: aioice leaves 127.0.0.1 out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        address: str = probe.getsockname()[0]
        return address


async def until(holds: Callable[[], bool], seconds: float = 15) -> None:
    """Wait for what nothing tells of."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.02)


def audio_sender(one: MediaEngine) -> private.AudioSender:
    """What sends the sound of its call."""
    sender = one._calls[KEY].peer.lines.sender
    found = getattr(sender, private.Sender.RUN_RTP).__self__
    assert isinstance(found, private.AudioSender)
    return found
