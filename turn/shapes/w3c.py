"""What `RTCPeerConnection` takes as it is (W3C WebRTC section 4.2.4, RTCIceServer)."""

from __future__ import annotations

from typing import Any

from turn.issuing import Issued
from turn.regions import is_turn, turn_alone


def ice_servers(issued: Issued) -> list[dict[str, Any]]:
    """STUN servers first, without credentials, which browsers refuse there."""
    stun = [uri for uri in issued.uris if not is_turn(uri)]
    turn = {
        "urls": turn_alone(issued.uris),
        "username": issued.username,
        "credential": issued.password,
    }
    return [{"urls": stun}, turn] if stun else [turn]


def answer(issued: Issued) -> dict[str, Any]:
    """`ttl` is beside what the browser reads, for whoever renews."""
    return {"iceServers": ice_servers(issued), "ttl": issued.ttl}
