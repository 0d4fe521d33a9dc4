"""Counters of aiortc 1.16, read without making a report of each."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from aiortc import RTCRtpReceiver, RTCRtpSender
from aiortc.rtp import AnyRtcpPacket, RtcpRrPacket, RtcpSrPacket

from voip.media.peer_reports import PeerReports
from voip.media.private.names import SENDER_RTCP, SSRC, Receiver, Sender
from voip.media.reception import Reception

_SENDER_REPORT: Final = 200
_CLOCK_RATE: Final = 48_000
"""Of Opus (RFC 7587 §4.1), which is all that we send."""


def receptions_of(receiver: RTCRtpReceiver) -> Iterable[Reception]:
    streams: dict[int, Any] = getattr(receiver, Receiver.STREAMS)
    return streams.values()


def sent_by(sender: RTCRtpSender) -> tuple[int, int]:
    """Packets, and octets of payload."""
    return getattr(sender, Sender.PACKETS), getattr(sender, Sender.OCTETS)


def hear_reports(sender: RTCRtpSender, reports: PeerReports) -> None:
    """Tell `reports` what the other side reports of this sender."""
    original: Callable[[AnyRtcpPacket], Awaitable[None]] = getattr(sender, SENDER_RTCP)
    ssrc = getattr(sender, SSRC)

    async def handle(packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpRrPacket | RtcpSrPacket):
            for block in packet.reports:
                if block.ssrc == ssrc:
                    reports.reported(
                        lost=block.packets_lost,
                        jitter=block.jitter / _CLOCK_RATE,
                        name=block.lsr,
                        delay=block.dlsr,
                        now=time.monotonic(),
                    )
        await original(packet)

    setattr(sender, SENDER_RTCP, handle)


def note_report(data: bytes, reports: PeerReports) -> None:
    """Of RTCP that leaves: aiortc puts a sender report first (RFC 3550 §6.1)."""
    if len(data) >= 16 and data[1] == _SENDER_REPORT:
        reports.sent(int.from_bytes(data[10:14]), time.monotonic())
