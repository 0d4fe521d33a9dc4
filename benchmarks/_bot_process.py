"""The process that answers, for the benchmarks of bots: `_bot_process ROLE`, driven by a `Side`.
`-unfavoured` behind the role: it is no more important than what else the machine does.

`voicemail` is the bot that ships, with everything that it does but a homeserver. `bare` is the
shortest program on aiortc that answers and sends a packet which is ready.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, Protocol, cast

import av
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from benchmarks._media_process import resident
from benchmarks._no_homeserver import NoHomeserver, room_of
from benchmarks._probe import favour
from benchmarks._tasks import serve
from voip.bot import phone as phone_module
from voip.bot.phone import PhoneSettings
from voip.bot.runner import BotKind, BotSettings, RunningBot, running_bot
from voip.matrix.settings import MatrixSettings
from voip.media.clips import encode
from voip.media.realtime import forget_what_stays
from voip.media.settings import MediaSettings
from voip.media.sounds import Tone
from voip.media.speech_model import models
from voip.signalling.ids import CallKey

USER_ID = "@bot:example.org"


class Answering(Protocol):
    async def open(self, task: dict[str, Any]) -> None: ...
    async def answer(self, number: int, offer: str) -> tuple[str, float]:
        """The answer, and when the offer came (Unix time)."""

    async def hang_up(self, number: int) -> None: ...
    async def stop(self) -> None: ...


class Voicemail:
    """Ours."""

    def __init__(self) -> None:
        self._open = AsyncExitStack()
        self._recording: set[str] = set()

    async def open(self, task: dict[str, Any]) -> None:
        phone_module.MatrixEdge = NoHomeserver  # type: ignore[attr-defined,assignment]
        folder = Path(self._open.enter_context(tempfile.TemporaryDirectory()))
        (folder / "voicemail.toml").write_text(
            f"silence_seconds = 60\ntranscript = false\n[[greetings]]\n"
            f"say = {json.dumps(task['greeting'])}\n"
        )
        phone = PhoneSettings(
            MatrixSettings("https://example.org", USER_ID, folder / "matrix", password="none"),  # noqa: S106 - nobody logs in
            folder / "data",
            "voicemail",
            MediaSettings(port=0, workers=task.get("workers", 0)),
        )
        settings = BotSettings(
            phone, BotKind.VOICEMAIL, max_calls=1000, file=folder / "voicemail.toml"
        )
        self._bot: RunningBot = await self._open.enter_async_context(running_bot(settings))
        forget_what_stays()  # as the service does
        self._count_recordings()

    @property
    def _line(self) -> NoHomeserver:
        return cast("NoHomeserver", self._bot.phone.matrix)

    def _count_recordings(self) -> None:
        """The media edge says when a recording ends, and nobody else has to know that it began."""
        media = self._bot.phone.media
        start = media.start_recording

        async def counted(key: CallKey, *args: Any, **kwargs: Any) -> None:
            await start(key, *args, **kwargs)
            self._recording.add(key.room_id)

        media.start_recording = counted  # type: ignore[method-assign]

    async def answer(self, number: int, offer: str) -> tuple[str, float]:
        return await self._line.call(number, offer)

    async def hang_up(self, number: int) -> None:
        self._line.hang_up(number)

    def live(self) -> int:
        return self._bot.live

    def recording(self, numbers: range) -> int:
        """How many of these calls have been recorded so far, or are."""
        return sum(room_of(number) in self._recording for number in numbers)

    def posted(self, number: int) -> str:
        """The file of a call's message, once it is posted; else nothing."""
        return str(self._line.posted.get(room_of(number), ""))

    async def stop(self) -> None:
        await self._open.aclose()


class Bare:
    def __init__(self) -> None:
        self._calls: dict[int, RTCPeerConnection] = {}

    async def open(self, task: dict[str, Any]) -> None:
        self._packet = encode(Tone(440, 0.1))[0]

    async def answer(self, number: int, offer: str) -> tuple[str, float]:
        at = time.time()
        pc = self._calls[number] = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        await pc.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        pc.addTrack(Ready(self._packet))
        await pc.setLocalDescription(await pc.createAnswer())
        return str(pc.localDescription.sdp), at

    async def hang_up(self, number: int) -> None:
        await self._calls.pop(number).close()

    async def stop(self) -> None:
        await asyncio.gather(*(pc.close() for pc in self._calls.values()))


class Ready(MediaStreamTrack):
    """The same packet every 20 ms, the first at once."""

    kind = "audio"

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._data = data
        self._number = 0

    async def recv(self) -> Any:
        if self.readyState != "live":
            raise MediaStreamError
        if self._number:
            await asyncio.sleep(0.02)
        packet = av.Packet(self._data)
        packet.pts, packet.time_base = self._number * 960, Fraction(1, 48_000)
        self._number += 1
        return packet


async def _do(side: Answering, task: dict[str, Any]) -> Any:
    match task["do"]:
        case "open":
            await side.open(task)
        case "answer":
            numbered = enumerate(task["offers"], start=task["first"])
            return await asyncio.gather(*(side.answer(n, offer) for n, offer in numbered))
        case "hang up":
            for number in _numbers(task):
                await side.hang_up(number)
        case "memory":
            return resident()
        case "stop":
            await side.stop()
        case asked:
            assert isinstance(side, Voicemail)
            return _asked(side, asked, task)
    return None


def _asked(side: Voicemail, asked: str, task: dict[str, Any]) -> Any:
    match asked:
        case "live":
            return side.live()
        case "load models":
            _load_models()
        case "recording":
            return side.recording(_numbers(task))
        case "posted":
            return [side.posted(number) for number in _numbers(task)]
        case _:
            raise ValueError(f"nobody knows how to {asked}")
    return None


def _load_models() -> None:
    """As many models of speech as are ever kept, 10 MB each: else they come with the calls that
    happen to be alive together, and look like growth."""
    for model in [models.lend() for _ in range(models.MOST)]:
        if model is not None:
            models.take_back(model)


def _numbers(task: dict[str, Any]) -> range:
    return range(task["first"], task["first"] + task["count"])


async def main(role: str, *, favoured: bool) -> None:
    if favoured:
        favour()
    side: Answering = Voicemail() if role == "voicemail" else Bare()
    await serve(partial(_do, side))


if __name__ == "__main__":
    role, _, how = sys.argv[1].partition("-")
    asyncio.run(main(role, favoured=how != "unfavoured"))
