"""ICE and DTLS: what has no public way in aiortc 1.16 and aioice 0.13."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, Final, Protocol

import pylibsrtp
from aioice.candidate import Candidate as IceCandidate
from aioice.ice import CandidatePair, Connection, StunProtocol, get_host_addresses
from aiortc import RTCDtlsTransport, RTCIceTransport, RTCPeerConnection
from aiortc.rtcdtlstransport import RtpRouter
from aiortc.rtp import RtpPacket, is_rtcp
from OpenSSL import SSL

from voip.media.private.names import (
    CERTIFICATES,
    CLOSE_TASK,
    CONNECT,
    CONNECTION,
    CREATE_CONTEXT,
    RECV,
    SEND,
    Dtls,
)

log = logging.getLogger(__name__)

# Both kinds of certificate: a GStreamer peer has an RSA one and, where it is the DTLS server,
# aiortc's own ECDSA-only list shares no cipher with it. RFC 8827 §6.5 asks for the ECDSA ones.
CIPHERS: Final = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    b"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    b"ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:"
    b"ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA"
)


def accept_rsa(dtls: RTCDtlsTransport) -> None:
    """Let a peer with an RSA certificate be the DTLS server too."""
    certificate = getattr(dtls, Dtls.CERTIFICATE)
    original = getattr(certificate, CREATE_CONTEXT)

    def create(srtp_profiles: Any) -> SSL.Context:
        context: SSL.Context = original(srtp_profiles=srtp_profiles)
        context.set_cipher_list(CIPHERS)
        return context

    setattr(certificate, CREATE_CONTEXT, create)


def guard_input(dtls: RTCDtlsTransport, refused: Callable[[], None]) -> Callable[[bytes], None]:
    """Keep one malformed packet from ending the transport: aiortc's pump dies of header extensions
    of the wrong length. And bound what a peer with ever new SSRCs can have us keep: what is
    returned is to be told of each SSRC (four bytes) that does not pass aiortc."""
    streams = _Streams(dtls)

    def guarded(
        original: Callable[..., Awaitable[None]], ssrc_at: int
    ) -> Callable[..., Awaitable[None]]:
        async def handle(data: bytes, **kwargs: Any) -> None:
            streams.saw(data[ssrc_at : ssrc_at + 4])
            try:
                await original(data, **kwargs)
            except ConnectionError:
                raise
            except Exception as error:  # noqa: BLE001  # whatever a parser makes of bad input
                log.debug("a packet was dropped: %s", type(error).__name__)
                refused()

        return handle

    # RFC 3550 §5.1 and §6.4.1: where the sender's SSRC stands.
    for name, ssrc_at in ((Dtls.HANDLE_RTP_DATA, 8), (Dtls.HANDLE_RTCP_DATA, 4)):
        setattr(dtls, name, guarded(getattr(dtls, name), ssrc_at))
    _route_by_mid(getattr(dtls, Dtls.ROUTER))
    return streams.saw


class _Streams:
    """libsrtp keeps state for each SSRC that it ever saw, and aiortc an entry."""

    MAX = 64

    def __init__(self, dtls: RTCDtlsTransport) -> None:
        self._dtls = dtls
        self._router: RtpRouter = getattr(dtls, Dtls.ROUTER)
        self._seen: dict[bytes, None] = {}

    def saw(self, ssrc: bytes) -> None:
        if ssrc in self._seen or len(ssrc) < 4:
            return
        self._seen[ssrc] = None
        if len(self._seen) <= self.MAX:
            return
        oldest = next(iter(self._seen))
        del self._seen[oldest]
        number = int.from_bytes(oldest)
        self._router.ssrc_table.pop(number, None)
        with contextlib.suppress(pylibsrtp.Error):  # never seen as this kind of packet
            getattr(self._dtls, Dtls.INBOUND).remove_stream(number)


def _route_by_mid(router: RtpRouter) -> None:
    """RFC 8843 §9.2: the MID goes first. aiortc knows SSRCs and payload types alone, and two
    sections of video usually share their payload types."""
    original = router.route_rtp

    def route(packet: RtpPacket) -> Any:
        receiver = router.mid_table.get(packet.extensions.mid or "")
        if receiver is not None and receiver in router.payload_type_table.get(
            packet.payload_type, ()
        ):
            router.ssrc_table[packet.ssrc] = receiver
            return receiver
        return original(packet)

    router.route_rtp = route  # type: ignore[method-assign]


def watch_rtcp(dtls: RTCDtlsTransport, rtcp: Callable[[bytes], None]) -> None:
    """Let `rtcp` see each packet of RTCP before it is encrypted."""
    original: Callable[[bytes], Awaitable[None]] = getattr(dtls, Dtls.SEND_RTP)

    async def send(data: bytes) -> None:
        if is_rtcp(data):
            rtcp(data)
        await original(data)

    setattr(dtls, Dtls.SEND_RTP, send)


def release(pc: RTCPeerConnection) -> None:
    """Let go of what OpenSSL and libsrtp hold for a connection that is closed: 130 KB. aiortc's
    objects hold each other, and Python's collector, which comes every few dozen calls, counts
    objects and not what hangs on them."""
    for transceiver in pc.getTransceivers():
        dtls = transceiver.receiver.transport
        for name in (Dtls.SSL, Dtls.INBOUND, Dtls.OUTBOUND, Dtls.CERTIFICATE):
            setattr(dtls, name, None)
    getattr(pc, CERTIFICATES).clear()


class Pathlike(Protocol):
    """What aiortc calls of an ICE connection once it runs."""

    async def recv(self) -> bytes: ...
    async def send(self, data: bytes) -> None: ...


def put_path(ice: RTCIceTransport, path: Pathlike) -> None:
    """Let aiortc use `path` in place of its ICE connection. Before it gathers."""
    for owner in (ice, ice.iceGatherer):
        setattr(owner, CONNECTION, path)
    setattr(ice, RECV, path.recv)
    setattr(ice, SEND, path.send)


def carries(connection: Connection, protocol: StunProtocol) -> bool:
    """Whether what is sent goes out through `protocol`."""
    return any(pair.protocol is protocol for pair in connection._nominated.values())


def nominated(connection: Connection) -> CandidatePair | None:
    """The pair that carries what is sent."""
    return next(iter(connection._nominated.values()), None)


def connection_of(ice: RTCIceTransport) -> Connection:
    connection: Connection = getattr(ice.iceGatherer, CONNECTION)
    return connection


def protocols_of(connection: Connection) -> list[StunProtocol]:
    return connection._protocols


def checks_of(connection: Connection) -> list[CandidatePair]:
    return connection._check_list


def adopt(
    connection: Connection, candidate: IceCandidate, protocol: StunProtocol | None = None
) -> None:
    """Take a local candidate that was gathered elsewhere, and pair it where ICE runs already."""
    connection._local_candidates.append(candidate)
    if protocol is None:  # server-reflexive: its pairs are those of its host candidate
        return
    connection._protocols.append(protocol)
    for remote in connection._remote_candidates:
        connection._pair_remote_candidate(remote)
    connection.sort_check_list()


async def open_sockets(connection: Connection) -> list[IceCandidate]:
    """Sockets of its own beside what it has, paired with what is known of the other side."""
    addresses = get_host_addresses(use_ipv4=True, use_ipv6=True)
    candidates = await connection.get_component_candidates(component=1, addresses=addresses)
    connection._local_candidates += candidates
    for remote in connection._remote_candidates:
        connection._pair_remote_candidate(remote)
    connection.sort_check_list()
    return candidates


def rename(connection: Connection, fragment: str) -> None:
    """Give it another user name fragment, before anybody was told of its own."""
    connection._local_username = fragment


def take_host(connection: Connection, protocol: StunProtocol) -> None:
    """Let it send and receive through this socket; its candidate is set."""
    connection._protocols.append(protocol)


def set_hosts(connection: Connection, candidates: Sequence[IceCandidate]) -> None:
    """The host candidates, in place of gathering them."""
    connection._local_candidates_start = connection._local_candidates_end = True
    connection._local_candidates += candidates


def reopen_candidates(connection: Connection) -> None:
    """Take remote candidates again after end-of-candidates: some peers send them."""
    connection._remote_candidates_end = False


def replace_connect(
    pc: RTCPeerConnection, replacement: Callable[[], Awaitable[None]]
) -> Callable[[], Awaitable[None]]:
    """Have `replacement` called, and awaited in a task, where aiortc wants to connect. Gives what
    it would have called."""
    original: Callable[[], Awaitable[None]] = getattr(pc, CONNECT)
    setattr(pc, CONNECT, replacement)
    return original


def abandon_relays(connection: Connection) -> None:
    """Close TURN allocations without waiting for a server that does not answer (they expire)."""
    for protocol in list(connection._protocols):
        transport: object = getattr(protocol, "transport", None)
        task = getattr(transport, CLOSE_TASK, None)
        if task is not None:
            task.cancel()


def emitters_of(pc: RTCPeerConnection) -> Iterator[Any]:
    """Everything of a peer connection that emits events by pyee."""
    yield pc
    for transceiver in pc.getTransceivers():
        dtls = transceiver.receiver.transport
        yield from (dtls, dtls.transport, dtls.transport.iceGatherer)
        for track in (transceiver.receiver.track, transceiver.sender.track):
            if track is not None:
                yield track
