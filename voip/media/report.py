"""What a call's media came to: packets, paths, servers, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from aioice.ice import CandidatePair, Connection
from aiortc import RTCIceServer
from aiortc.rtcicetransport import parse_stun_turn_uri

from voip.media import private
from voip.media.events import IceEnd, IcePair, MediaClosed, MediaStats
from voip.media.gathering import Gathering
from voip.signalling.ids import CallKey

MAX_PAIRS: Final = 50
_CLOCK_RATES: Final = {"audio": 48_000, "video": 90_000}
"""Opus (RFC 7587 §4.1) and the video codecs (RFC 7741, RFC 6184): aiortc counts in these."""


def counted(stats: MediaStats, reports: Mapping[str, Any]) -> MediaStats:
    """`stats` with what aiortc counted."""
    received = lost = sent = bytes_in = bytes_out = 0
    jitter = 0.0
    lost_by_peer: int | None = None
    round_trip: float | None = None
    for report in reports.values():
        match report.type:
            case "inbound-rtp":
                received += report.packetsReceived
                lost += report.packetsLost
                jitter = max(jitter, report.jitter / _CLOCK_RATES.get(report.kind, 90_000))
            case "outbound-rtp":
                sent += report.packetsSent
            case "remote-inbound-rtp":
                lost_by_peer = (lost_by_peer or 0) + report.packetsLost
                round_trip = report.roundTripTime
            case "transport":
                bytes_in += report.bytesReceived
                bytes_out += report.bytesSent
    return replace(
        stats,
        packets_received=received,
        packets_lost=lost,
        packets_sent=sent,
        bytes_received=bytes_in,
        bytes_sent=bytes_out,
        jitter=jitter,
        lost_by_peer=lost_by_peer,
        round_trip=round_trip,
    )


def closed(
    key: CallKey, stats: MediaStats, servers: Iterable[RTCIceServer], gathering: Gathering | None
) -> MediaClosed:
    """Before the connection is closed, which forgets most of it."""
    return MediaClosed(
        key=key,
        stats=stats,
        pairs=() if gathering is None else pairs_of(gathering.connection),
        servers=kinds_of(servers),
        server_problems=() if gathering is None else tuple(gathering.problems),
    )


def pairs_of(connection: Connection) -> tuple[IcePair, ...]:
    """The candidate pairs that were formed, the chosen ones first, then those that worked."""
    checks = private.checks_of(connection)
    pairs = [_pair(check) for check in checks]
    pairs.sort(key=lambda pair: (not pair.chosen, pair.state != "succeeded"))
    return tuple(pairs[:MAX_PAIRS])


def kinds_of(servers: Iterable[RTCIceServer]) -> tuple[str, ...]:
    """`stun`, `turn udp`, `turns tcp`: never where they are."""
    kinds = []
    for server in servers:
        url = server.urls if isinstance(server.urls, str) else server.urls[0]
        parsed = parse_stun_turn_uri(url)
        kinds.append(f"{parsed['scheme']} {parsed.get('transport') or ''}".strip())
    return tuple(kinds)


def _pair(check: CandidatePair) -> IcePair:
    local, remote = check.local_candidate, check.remote_candidate
    return IcePair(
        IceEnd(local.type, local.host, local.transport.lower()),
        IceEnd(remote.type, remote.host, remote.transport.lower()),
        check.state.name.lower(),
        check.nominated and check.state is CandidatePair.State.SUCCEEDED,
    )
