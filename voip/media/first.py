"""A call's first offer and answer, which aiortc's own negotiation takes part in."""

from __future__ import annotations

import logging

from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.exceptions import InternalError, InvalidAccessError

from voip.media.errors import BadDescription
from voip.media.sdp import Prepared

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


async def set_remote(pc: RTCPeerConnection, sdp_type: str, prepared: Prepared) -> None:
    """Raises BadDescription."""
    try:
        await pc.setRemoteDescription(RTCSessionDescription(prepared.sdp, sdp_type))
    except CHOKES as error:
        # The message and the traceback could quote the description.
        log.warning("a session description was refused by aiortc: %s", type(error).__name__)
        raise BadDescription("the other side's session description cannot be used") from None
