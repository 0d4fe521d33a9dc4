"""One call's peer: offer, answer, candidates, connection, close.

It has one audio m-line, perhaps one video m-line that it only receives, and one transport.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from aioice.candidate import Candidate as IceCandidate
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceTransportPolicy,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.exceptions import InternalError, InvalidAccessError, InvalidStateError

from voip.media import icelist, private, report, sdp
from voip.media.connecting import Connecting
from voip.media.errors import BadDescription, CallClosed, NoRelay
from voip.media.events import Connected, Failed, FirstAudio, LocalCandidates, MediaEvent, MediaStats
from voip.media.events import MediaFailure as Failure
from voip.media.gathering import Gathering
from voip.media.packets import AudioPacket
from voip.media.remote import RemoteCandidates
from voip.media.settings import MediaSettings
from voip.media.tap import Tap
from voip.signalling.ice import END_OF_CANDIDATES, Candidate, IceServer
from voip.signalling.ids import CallKey

log = logging.getLogger(__name__)

# What aiortc 1.16 makes of a description that it does not understand.
CHOKES = (
    AssertionError,
    AttributeError,
    InternalError,
    InvalidAccessError,
    LookupError,
    TypeError,
    ValueError,
)


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
        track: MediaStreamTrack,
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
        self.tap = Tap()
        self.remote = RemoteCandidates()
        self._key, self._settings, self._resolver = key, settings, resolver
        self._track, self._emit = track, emit
        self._gathering: Gathering | None = None
        self._video: private.VideoTap | None = None
        self._offered: str | None = None
        self._place: tuple[str | None, int] = ("0", 0)
        """The mid and the index of the m-line that our candidates belong to."""
        self._connecting = Connecting(self._pc)
        self._timer: asyncio.TimerHandle | None = None
        self._connected = False
        self._heard = False
        self._refused_packets = 0
        self._over = False
        self._closing: asyncio.Task[None] | None = None
        self._pc.on("connectionstatechange", self._state_changed)

    @property
    def connected(self) -> bool:
        return self._connected and not self._over

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
        gathering = self._prepare_transport()
        await self._set_local()
        self._offered = self._pc.localDescription.sdp
        self._check_gathered()
        return sdp.finish_offer(self._offered, complete=gathering.complete)

    async def answer(self, offer: str) -> str:
        """Raises BadDescription, NoCommonCodec, CallClosed."""
        prepared = sdp.prepare_offer(offer)
        self._place = prepared.place
        await self._set_remote("offer", prepared)
        if prepared.has_audio:
            self._pc.addTrack(self._track)
        gathering = self._prepare_transport()
        await self.remote.start(gathering.ice, prepared)
        await self._set_local()
        self._start_connect_timer()
        self._check_gathered()
        local = self._pc.localDescription.sdp
        return sdp.finish_answer(local, prepared, complete=gathering.complete)

    async def apply(self, answer: str) -> None:
        """The answer to our offer. Raises BadDescription, NoCommonCodec, CallClosed."""
        if self._offered is None or self._gathering is None:
            raise BadDescription("an answer came to a call that we did not offer")
        prepared = sdp.prepare_answer(answer, self._offered)
        await self._set_remote("answer", prepared)
        await self.remote.start(self._gathering.ice, prepared)
        self._start_connect_timer()

    async def request_keyframe(self) -> None:
        if self._video is not None and self.connected:
            await self._video.request_keyframe()

    async def stats(self) -> MediaStats:
        ignored = self.remote.ignored
        stats = MediaStats(self.connected, 0, 0, 0, self._refused_packets, ignored)
        return report.counted(stats, await self._pc.getStats())

    async def close(self) -> None:
        """Idempotent. Returns when sockets and tasks are gone."""
        self._over = True
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        # Shielded: whoever is cancelled while waiting must not leave half a call behind.
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        self._stop_timer()
        self._track.stop()
        await self._report()
        await self.remote.close()
        if self._gathering is not None:
            await self._gathering.close()
        await self._connecting.close()
        closing = asyncio.create_task(self._pc.close())
        await asyncio.wait([closing], timeout=self._settings.close_timeout)
        if not closing.done() and self._gathering is not None:
            private.abandon_relays(self._gathering.connection)
        await closing

    async def _report(self) -> None:
        """Tell what it came to, while that is still known."""
        try:
            stats = replace(await self.stats(), connected=self._connected)
            self._emit(report.closed(self._key, stats, self._servers, self._gathering))
        except Exception:
            log.exception("what a call's media came to could not be told")

    def _prepare_transport(self) -> Gathering:
        """Everything that has to be in place before aiortc gathers and receives."""
        dtls = self._pc.getTransceivers()[0].receiver.transport
        private.accept_rsa(dtls)
        private.guard_input(dtls, self._refused)
        for transceiver in self._pc.getTransceivers():
            if transceiver.kind == "audio":
                private.tap_audio(transceiver.receiver, self._audio)
            else:
                self._video = private.VideoTap(transceiver.receiver, self.tap.video)
        for emitter in private.emitters_of(self._pc):
            emitter.on("error", _report)
        self._gathering = Gathering(
            dtls.transport, self._resolver, self._settings, self._local_candidate
        )
        return self._gathering

    async def _set_local(self) -> None:
        """The offer or the answer that is due, with its candidates."""
        try:
            await self._pc.setLocalDescription()
        except InvalidStateError:
            raise CallClosed from None
        if self._over:
            raise CallClosed

    async def _set_remote(self, sdp_type: str, prepared: sdp.Prepared) -> None:
        try:
            await self._pc.setRemoteDescription(RTCSessionDescription(prepared.sdp, sdp_type))
        except (*CHOKES, InvalidStateError) as error:
            if self._over or self._pc.signalingState == "closed":
                raise CallClosed from None
            # The message and the traceback could quote the description.
            log.warning("a session description was refused by aiortc: %s", type(error).__name__)
            raise BadDescription("the other side's session description cannot be used") from None
        if self._over:
            raise CallClosed

    def _audio(self, packet: AudioPacket) -> None:
        if not self._heard:
            self._heard = True
            self._say(FirstAudio(self._key))
        self.tap.audio(packet)

    def _refused(self) -> None:
        self._refused_packets += 1

    def _local_candidate(self, candidate: IceCandidate | None) -> None:
        """What a slow STUN or TURN server gave after the description, then None."""
        mid, index = self._place
        if candidate is None:
            self._say(LocalCandidates(self._key, (Candidate(END_OF_CANDIDATES, mid, index),)))
            self._check_gathered()
            return
        text = f"candidate:{candidate.to_sdp()}"
        self._say(LocalCandidates(self._key, (Candidate(text, mid, index),)))
        if self._pc.iceConnectionState == "new":
            self._connecting.again()

    def _check_gathered(self) -> None:
        """Without an address of our own, and none to come, nothing can connect."""
        gathering = self._gathering
        if gathering is None or not gathering.complete:
            return
        if not gathering.ice.iceGatherer.getLocalCandidates():
            self._fail(Failure.ICE_FAILED)

    def _start_connect_timer(self) -> None:
        if not self._connected and not self._over:
            self._start_timer(self._settings.connect_timeout, Failure.CONNECT_TIMEOUT)

    def _start_timer(self, seconds: float, failure: Failure) -> None:
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._fail, failure)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _state_changed(self) -> None:
        state = self._pc.connectionState
        if self._over:
            return
        if state == "connected" and not self._connected:
            self._connected = True
            self._stop_timer()
            self._say(Connected(self._key))
        elif state == "failed":
            self._fail(self._cause())
        elif state == "closed":
            # The other side closed DTLS: most likely its hangup is on the way.
            self._start_timer(self._settings.gone_grace, Failure.PEER_GONE)

    def _cause(self) -> Failure:
        if self._connected:  # consent to send expired (RFC 7675 §5.1)
            return Failure.PEER_GONE
        if self._pc.iceConnectionState == "failed":
            return Failure.ICE_FAILED
        return Failure.DTLS_FAILED

    def _fail(self, failure: Failure) -> None:
        self._stop_timer()
        self._say(Failed(self._key, failure))
        self._over = True

    def _say(self, event: MediaEvent) -> None:
        if not self._over:
            self._emit(event)


def _report(error: Exception) -> None:
    """pyee raises what a listener raised into aiortc, unless somebody listens for it."""
    log.error("a listener of a media object failed: %s", type(error).__name__)
