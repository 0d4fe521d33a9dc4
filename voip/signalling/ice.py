"""The plain ICE data that crosses between signalling and the edges."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from voip.signalling.record import Record

END_OF_CANDIDATES: Final = ""
MAX_CANDIDATE: Final = 1024
"""Longest candidate in characters, several times what RFC 8839 §5.1 can fill; it bounds what
candidates that come early make us keep."""
MAX_MLINE_INDEX: Final = 2**16 - 1
"""An unsigned short in WebRTC. A negative one would count from the end of a list."""


class Candidate(Record, rename={"sdp_mid": "sdpMid", "sdp_mline_index": "sdpMLineIndex"}):
    """One ICE candidate as `m.call.candidates` carries it (client-server API, "Voice over IP").

    `candidate` is the SDP attribute value, with or without the leading `candidate:`; the empty
    string is end-of-candidates, and only then may both `sdp_mid` and `sdp_mline_index` be missing.
    """

    candidate: Annotated[str, msgspec.Meta(max_length=MAX_CANDIDATE)]
    sdp_mid: str | None = None
    sdp_mline_index: Annotated[int, msgspec.Meta(ge=0, le=MAX_MLINE_INDEX)] | None = None

    @property
    def is_end(self) -> bool:
        return self.candidate == END_OF_CANDIDATES


class IceServer(Record):
    """A STUN or TURN server in the shape of WebRTC's RTCIceServer.

    The credential stays out of `repr`, so that it stays out of logs.
    """

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None

    def __repr__(self) -> str:
        return f"IceServer(urls={len(self.urls)}, with_credential={self.credential is not None})"
