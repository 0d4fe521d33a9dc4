"""The trace of one call while it goes on: bounded, and named only when it is over."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from voip.media.events import MediaClosed, MediaFailure
from voip.signalling.commands import Ended, IgnoreReason
from voip.signalling.ids import CallKey, Party
from voip.tracing import facts as facts_of
from voip.tracing.names import Hosts, People, scrubbed
from voip.tracing.record import End, Kind, Marks, Media, Pair, Relay, Step, Trace, Why

MAX_STEPS: Final = 200
"""Of the beginning, and as many of the end."""
MAX_CANDIDATES: Final = 50
MAX_PARTIES: Final = 16
_MAX_REQUESTS: Final = 64


class CallTrace:
    def __init__(self, call_id: str, key: CallKey, direction: str, us: Party, at: float) -> None:
        """`call_id`: our own id; `at`: now, in seconds of the clock that every step is told by."""
        self.id = call_id
        self.key = key
        self.direction = direction
        self.began = datetime.now(UTC)
        self.peer: Party | None = None
        self.video = self.rang = False
        self.encrypted: bool | None = None
        self.state = ""
        self.marks = Marks()
        self.hosts = Hosts()
        self.relay_missing = ""
        self.changed = False
        """Since the record was made last."""
        self.over = False
        self.us, self._at = us, at
        self._end: End | None = None
        self._media: Media | None = None
        self._relay = Relay()
        self._pairs: list[Pair] = []
        self._failure = ""
        self._ours: dict[str, None] = {}
        self._theirs: dict[Party, dict[str, None]] = {}
        self._head: list[tuple[Step, Party | None]] = []
        self._tail: deque[tuple[Step, Party | None]] = deque(maxlen=MAX_STEPS)
        self._count = 0
        self._requests: dict[int, tuple[float, str]] = {}

    # --- steps ---

    def step(
        self,
        at: float,
        kind: Kind,
        what: str,
        facts: facts_of.Facts | None = None,
        who: Party | None = None,
    ) -> Step:
        step = Step(ms=self.ms(at), kind=kind, what=what, facts=facts or {})
        self._count += 1
        self.changed = True
        (self._head if len(self._head) < MAX_STEPS else self._tail).append((step, who))
        return step

    def ms(self, at: float) -> int:
        return round((at - self._at) * 1000)

    def is_now(self, state: str, step: Step) -> None:
        if state != self.state:
            self.state = step.state = state

    def asked(self, request: int, at: float, what: str) -> None:
        """A command that a result will answer."""
        if len(self._requests) < _MAX_REQUESTS:
            self._requests[request] = at, what

    def answered(self, request: int | None, at: float) -> tuple[str, facts_of.Facts]:
        """What was asked for under this number, and how long it took."""
        found = None if request is None else self._requests.pop(request, None)
        return ("", {}) if found is None else (found[1], {"took_ms": round((at - found[0]) * 1000)})

    # --- what is known besides ---

    def add_ours(self, names: Iterable[str]) -> None:
        _add(self._ours, names)

    def add_theirs(self, party: Party, names: Iterable[str]) -> None:
        if party in self._theirs or len(self._theirs) < MAX_PARTIES:
            _add(self._theirs.setdefault(party, {}), names)

    def ended(self, notice: Ended, at: float) -> None:
        self.rang = notice.rang
        self.marks.ended = self.ms(at)
        said = notice.wire_reason
        self._end = End(
            reason=notice.reason.name.lower(),
            text=notice.reason.value,
            by=notice.by.name.lower(),
            wire_reason="" if said is None else facts_of.wire_reason(said),
        )

    def ignored(self, why: IgnoreReason) -> None:
        """The invite itself was ignored: there never was a call."""
        name = why.name.lower()
        self._end = End(reason="ignored", text=why.value, by="us", why=name)

    def failed(self, failure: MediaFailure) -> None:
        self._failure = failure.name.lower()

    def media_closed(self, closed: MediaClosed) -> None:
        stats = closed.stats
        named = (
            Pair(
                local=self.hosts.name(pair.local.kind, pair.local.address, pair.local.transport),
                remote=self.hosts.name(
                    pair.remote.kind, pair.remote.address, pair.remote.transport
                ),
                state=pair.state,
                chosen=pair.chosen,
            )
            for pair in closed.pairs
        )
        self._pairs = list(named)
        self._relay = Relay(servers=list(closed.servers), problems=list(closed.server_problems))
        self._media = Media(
            connected=stats.connected,
            packets_received=stats.packets_received,
            packets_lost=stats.packets_lost,
            packets_sent=stats.packets_sent,
            packets_refused=stats.packets_refused,
            candidates_ignored=stats.candidates_ignored,
            bytes_received=stats.bytes_received,
            bytes_sent=stats.bytes_sent,
            jitter_ms=round(stats.jitter * 1000, 1),
            lost_by_peer=stats.lost_by_peer,
            round_trip_ms=None if stats.round_trip is None else round(stats.round_trip * 1000, 1),
            mos=None if stats.mos is None else round(stats.mos, 2),
            mos_of_peer=None if stats.mos_of_peer is None else round(stats.mos_of_peer, 2),
            interruptions=stats.interruptions,
        )

    # --- the record ---

    def record(self, *, names: bool, software: dict[str, str]) -> Trace:
        """As things stand. `names`: with the peer's Matrix id and the room's."""
        self.changed = False
        people = People(self.us, self.peer)
        self._relay.missing = scrubbed(self.relay_missing)
        if self._media is not None:
            self._media.failure = self._failure
        return Trace(
            id=self.id,
            direction=self.direction,
            began=self.began.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            rang=self.rang,
            video=self.video,
            encrypted=self.encrypted,
            peer=self.peer.user_id if names and self.peer else "",
            room=self.key.room_id if names else "",
            end=self._end,
            marks=self.marks,
            ours=list(self._ours),
            theirs=self._candidates_of_peer(),
            pairs=self._pairs,
            relay=self._relay,
            media=self._media,
            steps=self._steps(people),
            software=software,
        )

    def _candidates_of_peer(self) -> list[str]:
        if self.peer is not None and self.peer.party_id:
            return list(self._theirs.get(self.peer, ()))
        first = (found for party, found in self._theirs.items() if party != self.us)
        return list(next(first, ()))

    def _steps(self, people: People) -> list[Step]:
        steps = [_named(step, who, people) for step, who in self._head]
        left_out = self._count - len(self._head) - len(self._tail)
        if left_out:
            gap = Step(ms=self._tail[0][0].ms, kind=Kind.GAP, what="left out")
            gap.facts = {"steps": left_out}
            steps.append(gap)
        return steps + [_named(step, who, people) for step, who in self._tail]


def _named(step: Step, who: Party | None, people: People) -> Step:
    facts: dict[str, Any] = {
        name: people.name(value) if isinstance(value, Party) else value
        for name, value in step.facts.items()
    }
    return Step(
        ms=step.ms,
        kind=step.kind,
        what=step.what,
        who="" if who is None else people.name(who),
        facts=facts,
        state=step.state,
        ignored=step.ignored,
    )


def why(reason: IgnoreReason, detail: str) -> Why:
    return Why(why=reason.name.lower(), text=reason.value, detail=facts_of.detail(detail))


def _add(known: dict[str, None], names: Iterable[str]) -> None:
    for name in names:
        if len(known) >= MAX_CANDIDATES:
            return
        known[name] = None
