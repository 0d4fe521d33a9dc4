"""Offers and answers in the middle of a call.

aiortc 1.16 renumbers everything in a second offer, has no rollback, and takes neither new streams
nor new ICE credentials. So after the first exchange its own negotiation is not used any more: the
descriptions are written here, and what they say is done to its transceivers and its transport.
An offer of ours changes nothing until it is answered, so taking it back is to forget it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from aiortc import RTCIceServer

from voip.media.agreed import Agreed, Placed, Wishes, version_of
from voip.media.description import Description
from voip.media.errors import BadDescription
from voip.media.lines import Lines
from voip.media.network import Generation, Network
from voip.media.passed import Places
from voip.media.reanswer import Reoffered, read_offer, write_answer
from voip.media.reoffer import Numbers, Reanswered, read_answer, stream_lines, write_offer
from voip.media.sections import direction_of
from voip.signalling.content import Streams
from voip.signalling.events import Change


@dataclass(frozen=True, slots=True)
class _Open:
    """An offer of ours that waits for its answer."""

    offer: Description
    wishes: Wishes
    staged: Generation | None
    """What the restart that it offers would take."""


class Renegotiation:
    """From the first answer on. One request after the other, each as a whole."""

    def __init__(
        self, agreed: Agreed, lines: Lines, network: Network, servers: Sequence[RTCIceServer]
    ) -> None:
        self.agreed = agreed
        self.servers = servers
        """For the next restart."""
        self._lines = lines
        self._network = network
        self._wishes = Wishes()
        self._version = version_of(agreed.local)
        self._numbers = Numbers()
        self._numbers.see(agreed.local)
        self._numbers.see(agreed.remote)
        self._open: _Open | None = None
        self._lock = asyncio.Lock()

    @property
    def place(self) -> tuple[str | None, int]:
        """The mid, where there is one, and the index of the m-line that candidates belong to."""
        line = self.agreed.lines[0]
        return line.local.mid, line.index

    def shows(self) -> tuple[Streams, bool]:
        """What there is to see of another call, by stream; whether our last description says
        otherwise, so that an offer is due."""
        places = self._places()
        wanted = {mid: one.identity for mid, one in places.placed.items() if one.shows}
        said = {
            line.mid: stream_lines(line.local)
            for line in self.agreed.lines
            if line.kind == "video"
            and direction_of(line.local, self.agreed.local) in ("sendrecv", "sendonly")
        }
        outdated = bool(places.homeless) or wanted != said
        return places.streams, outdated and not self._wishes.hold

    async def reoffer(self, change: Change) -> str:
        """Takes an offer of ours that is open back first."""
        async with self._lock:
            await self._take_back()
            wishes = self._wishes
            if change.hold is not None:
                wishes = replace(wishes, hold=change.hold)
            if change.video is not None:
                wishes = replace(wishes, video=change.video)
            places = self._places()
            added = places.homeless
            if change.video and not any(line.kind == "video" for line in self.agreed.lines):
                added = added or [Placed([], shows=False)]
            staged = await self._network.stage(self.servers) if change.restart_ice else None
            offer = write_offer(
                self.agreed,
                wishes,
                self._network.local(staged or self._network.generation),
                self._next_version(),
                placed=places.placed,
                added=added,
                formats=self._numbers.video() if added else None,
            )
            self._numbers.see(offer)
            self._open = _Open(offer, wishes, staged)
            return offer.text()

    async def apply(self, text: str) -> None:
        """The answer to our open offer. Raises BadDescription, NoCommonCodec: it stays open."""
        async with self._lock:
            if self._open is None:
                raise BadDescription("an answer came to a call that has no open offer of ours")
            opened = self._open
            read = read_answer(text, opened.offer, self.agreed)
            self._open = None
            self._wishes = opened.wishes
            agreed = replace(self.agreed, local=opened.offer, remote=read.answer)
            await self._agree(agreed, opened.staged, read)

    async def reanswer(self, text: str) -> str:
        """Raises BadDescription, NoCommonCodec: then all is as it was, our open offer included."""
        async with self._lock:
            read = read_offer(text, self.agreed)
            await self._take_back()
            staged = await self._network.stage(self.servers) if read.restart else None
            local = self._network.local(staged or self._network.generation)
            taken = [slot for slot in read.layout.slots if slot.accepted]
            videos = {slot.mid: slot.offered for slot in taken if slot.offered.kind == "video"}
            placed = self._lines.passed.lay(videos, self.agreed).placed
            answer = write_answer(
                read, self.agreed, self._wishes, local, self._next_version(), placed=placed
            )
            agreed = replace(self.agreed, local=answer, remote=read.offer)
            await self._agree(agreed, staged, read)
            return answer.text()

    async def rollback(self) -> None:
        """Nothing to take back is no error."""
        async with self._lock:
            await self._take_back()

    async def start(self) -> None:
        """The connection is up, perhaps: let flow what was agreed on meanwhile."""
        if self._network.connected:
            await self._lines.apply(self.agreed)

    async def _agree(
        self,
        agreed: Agreed,
        staged: Generation | None,
        read: Reanswered | Reoffered,
    ) -> None:
        self.agreed = agreed
        self._numbers.see(agreed.remote)
        if staged is not None and read.restart:
            by_peer = isinstance(read, Reoffered)
            await self._network.restart(staged, read.transport, offered_by_peer=by_peer)
            await self._network.described(read.layout)
        elif staged is not None:
            await self._network.discard(staged)  # the other side does not take part in it
        await self.start()

    def _places(self) -> Places:
        """Where an offer would show what."""
        remotes = {line.mid: line.remote for line in self.agreed.lines if line.kind == "video"}
        return self._lines.passed.lay(remotes, self.agreed)

    async def _take_back(self) -> None:
        opened, self._open = self._open, None
        if opened is not None and opened.staged is not None:
            await self._network.discard(opened.staged)

    def _next_version(self) -> int:
        self._version += 1
        return self._version
