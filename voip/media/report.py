"""What a call's media came to: packets, paths, servers, as plain data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from aioice.ice import CandidatePair, Connection
from aiortc import RTCIceServer
from aiortc.rtcicetransport import parse_stun_turn_uri

from voip.media import private
from voip.media.events import IceEnd, IcePair, MediaClosed, MediaStats
from voip.media.gathering import Gathering
from voip.media.meter import Meter
from voip.media.path import Path
from voip.media.series import quality
from voip.signalling.ids import CallKey

MAX_PAIRS: Final = 50


def stats(
    meter: Meter, path: Path | None, *, connected: bool, refused: int, ignored: int
) -> MediaStats:
    """As things stand. `refused`: datagrams that no parser could read; `ignored`: candidates."""
    totals = meter.totals()
    here, there = quality(totals)
    carrying = None if path is None else private.nominated(path.carrying)
    return MediaStats(
        connected=connected,
        packets_received=totals.received,
        packets_lost=totals.lost,
        packets_sent=totals.sent,
        packets_refused=refused,
        candidates_ignored=ignored,
        bytes_received=totals.octets_in,
        bytes_sent=totals.octets_out,
        jitter=totals.jitter,
        lost_by_peer=totals.lost_by_peer,
        jitter_of_peer=totals.jitter_of_peer,
        round_trip=totals.round_trip,
        seconds=meter.seconds,
        mos=here,
        mos_of_peer=there,
        interruptions=meter.interruptions,
        pair=None if carrying is None else _pair(carrying),
        series=meter.series.samples(totals),
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
