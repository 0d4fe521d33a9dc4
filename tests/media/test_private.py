"""The one module that uses what aiortc and aioice keep private."""

from __future__ import annotations

import asyncio
import gc
import struct
import weakref
from importlib.metadata import version

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection
from aiortc.codecs import CODECS
from aiortc.rtp import RtcpByePacket, RtpPacket

from tests.media.calls import KEY, call, until
from voip.media import private
from voip.media.events import FirstAudio
from voip.media.keyframes import is_keyframe
from voip.media.packets import AudioPacket
from voip.media.sounds import Tone


async def test_every_private_name_is_still_there() -> None:
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    pc.addTransceiver("audio")
    moved = private.moved_names(pc)
    await pc.close()
    assert not moved, (
        f"aiortc {version('aiortc')} and aioice {version('aioice')} have no {', '.join(moved)}: "
        "find out what took their place and change voip/media/private.py"
    )


async def test_a_name_that_moved_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    pc.addTransceiver("audio")
    delattr(pc.getTransceivers()[0].receiver, private.Receiver.TIMESTAMPS)
    assert private.moved_names(pc) == ["RTCRtpReceiver._RTCRtpReceiver__timestamp_mapper"]
    await pc.close()


class Ear:
    def __init__(self) -> None:
        self.packets: list[AudioPacket] = []

    def audio(self, packet: AudioPacket) -> None:
        self.packets.append(packet)


async def test_the_audio_tap_gives_packets_in_order_and_nothing_is_kept_or_decoded() -> None:
    async with call() as (caller, _, callee, hears):
        ear = Ear()
        peer = callee._calls[KEY].peer
        peer.tap.add_audio(ear)
        await caller.play(KEY, Tone(seconds=0.4))
        receiver = peer._pc.getTransceivers()[0].receiver
        assert receiver.track._queue.qsize() <= 1  # type: ignore[attr-defined]  # its end mark
        thread = getattr(receiver, private.Receiver.DECODER_THREAD)
        assert not thread.is_alive()
        # Receiver reports come from these figures.
        (stream,) = getattr(receiver, private.Receiver.STREAMS).values()
        assert stream.packets_received >= len(ear.packets) > 15
        assert stream.packets_lost == 0
        await hears.wait(FirstAudio)
    sequences = [packet.sequence for packet in ear.packets]
    assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
    assert {packet.ssrc for packet in ear.packets} == {ear.packets[0].ssrc}
    assert all(a.arrival <= b.arrival for a, b in zip(ear.packets, ear.packets[1:], strict=False))


async def test_receiver_reports_reach_the_sender() -> None:
    async with call() as (caller, _, _, _):
        pc = caller._calls[KEY].peer._pc
        async with asyncio.timeout(5):
            while not any(  # noqa: ASYNC110 - aiortc says nothing when a report arrives
                report.type == "remote-inbound-rtp" for report in (await pc.getStats()).values()
            ):
                await asyncio.sleep(0.1)


async def test_other_payload_types_and_a_bye_change_nothing() -> None:
    async with call() as (_, _, callee, hears):
        await hears.wait(FirstAudio)
        ear = Ear()
        peer = callee._calls[KEY].peer
        peer.tap.add_audio(ear)
        receiver = peer._pc.getTransceivers()[0].receiver
        handle = getattr(receiver, private.Receiver.HANDLE_RTP)
        await handle(RtpPacket(payload_type=126, payload=b"1"), arrival_time_ms=0)
        await handle(RtpPacket(payload_type=96, payload=b""), arrival_time_ms=0)
        assert not ear.packets
        await receiver._handle_rtcp_packet(RtcpByePacket(sources=[1]))
        await handle(RtpPacket(payload_type=96, payload=b"1", ssrc=5), arrival_time_ms=0)
        assert [packet.ssrc for packet in ear.packets] == [5]


async def test_a_peer_cannot_fill_the_memory_with_streams() -> None:
    async with call() as (_, _, callee, _):
        receiver = callee._calls[KEY].peer._pc.getTransceivers()[0].receiver
        handle = getattr(receiver, private.Receiver.HANDLE_RTP)
        for ssrc in range(1000):
            await handle(RtpPacket(payload_type=96, payload=b"1", ssrc=ssrc), arrival_time_ms=0)
        assert len(getattr(receiver, private.Receiver.STREAMS)) == 31


async def test_a_header_extension_of_the_wrong_length_does_not_end_the_call() -> None:
    """aiortc 1.16 lets struct.error through, and its pump ends."""
    async with call() as (_, _, callee, _):
        dtls = callee._calls[KEY].peer._pc.getTransceivers()[0].receiver.transport
        header = struct.pack("!BBHLL", 0x90, 96, 1, 1, 1)
        extension = struct.pack("!HH", 0xBEDE, 1) + bytes([0x21, 0, 0, 0])  # id 2, two bytes
        handle = getattr(dtls, private.Dtls.HANDLE_RTP_DATA)
        await handle(header + extension + b"payload", arrival_time_ms=0)
        assert (await callee.stats(KEY)).packets_refused == 1


async def test_a_restarted_video_stream_is_not_walked_through_number_by_number() -> None:
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    receiver = pc.addTransceiver("video", "recvonly").receiver
    tap = private.VideoTap(receiver, lambda frame: None)
    codecs = getattr(receiver, private.Receiver.CODECS)
    codecs[97] = next(codec for codec in CODECS["video"] if codec.name == "VP8")
    handle = getattr(receiver, private.Receiver.HANDLE_RTP)
    for sequence in (1, 2, 4, 30000, 30001):
        packet = RtpPacket(payload_type=97, sequence_number=sequence, payload=b"\x10\x00", ssrc=1)
        await handle(packet, arrival_time_ms=0)
        missing = getattr(receiver, private.Receiver.NACKS).missing
        assert missing == ({3} if sequence == 4 else set())
    await tap.request_keyframe()
    await pc.close()


@pytest.mark.parametrize(
    ("codec", "data", "expected"),
    [
        ("VP8", b"\x10\x02\x00\x9d\x01\x2a", True),
        ("VP8", b"\x11\x02\x00", False),
        ("VP8", b"", False),
        ("H264", b"\0\0\0\1\x67xx\0\0\0\1\x68x\0\0\0\1\x65xx", True),
        ("H264", b"\0\0\1\x65", True),
        ("H264", b"\0\0\0\1\x41xx", False),
        ("H264", b"\0\0\1", False),
        ("H264", b"", False),
    ],
)
def test_keyframes(codec: str, data: bytes, expected: bool) -> None:
    assert is_keyframe(codec, data) is expected


async def test_streams_without_end_cost_bounded_memory() -> None:
    """libsrtp and aiortc keep something for each SSRC; the call's own one is heard throughout."""
    async with call() as (caller, _, callee, _):
        await caller.play(KEY, Tone(seconds=0.1))
        ear = Ear()
        callee._calls[KEY].peer.tap.add_audio(ear)
        dtls = callee._calls[KEY].peer._pc.getTransceivers()[0].receiver.transport
        sender = caller._calls[KEY].peer._pc.getTransceivers()[0].receiver.transport
        router = getattr(dtls, private.Dtls.ROUTER)
        for ssrc in range(1, 3001):
            data = RtpPacket(payload_type=96, payload=b"\xfc", ssrc=ssrc).serialize()
            await getattr(sender, private.Dtls.SEND_RTP)(data)
            if ssrc % 100 == 0:  # the kernel's buffer holds no more of them
                await until(lambda: len(ear.packets) >= ssrc)  # noqa: B023 - awaited here
        assert len(router.ssrc_table) <= 65
        before = len(ear.packets)
        await caller.play(KEY, Tone(seconds=0.2))
        assert len(ear.packets) - before >= 9


async def test_the_mid_says_which_of_two_videos_a_packet_is_of() -> None:
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    first, second = pc.addTransceiver("video").receiver, pc.addTransceiver("video").receiver
    private.guard_input(first.transport, lambda: None)
    router = getattr(first.transport, private.Dtls.ROUTER)
    for mid, receiver in (("1", first), ("2", second)):
        router.register_receiver(receiver, ssrcs=[], payload_types=[97], mid=mid)
    packet = RtpPacket(payload_type=97, ssrc=5)
    assert router.route_rtp(packet) is None
    packet.extensions.mid = "2"
    assert router.route_rtp(packet) is second
    packet.extensions.mid = None  # not every packet says it (RFC 8843 §9.2)
    assert router.route_rtp(packet) is second
    packet.extensions.mid = "1"
    assert router.route_rtp(packet) is first
    packet.payload_type = 111
    assert router.route_rtp(packet) is None
    await pc.close()


async def test_a_call_that_is_over_lets_go_of_its_encryption_at_once() -> None:
    """Python's collector comes late, and does not see what OpenSSL and libsrtp hold."""
    async with call() as (_, _, callee, hears):
        await hears.wait(FirstAudio)
        pc = callee._calls[KEY].peer._pc
        dtls = pc.getTransceivers()[0].receiver.transport
        held = [
            weakref.ref(getattr(dtls, name)) for name in (private.Dtls.SSL, private.Dtls.INBOUND)
        ]
        assert all(one() is not None for one in held)
        gc.disable()
        try:
            await callee.close(KEY)
            assert all(one() is None for one in held)
        finally:
            gc.enable()
