"""Of the videos that come in, those that count: one camera and one screen at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import msgspec
from aiortc import RTCRtpTransceiver

from voip.media import private
from voip.media.packets import SenderReport, VideoFrame
from voip.signalling.content import SCREENSHARE, StreamMetadata


class Pictures:
    """Of several with the same purpose whoever listens gets the one that was there first, and
    another when that ends. Each begins with a keyframe, also after it was muted."""

    def __init__(
        self, deliver: Callable[[VideoFrame], None], report: Callable[[SenderReport], None]
    ) -> None:
        self._deliver, self._report = deliver, report
        self._taps: dict[RTCRtpTransceiver, private.VideoTap] = {}
        self._counting: Mapping[RTCRtpTransceiver, StreamMetadata] = {}
        self._shown: dict[str, RTCRtpTransceiver] = {}
        """By purpose."""
        self._cut: set[RTCRtpTransceiver] = set()
        """Those of which something was left out: they go on with a keyframe."""
        self._screens = 0

    def __contains__(self, transceiver: RTCRtpTransceiver) -> bool:
        return transceiver in self._taps

    def __iter__(self) -> Iterator[RTCRtpTransceiver]:
        return iter(self._taps)

    def tap(self, transceiver: RTCRtpTransceiver) -> None:
        """Before its receiver starts."""
        self._taps[transceiver] = private.VideoTap(
            transceiver.receiver, lambda frame: self._take(transceiver, frame), self._report
        )

    def count(self, counting: Mapping[RTCRtpTransceiver, StreamMetadata]) -> bool:
        """Let these count from now on. True where one is seen that was not, or not for this."""
        before, self._counting = self._counting, counting
        for purpose, shown in [*self._shown.items()]:
            if shown not in counting or counting[shown].purpose != purpose:
                del self._shown[purpose]
        self._cut = {one for one in counting if one in self._cut or counting[one].video_muted}
        seen = {one: said.purpose for one, said in counting.items() if not said.video_muted}
        return any(
            one not in before or before[one].video_muted or before[one].purpose != purpose
            for one, purpose in seen.items()
        )

    async def request_keyframes(self, purpose: str | None = None) -> None:
        """Of all that count, or of those with this purpose."""
        for transceiver, said in [*self._counting.items()]:
            if not said.video_muted and purpose in (None, said.purpose):
                await self._taps[transceiver].request_keyframe()

    def limit(self, purpose: str, rate: int | None) -> None:
        """The bits a second that may come in of whatever has this purpose; None: any number."""
        for transceiver, said in self._counting.items():
            if said.purpose == purpose:
                self._taps[transceiver].limit = rate

    def _take(self, transceiver: RTCRtpTransceiver, frame: VideoFrame) -> None:
        said = self._counting.get(transceiver)
        # MSC3291: a muted video is not shown. What comes of it is black, or old.
        if said is None or said.video_muted:
            return
        screen = said.purpose == SCREENSHARE
        shown = self._shown.get(said.purpose)
        if shown not in (None, transceiver):
            return
        if shown is None or transceiver in self._cut:
            if not frame.keyframe:
                return
            self._cut.discard(transceiver)
            self._screens += screen and shown is None
            self._shown[said.purpose] = transceiver
        self._deliver(_of_screen(frame, self._screens) if screen else frame)


def _of_screen(frame: VideoFrame, number: int) -> VideoFrame:
    return msgspec.structs.replace(frame, screen=number)
