"""What flows in each m-line: the transceivers behind what was agreed on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aiortc import RTCPeerConnection, RTCRtpSender, RTCRtpTransceiver

from voip.media import private
from voip.media.agreed import Agreed, Line
from voip.media.packets import AudioPacket, EventPacket, SenderReport, VideoFrame
from voip.media.parameters import receiving, sending
from voip.media.passed import Passed
from voip.media.passed_video import Showing
from voip.media.pictures import Pictures
from voip.media.sections import codecs_of, events_of, extensions_of, format_of
from voip.media.streams import counting
from voip.signalling.content import StreamMetadata, Streams

_SENDS = ("sendrecv", "sendonly")
_RECEIVES = ("sendrecv", "recvonly")
_AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"


class Lines:
    """The one stream of audio and several of video; what of them counts is for the other side's
    stream metadata to say, or else its first stream."""

    def __init__(
        self,
        pc: RTCPeerConnection,
        *,
        audio: Callable[[AudioPacket], None],
        event: Callable[[EventPacket], None],
        video: Callable[[VideoFrame], None],
        report: Callable[[SenderReport], None],
    ) -> None:
        self._pc = pc
        self._on_audio, self._on_event, self._on_report = audio, event, report
        self._audio: tuple[RTCRtpTransceiver, private.AudioTap] | None = None
        self._heard = False
        """The audio counts."""
        self.audio_expected = False
        """The other side is to send sound: no hold of either side (one that has us on hold may send
        music or nothing), and not muted as far as it says."""
        self._pictures = Pictures(video, report)
        self._by_mid: dict[str, RTCRtpTransceiver] = {}
        self._lines: list[Line] = []
        self._streams: Streams | None = None
        self.shown: Mapping[str, Showing] = {}
        """What the other side shows, by purpose."""
        self.on_shown: Callable[[], None] | None = None
        """Told when that changes. Must not block or raise."""
        self.passed = Passed(lambda: pc.getTransceivers()[0].receiver.transport)
        """What it is shown of another call."""

    def tap(self) -> None:
        """Take the media of every transceiver that is new. Before their receivers start."""
        for transceiver in self._pc.getTransceivers():
            if transceiver.kind == "audio" and self._audio is None:
                tap = private.AudioTap(
                    transceiver.receiver, _ignore, self._take_event, self._on_report
                )
                private.report_seldom(transceiver.receiver)
                private.report_seldom(transceiver.sender)
                self._audio = transceiver, tap
            elif transceiver.kind == "video" and transceiver not in self._pictures:
                self._pictures.tap(transceiver)

    def agree(self, agreed: Agreed) -> bool:
        """What is to flow once the connection is up. True where a picture is seen that was not."""
        self._lines = agreed.lines
        self._bind(self._lines)
        return self._count()

    async def set_streams(self, streams: Streams) -> None:
        """What the other side says of its streams, whether their m-lines are known or not."""
        self._streams = streams
        if self._count():
            await self._pictures.request_keyframes()

    async def apply(self, agreed: Agreed) -> None:
        """Let flow what was agreed on. The connection is up."""
        fresh = self.agree(agreed)
        for transceiver in self._pc.getTransceivers():
            if transceiver not in self._by_mid.values():
                private.direct(transceiver, "inactive")
        for line in self._lines:
            transceiver = self._by_mid[line.mid]
            private.direct(transceiver, line.direction)
            if line.direction in _RECEIVES:
                await private.receive(transceiver.receiver, receiving(line))
            if self._audio is not None and transceiver is self._audio[0]:
                self._audio[1].take_events(events_of(line.local))
                self._audio[1].take_level(_level_of(line))
                if line.direction in _SENDS and not private.has_started(transceiver.sender):
                    await transceiver.sender.send(sending(line))
        await self.passed.apply(self._lines)
        if fresh:
            await self._pictures.request_keyframes()

    @property
    def audio(self) -> private.AudioTap | None:
        return None if self._audio is None else self._audio[1]

    @property
    def sender(self) -> RTCRtpSender:
        """What sends our sound, where there is `audio`."""
        assert self._audio is not None  # noqa: S101
        return self._audio[0].sender

    async def request_keyframes(self, purpose: str | None = None) -> None:
        """Of all that is seen, or of what has this purpose."""
        await self._pictures.request_keyframes(purpose)

    def limit_video(self, purpose: str, rate: int | None) -> None:
        """Tell the other side of no more bits a second than these for what it shows; None: of as
        many as come through."""
        self._pictures.limit(purpose, rate)

    def hear(self, audio: Callable[[AudioPacket], None]) -> None:
        """Who gets the audio from now on, as long as it counts."""
        self._on_audio = audio
        self._direct_audio()

    def _direct_audio(self) -> None:
        """Each packet's way is decided here, so that none has to be asked about."""
        if self._audio is not None:
            self._audio[1].deliver = self._on_audio if self._heard else _ignore

    def _count(self) -> bool:
        said = counting(self._lines, self._streams)
        receiving = {
            self._by_mid[line.mid]: said[line.mid]
            for line in self._lines
            if line.mid in said and line.direction in _RECEIVES
        }
        self._heard = any(one.kind == "audio" for one in receiving)
        self.audio_expected = self._heard and any(
            line.direction == "sendrecv" and not said[line.mid].audio_muted
            for line in self._lines
            if line.kind == "audio" and line.mid in said
        )
        self._direct_audio()
        self._see(said)
        return self._pictures.count({o: said for o, said in receiving.items() if o.kind == "video"})

    def _see(self, said: Mapping[str, StreamMetadata]) -> None:
        """Of several with one purpose the first stands for all: a codec is rarely another one."""
        shown: dict[str, Showing] = {}
        for line in self._lines:
            if line.kind == "video" and line.mid in said and line.direction in _RECEIVES:
                codecs = [one for one in codecs_of(line.local) if one.name.lower() != "rtx"]
                formats = tuple(map(format_of, codecs))
                showing = Showing(formats, said[line.mid].video_muted)
                shown.setdefault(said[line.mid].purpose, showing)
        if shown != self.shown:
            self.shown = shown
            if self.on_shown is not None:
                self.on_shown()

    def _take_event(self, packet: EventPacket) -> None:
        if self._heard:
            self._on_event(packet)

    def _bind(self, lines: list[Line]) -> None:
        """Which transceiver is whose: those of sections that are gone are used again."""
        former, self._by_mid = self._by_mid, {}
        known = {one.mid: one for one in self._pc.getTransceivers() if one.mid is not None}
        wanting = []
        for line in lines:
            transceiver = former.get(line.mid) or (None if former else known.get(line.mid))
            if line.kind == "audio":
                transceiver = self._audio[0] if self._audio is not None else transceiver
            if transceiver is None:
                wanting.append(line)
            else:
                self._by_mid[line.mid] = transceiver
        for line in wanting:
            self._by_mid[line.mid] = self._idle_video() or self._pc.addTransceiver(
                line.kind, "recvonly"
            )
            self.tap()

    def _idle_video(self) -> RTCRtpTransceiver | None:
        taken = self._by_mid.values()
        return next((one for one in self._pictures if one not in taken), None)


def _ignore(packet: AudioPacket) -> None:
    """Of a stream that does not count."""


def _level_of(line: Line) -> int:
    """The number of the audio level's header extension, 0 for none."""
    numbers = {uri: number for number, uri in extensions_of(line.local).items()}
    return numbers.get(_AUDIO_LEVEL, 0)
