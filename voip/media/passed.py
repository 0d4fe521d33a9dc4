"""The videos of another call that go out in this one: its camera, and its screen.

Which of them goes into which m-line is decided anew with each description, and stands in it: a
video stays where the last one had it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aiortc import RTCDtlsTransport, RTCRtpSender

from voip.media.agreed import Agreed, Line, Placed
from voip.media.description import Section
from voip.media.packets import VideoFrame
from voip.media.passed_video import PassedVideo, Showing, Source
from voip.signalling.content import SCREENSHARE, USERMEDIA, StreamMetadata, Streams

_PURPOSES: Final = (USERMEDIA, SCREENSHARE)
_SENDS: Final = ("sendrecv", "sendonly")


@dataclass(frozen=True, slots=True)
class Places:
    """What the next description is to say."""

    placed: Mapping[str, Placed]
    """By mid."""
    homeless: list[Placed]
    """Those that no m-line has room for: an offer may add one for each."""
    streams: Streams
    """What is to be said of the streams in which there is something to see (MSC3077)."""


class Passed:
    """A VideoSink of the call that is seen, for the call that sees it."""

    def __init__(self, transport: Callable[[], RTCDtlsTransport]) -> None:
        """`transport`: this call's, once it has one."""
        self._transport = transport
        self._videos: dict[str, PassedVideo] = {}
        """By purpose."""
        self._over: list[PassedVideo] = []
        """They are stopped with the next description."""
        self._source: Callable[[str], Source]

    def show(self, shown: Mapping[str, Showing], source: Callable[[str], Source]) -> None:
        """What there is to see from now on. `source` gives whom to ask, by purpose."""
        self._source = source
        for purpose, video in [*self._videos.items()]:
            video.showing = shown.get(purpose)
            if video.showing is not None and not video.can_show(video.showing):
                self._drop(purpose)
        for purpose in _PURPOSES:
            if purpose in shown and purpose not in self._videos:
                self._add(purpose, shown[purpose])

    def end(self) -> None:
        """Nothing of another call is sent any more; `apply` or `close` stops what was."""
        for purpose in [*self._videos]:
            self._drop(purpose)

    def video(self, frame: VideoFrame) -> None:
        """VideoSink: take one frame, on the loop."""
        video = self._videos.get(SCREENSHARE if frame.screen else USERMEDIA)
        if video is not None:
            video.video(frame)

    def lay(self, remotes: Mapping[str, Section], agreed: Agreed) -> Places:
        """`remotes`: the other side's m-lines of video that are in use, by mid."""
        local = {line.mid: line.local for line in agreed.lines}
        places = {
            mid: video
            for video in self._videos.values()
            for mid in remotes
            if mid in local and video.is_in(local[mid])
        }
        homeless = []
        for video in self._videos.values():
            if video in places.values() or video.showing is None:
                continue
            free = [mid for mid in remotes if mid not in places]
            fitting = next((mid for mid in free if video.fits(remotes[mid])), None)
            if fitting is not None:
                places[fitting] = video
            elif not free:
                homeless.append(video)
        shown = {mid: video for mid, video in places.items() if video.fits(remotes[mid])}
        return Places(
            {mid: Placed(one.identity(agreed), mid in shown) for mid, one in places.items()},
            [Placed(one.identity(agreed), shows=True) for one in homeless],
            self._streams([*shown.values(), *homeless], agreed),
        )

    async def apply(self, lines: Iterable[Line]) -> None:
        """Send what was agreed on. The connection is up."""
        videos = [line for line in lines if line.kind == "video"]
        for purpose, video in [*self._videos.items()]:
            line = next((line for line in videos if video.is_in(line.local)), None)
            if line is None and video.has_begun:  # its packets name an m-line that is gone
                self._drop(purpose)
                if video.showing is not None:
                    self._add(purpose, video.showing)
            else:
                video.apply(line if line is not None and line.direction in _SENDS else None)
        await self._stop_over()

    async def close(self) -> None:
        self.end()
        await self._stop_over()

    @property
    def senders(self) -> list[RTCRtpSender]:
        return [video.sender for video in self._videos.values()]

    def _streams(self, shown: Sequence[PassedVideo], agreed: Agreed) -> Streams:
        return {
            video.stream(agreed): StreamMetadata(
                purpose=purpose, audio_muted=purpose == SCREENSHARE, video_muted=video.showing.muted
            )
            for purpose, video in self._videos.items()
            if video.showing is not None and video in shown
        }

    def _add(self, purpose: str, showing: Showing) -> None:
        self._videos[purpose] = PassedVideo(
            self._transport(),
            showing,
            self._source(purpose),
            alone=purpose == SCREENSHARE,
        )

    def _drop(self, purpose: str) -> None:
        video = self._videos.pop(purpose)
        video.apply(None)
        self._over.append(video)

    async def _stop_over(self) -> None:
        over, self._over = self._over, []
        await asyncio.gather(*(video.stop() for video in over))
