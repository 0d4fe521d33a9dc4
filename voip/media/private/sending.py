"""Senders: whose streams they are, and what the other side asks of them."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Awaitable, Callable

from aiortc import RTCRtpSender
from aiortc.rtp import RTCP_PSFB_APP, AnyRtcpPacket, RtcpPsfbPacket, unpack_remb_fci

from voip.media.private.names import KEYFRAME_WANTED, RTX_SSRC, SEND_STARTED, SENDER_RTCP, SSRC


def has_started(sender: RTCRtpSender) -> bool:
    return bool(getattr(sender, SEND_STARTED))


def streams_of_sender(sender: RTCRtpSender) -> tuple[int, int]:
    """The SSRCs of a sender: its stream, and its retransmissions."""
    return getattr(sender, SSRC), getattr(sender, RTX_SSRC)


def on_keyframe_wanted(sender: RTCRtpSender, tell: Callable[[], None]) -> None:
    """Call `tell` where the other side asks for a keyframe (PLI, FIR), which aiortc would ask its
    encoder for."""
    setattr(sender, KEYFRAME_WANTED, tell)


def on_rate_told(sender: RTCRtpSender, tell: Callable[[int], None]) -> None:
    """Call `tell` where the other side says how many bits a second it can take (goog-remb)."""
    original: Callable[[AnyRtcpPacket], Awaitable[None]] = getattr(sender, SENDER_RTCP)

    async def handle(packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
            with contextlib.suppress(ValueError, struct.error):  # it is no REMB, or a broken one
                tell(unpack_remb_fci(packet.fci)[0])
        await original(packet)

    setattr(sender, SENDER_RTCP, handle)
