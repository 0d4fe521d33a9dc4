"""One call's peer: offer, answer, candidates, connection, close.

It has one audio m-line, perhaps some of video, and one transport. Video is received; what is sent
is another call's (`pass_on`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from aioice.candidate import Candidate as IceCandidate
from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceTransportPolicy,
    RTCPeerConnection,
    RTCRtpSender,
)
from aiortc.exceptions import InvalidStateError

from voip.media import icelist, private, report, sdp
from voip.media.agreed import Agreed
from voip.media.connecting import Connecting
from voip.media.description import Section
from voip.media.dtmf import Press
from voip.media.errors import BadDescription, CallClosed, NoRelay, NotAnswered, PeerMediaError
from voip.media.events import (
    Digit,
    FirstAudio,
    LocalCandidates,
    LocalStreams,
    MediaEvent,
    MediaStats,
)
from voip.media.events import MediaFailure as Failure
from voip.media.first import set_remote
from voip.media.keys import Keys
from voip.media.lines import Lines
from voip.media.meter import Meter
from voip.media.network import Network
from voip.media.packets import AudioPacket, VideoSink
from voip.media.passed_video import Showing, Source
from voip.media.player import Player
from voip.media.remote import RemoteCandidates
from voip.media.renegotiation import Renegotiation
from voip.media.sections import events_of, takes_fec
from voip.media.settings import MediaSettings
from voip.media.shared_port import SharedPort
from voip.media.supervisor import Supervisor
from voip.media.tap import Tap
from voip.media.ticker import Ticker
from voip.signalling.content import Streams
from voip.signalling.events import Change
from voip.signalling.ice import END_OF_CANDIDATES, Candidate, IceServer
from voip.signalling.ids import CallKey

log = logging.getLogger(__name__)
T = TypeVar("T")


class Peer:
    """Create on the event loop. Everything it says goes to `emit`, MediaClosed last.

    `track` is sent from the moment of connection: some clients show a call as connected only
    when audio arrives.
    """

    def __init__(
        self,
        key: CallKey,
        settings: MediaSettings,
        ice_servers: Sequence[IceServer],
        *,
        resolver: icelist.Resolver,
        port: SharedPort | None,
        ticker: Ticker,
        track: Player,
        emit: Callable[[MediaEvent], None],
    ) -> None:
        """Raises NoRelay where only relays may be used and none is given."""
        servers = icelist.choose(ice_servers, relay_only=settings.relay_only)
        if settings.relay_only and not servers:
            raise NoRelay
        self._servers = servers
        policy = RTCIceTransportPolicy.RELAY if settings.relay_only else RTCIceTransportPolicy.ALL
        self._pc = RTCPeerConnection(
            RTCConfiguration(
                iceServers=servers,
                iceTransportPolicy=policy,
                # One transport a call, so one relay allocation.
                bundlePolicy=RTCBundlePolicy.MAX_BUNDLE,
            )
        )
        self.tap = Tap(self._pace)
        self.remote = RemoteCandidates()
        self._key, self._settings, self._resolver, self._port = key, settings, resolver, port
        self._track, self._emit = track, emit
        self._network: Network | None = None
        self._keys = Keys(track, self._digit)
        self.lines = Lines(
            self._pc,
            audio=self._first_audio,
            event=self._keys.event,
            video=self.tap.video,
            report=self.tap.report,
        )
        self._offered: str | None = None
        self._renegotiation: Renegotiation | None = None
        self._place: tuple[str | None, int] = ("0", 0)
        """The mid and the index of the m-line that our first candidates belong to."""
        self._connecting = Connecting(self._pc, self._let_flow)
        self._meter = Meter(self._pc, lambda: self.lines.passed.senders)
        self._supervisor = Supervisor(
            self._pc,
            key,
            settings,
            emit,
            ticker=ticker,
            meter=self._meter,
            audio_expected=lambda: self.lines.audio_expected,
        )
        self._refused_packets = 0
        self._streams_told: Streams = {}
        self._closing: asyncio.Task[None] | None = None
        self._pace()

    @property
    def connected(self) -> bool:
        return self._supervisor.connected

    async def offer(self, *, video: bool) -> str:
        """An offer of audio both ways and, with `video`, of video towards us."""
        audio = self._pc.addTransceiver(self._track, "sendrecv")
        opus = [
            codec
            for codec in RTCRtpSender.getCapabilities("audio").codecs
            if codec.mimeType == "audio/opus"
        ]
        audio.setCodecPreferences(opus)
        if video:
            self._pc.addTransceiver("video", "recvonly")
        network = self._prepare()
        await self._exchanged(self._pc.setLocalDescription())
        self._offered = self._pc.localDescription.sdp
        self._check_gathered()
        return sdp.finish_offer(self._offered, complete=network.complete)

    async def answer(self, offer: str) -> str:
        """Raises BadDescription, NoCommonCodec, CallClosed."""
        prepared = sdp.prepare_offer(offer)
        self._place = prepared.place
        await self._exchanged(set_remote(self._pc, "offer", prepared))
        if prepared.has_audio:
            self._pc.addTrack(self._track)
        network = self._prepare()
        await network.described(prepared)
        await self._exchanged(self._pc.setLocalDescription())
        local = self._pc.localDescription.sdp
        answer = sdp.finish_answer(local, prepared, complete=network.complete)
        self._agree(Agreed.first(answer, offer, prepared, answered=True), network)
        self._check_gathered()
        return answer

    async def apply(self, answer: str) -> None:
        """The answer to our offer, to the call's first or to a later one.

        Raises BadDescription, NoCommonCodec, CallClosed; a later offer stays open then.
        """
        if self._renegotiation is not None:
            await self._exchanged(self._renegotiation.apply(answer))
            return
        if self._offered is None or self._network is None:
            raise BadDescription("an answer came to a call that we did not offer")
        prepared = sdp.prepare_answer(answer, self._offered)
        await self._exchanged(set_remote(self._pc, "answer", prepared))
        await self._network.described(prepared)
        offer = sdp.finish_offer(self._offered, complete=self._network.complete)
        self._agree(Agreed.first(offer, answer, prepared, answered=False), self._network)

    async def reoffer(self, change: Change, ice_servers: Sequence[IceServer] | None) -> str:
        """Raises NotAnswered, CallClosed."""
        renegotiation = self._negotiated(ice_servers)
        return await self._exchanged(renegotiation.reoffer(change))

    async def reanswer(self, offer: str, ice_servers: Sequence[IceServer] | None) -> str:
        """Raises BadDescription, NoCommonCodec, NotAnswered, CallClosed."""
        renegotiation = self._negotiated(ice_servers)
        return await self._exchanged(renegotiation.reanswer(offer))

    async def rollback(self) -> None:
        if self._renegotiation is not None:
            await self._renegotiation.rollback()

    async def press(self, digits: str, *, seconds: float, gap: float) -> None:
        """Raises NoDigits, ValueError, PlayerClosed."""
        audio = self._remote_audio()
        events = {} if audio is None else events_of(audio)
        await self._keys.press(digits, events, seconds=seconds, gap=gap)

    @property
    def takes_fec(self) -> bool:
        """Whether the other side said that it wants in-band FEC of us."""
        audio = self._remote_audio()
        return audio is not None and takes_fec(audio)

    def _remote_audio(self) -> Section | None:
        lines = [] if self._renegotiation is None else self._renegotiation.agreed.lines
        return next((line.remote for line in lines if line.kind == "audio"), None)

    async def set_streams(self, streams: Streams) -> None:
        await self.lines.set_streams(streams)

    async def request_keyframes(self, purpose: str | None = None) -> None:
        if self.connected:
            await self.lines.request_keyframes(purpose)

    async def stats(self) -> MediaStats:
        return report.stats(
            self._meter,
            None if self._network is None else self._network.path,
            connected=self.connected,
            refused=self._refused_packets,
            ignored=self.remote.ignored,
        )

    def pass_on(self, shown: Mapping[str, Showing], source: Callable[[str], Source]) -> VideoSink:
        """Send what another call shows, as soon as that is negotiated; its frames go where this
        returns. `source` gives whom to ask for keyframes, by purpose."""
        self.lines.passed.show(shown, source)
        self._tell_streams()
        return self.lines.passed

    async def pass_no_more(self) -> None:
        await self.lines.passed.close()
        self._tell_streams()

    async def close(self) -> None:
        """Idempotent. Returns when sockets and tasks are gone."""
        self._supervisor.close()
        self._pace()
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        # Shielded: whoever is cancelled while waiting must not leave half a call behind.
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        self._keys.close()
        self._track.stop()
        await self._report()
        await self.lines.passed.close()
        await self._connecting.close()
        if self._renegotiation is not None:
            await self._renegotiation.rollback()
        if self._network is not None:
            await self._network.stop()
        closing = asyncio.create_task(self._pc.close())
        await asyncio.wait([closing], timeout=self._settings.close_timeout)
        if not closing.done() and self._network is not None:
            self._network.abandon()
        await closing
        if (audio := self.lines.audio) is not None:
            audio.close()
        private.release(self._pc)

    async def _report(self) -> None:
        """Tell what it came to, while that is still known."""
        gathering = None if self._network is None else self._network.generation.gathering
        try:
            stats = replace(await self.stats(), connected=self._supervisor.was_connected)
            self._emit(report.closed(self._key, stats, self._servers, gathering))
        except Exception:
            log.exception("what a call's media came to could not be told")

    def _prepare(self) -> Network:
        """Everything that has to be in place before aiortc gathers and receives."""
        dtls = self._pc.getTransceivers()[0].receiver.transport
        self._network = Network(
            dtls,
            self._settings,
            self._resolver,
            self.remote,
            port=self._port,
            late=self._local_candidate,
            refused=self._refused,
        )
        self._supervisor.path = self._network.path
        self.lines.tap()
        if (audio := self.lines.audio) is not None:
            audio.shorten(self._network.streams_seen, self._refused)
            self._network.path.short_way = audio.take
            private.AudioSender(self.lines.sender, self._track, self._network.path.send_now)
        self._meter.start()
        private.watch_rtcp(dtls, self._meter.leaving)
        for emitter in private.emitters_of(self._pc):
            emitter.on("error", _report)
        return self._network

    def _agree(self, agreed: Agreed, network: Network) -> None:
        """The call's first offer and answer are complete."""
        self.lines.agree(agreed)
        self._renegotiation = Renegotiation(agreed, self.lines, network, self._servers)
        self._supervisor.expect_connection()

    async def _let_flow(self) -> None:
        if self._renegotiation is not None:
            await self._renegotiation.start()
            self._tell_streams()
        self._pace()

    def _tell_streams(self) -> None:
        """What there is to show is not what was said of it."""
        if self._renegotiation is None:
            return
        streams, outdated = self._renegotiation.shows()
        if outdated or streams != self._streams_told:
            self._streams_told = streams
            self._supervisor.say(LocalStreams(self._key, streams, outdated))

    def _pace(self) -> None:
        """Who connects, or is heard as he speaks, needs packets promptly."""
        if self._port is not None:
            waits = not self.connected or self.tap.live
            self._port.hurry(self, waits and not self._supervisor.over)

    def _negotiated(self, ice_servers: Sequence[IceServer] | None) -> Renegotiation:
        if self._renegotiation is None:
            raise NotAnswered
        if ice_servers is not None:
            relay_only = self._settings.relay_only
            self._renegotiation.servers = icelist.choose(ice_servers, relay_only=relay_only)
        return self._renegotiation

    async def _exchanged(self, request: Awaitable[T]) -> T:
        """What `request` gives, unless the call was closed meanwhile."""
        try:
            result = await request
        except (InvalidStateError, PeerMediaError):
            if self._supervisor.over or self._pc.signalingState == "closed":
                raise CallClosed from None
            raise
        if self._supervisor.over:
            raise CallClosed
        return result

    def _first_audio(self, packet: AudioPacket) -> None:
        """Says so, and leaves the way to the tap to the packets that follow."""
        self._supervisor.say(FirstAudio(self._key))
        self.tap.audio(packet)
        self.lines.hear(self.tap.audio)

    def _digit(self, press: Press) -> None:
        self._supervisor.say(Digit(self._key, press.digit, press.seconds))

    def _refused(self) -> None:
        self._refused_packets += 1

    def _local_candidate(self, candidate: IceCandidate | None) -> None:
        """What a slow STUN or TURN server gave after the description, then None."""
        renegotiation = self._renegotiation
        mid, index = self._place if renegotiation is None else renegotiation.place
        text = END_OF_CANDIDATES if candidate is None else f"candidate:{candidate.to_sdp()}"
        candidates = (Candidate(text, mid, index),)
        self._supervisor.say(LocalCandidates(self._key, candidates))
        if candidate is None:
            self._check_gathered()
        elif self._pc.iceConnectionState == "new":
            self._connecting.again()

    def _check_gathered(self) -> None:
        """Without an address of our own, and none to come, nothing can connect."""
        network = self._network
        if network is None or not network.complete or self._supervisor.was_connected:
            return
        if not network.path.local_candidates:
            self._supervisor.fail(Failure.ICE_FAILED)


def _report(error: Exception) -> None:
    """pyee raises what a listener raised into aiortc, unless somebody listens for it."""
    log.error("a listener of a media object failed: %s", type(error).__name__)
