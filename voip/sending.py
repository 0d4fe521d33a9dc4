"""The driver's way to the homeserver: each event is in the journal before it leaves."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

from voip.matrix.edge import MatrixEdge
from voip.matrix.errors import MatrixError, SendRefusedError, SendSupersededError
from voip.matrix.sends import ENDINGS, OutgoingEvent, Urgency
from voip.signalling.commands import SendEvent
from voip.signalling.content import Answer, Hangup, Invite, Reject, SelectAnswer, Wire
from voip.signalling.events import SendProblem
from voip.signalling.ice import IceServer
from voip.signalling.ids import CallKey
from voip.store.errors import StoreError
from voip.store.journal import Journal
from voip.store.records import PendingSend

log = logging.getLogger(__name__)


_URGENT: Final = frozenset(
    kind.event_type for kind in (Invite, Answer, SelectAnswer, Reject, Hangup)
)
_ENDING_DEADLINE: Final = 120.0
"""Seconds. A hangup is worth sending for longer than anything else: the other side waits for it."""


def outgoing(key: CallKey, event_type: str, content: Wire, txn_id: str) -> OutgoingEvent:
    """A call's event as the Matrix edge's queue takes it."""
    urgency = Urgency.CALL_URGENT if event_type in _URGENT else Urgency.CALL
    event = OutgoingEvent(key.room_id, event_type, content, txn_id, urgency, order=key)
    if event_type in ENDINGS:
        return replace(event, deadline=_ENDING_DEADLINE)
    return event


class JournaledSender:
    """Sends leave in the order in which `send` was called: the journal has one thread, which
    answers in order, and the edge's queue keeps the order of each call."""

    def __init__(self, matrix: MatrixEdge, journal: Journal, new_id: Callable[[], str]) -> None:
        self._matrix = matrix
        self._journal = journal
        self._new_id = new_id

    async def ice_servers(self) -> Sequence[IceServer]:
        return await self._matrix.ice_servers()

    async def send(self, command: SendEvent) -> SendProblem | None:
        """None when the homeserver took it (or it was not worth sending any more)."""
        txn_id = self._new_id()
        pending = PendingSend(
            command.key, txn_id, command.key.room_id, command.type, command.content
        )
        await self._note(self._journal.send_began(pending))
        problem = await self._try(command, txn_id)
        if problem is not SendProblem.UNREACHABLE:
            await self._note(self._journal.send_done(txn_id))
        return problem

    async def _try(self, command: SendEvent, txn_id: str) -> SendProblem | None:
        event = outgoing(command.key, command.type, command.content, txn_id)
        try:
            await self._matrix.send(event)
        except SendSupersededError:
            return None
        except SendRefusedError as error:
            log.warning("an event of a call was refused: %s", error)
            return SendProblem.REFUSED
        except MatrixError as error:
            log.warning("an event of a call was not sent: %s", error)
            return SendProblem.UNREACHABLE
        return None

    async def _note(self, note: Awaitable[None]) -> None:
        """A call goes on without its journal; only a crash would need it."""
        try:
            await note
        except StoreError as error:
            log.error("the journal could not be written: %s", error)
