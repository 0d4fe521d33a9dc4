"""The other side's ICE candidates: held, checked, bounded, and handed to aiortc."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable

from aioice import Connection
from aiortc import RTCIceCandidate
from aiortc.rtcicetransport import candidate_to_aioice
from aiortc.sdp import candidate_from_sdp

from voip.media import private
from voip.media.sdp import Layout
from voip.signalling.ice import Candidate

log = logging.getLogger(__name__)

MAX_CANDIDATES = 100
"""For one call. RFC 8445 §6.1.2.5 lets a checklist have no more pairs than that."""
MAX_LOOKUPS = 8
"""mDNS names of one call that are looked up; browsers have one for each network interface."""

_UFRAG = re.compile(r" ufrag (\S+)")


class RemoteCandidates:
    """Until `start`, candidates are held: aiortc loses those that come before the description."""

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._description: Layout | None = None
        self._held: list[Candidate] = []
        self._lookups: set[asyncio.Task[None]] = set()
        self._taken = 0
        self._ended = False
        self._hold_end = False
        self.ignored = 0
        """Candidates that were no candidates, not for this transport, or too many."""

    async def start(self, connection: Connection, description: Layout) -> None:
        """The remote description is set: take its candidates and what was held.

        Again after an ICE restart, with the connection that takes part in it.
        """
        await self.close()
        self._connection, self._description = connection, description
        self._taken, self._ended, self._hold_end = 0, False, False
        held, self._held = self._held, []
        await self.add(description.candidates)
        await self.add(held)
        # What fits no longer was of a former generation, not of one that is yet to come.
        self.ignored += len(self._held)
        self._held.clear()

    async def add(self, candidates: Iterable[Candidate]) -> None:
        for candidate in candidates:
            if self._connection is None or self._description is None:
                self._hold(candidate)
            elif _ufrag_of(candidate) not in (None, self._description.ufrag):
                self._hold(candidate)  # of an ICE restart whose description is on its way
            elif candidate.is_end:
                await self._end(self._connection)
            elif (parsed := self._parse(candidate, self._description)) is not None:
                await self._take(self._connection, parsed)
            else:
                self.ignored += 1

    async def close(self) -> None:
        lookups = list(self._lookups)
        for lookup in lookups:
            lookup.cancel()
        await asyncio.gather(*lookups, return_exceptions=True)

    def _hold(self, candidate: Candidate) -> None:
        if len(self._held) < MAX_CANDIDATES:
            self._held.append(candidate)
        else:
            self.ignored += 1

    def _parse(self, candidate: Candidate, description: Layout) -> RTCIceCandidate | None:
        if self._taken >= MAX_CANDIDATES or not description.takes(candidate):
            return None
        return read_candidate(candidate.candidate)

    async def _take(self, connection: Connection, candidate: RTCIceCandidate) -> None:
        self._taken += 1
        if self._ended:
            private.reopen_candidates(connection)
            self._ended = False
        if not candidate.ip.endswith(".local"):
            await connection.add_remote_candidate(candidate_to_aioice(candidate))
            return
        # An mDNS name may never resolve, and then its owner is still found when it reaches us
        # (a peer-reflexive candidate): end-of-candidates would end ICE before that.
        self._hold_end = True
        if len(self._lookups) < MAX_LOOKUPS:
            lookup = asyncio.create_task(self._look_up(connection, candidate))
            self._lookups.add(lookup)
            lookup.add_done_callback(self._lookups.discard)
        else:
            self.ignored += 1

    async def _look_up(self, connection: Connection, candidate: RTCIceCandidate) -> None:
        try:
            await connection.add_remote_candidate(candidate_to_aioice(candidate))
        except OSError as error:
            self.ignored += 1
            log.info("an mDNS candidate could not be looked up: %s", type(error).__name__)

    async def _end(self, connection: Connection) -> None:
        """`addIceCandidate(None)`, unless ICE would fail of it at once: nothing to check yet, and
        the other side's checks may still arrive from an address that we were not told."""
        if self._ended or self._hold_end or not self._taken:
            return
        self._ended = True
        await connection.add_remote_candidate(None)


def _ufrag_of(candidate: Candidate) -> str | None:
    """Browsers say which generation a candidate is of, in an extension attribute."""
    match = _UFRAG.search(candidate.candidate)
    return None if match is None else match[1]


def read_candidate(text: str) -> RTCIceCandidate | None:
    """A candidate attribute, with or without `candidate:`; None where it is of no use to us."""
    try:
        parsed = candidate_from_sdp(text.removeprefix("candidate:"))
    except (ValueError, AssertionError):
        return None
    # Component 2 is RTCP without rtcp-mux, and aioice has no TCP candidates.
    usable = parsed.component == 1 and parsed.protocol.lower() == "udp"
    return parsed if usable and 0 < parsed.port < 65536 else None
