"""The plain ICE data that crosses between signalling and the edges."""

from __future__ import annotations

from voip.signalling.record import record

END_OF_CANDIDATES = ""


@record
class Candidate:
    """One ICE candidate as `m.call.candidates` carries it (client-server API, "Voice over IP").

    `candidate` is the SDP attribute value, with or without the leading `candidate:`; the empty
    string is end-of-candidates, and only then may both `sdp_mid` and `sdp_mline_index` be missing.
    """

    candidate: str
    sdp_mid: str | None = None
    sdp_mline_index: int | None = None

    @property
    def is_end(self) -> bool:
        return self.candidate == END_OF_CANDIDATES


@record
class IceServer:
    """A STUN or TURN server in the shape of WebRTC's RTCIceServer.

    The credential stays out of `repr`, so that it stays out of logs.
    """

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None

    def __repr__(self) -> str:
        return f"IceServer(urls={len(self.urls)}, with_credential={self.credential is not None})"
