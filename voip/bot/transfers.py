"""Transfers (MSC2747): handing a call over to somebody else, and being handed over.

We ask a side that advertises `m.call.transferee` to place the new call itself. Any other side,
matrix-js-sdk's for one, is connected through us: we call the target, and the two calls are bridged.
Asked ourselves, we place or await the new call and, once it is connected, hang up the old one; then
whoever answers our calls goes on with the new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from voip.bot.ending import CallEnded
from voip.matrix.errors import MatrixError
from voip.signalling.content import Replaces
from voip.signalling.errors import LocalError
from voip.signalling.events import RejectTransfer, Transfer
from voip.tasks import TaskOwner

if TYPE_CHECKING:
    from voip.bot.call import Call
    from voip.bot.interface import CallPhone

log = logging.getLogger(__name__)

WITHIN: Final = 60.0
"""Seconds in which a transfer has to come about."""


class TransferError(Exception):
    """The transfer did not come about; the call goes on."""


class Transfers:
    """All transfers of one phone."""

    def __init__(self, phone: CallPhone) -> None:
        self.on_moved: Callable[[Call], None] | None = None
        """Told of the new call, connected, after we were handed over. Without it, transfers that
        are asked of us are declined."""
        self._phone = phone
        self._tasks = TaskOwner()
        self._asked: dict[str, asyncio.Future[str]] = {}
        self._awaited: dict[str, tuple[asyncio.Future[Call], str | None]] = {}
        """By call id: who waits, and whose call it has to be, where the transfer says."""

    async def aclose(self) -> None:
        await self._tasks.aclose()

    # --- we hand over ---

    async def transfer(self, call: Call, user_id: str) -> None:
        """See `Call.transfer`."""
        if call.peer_can.transferee:
            await self._ask(call, user_id)
        else:
            await self._connect_through_us(call, user_id)

    def rejected(self, replacement_id: str, reason: str) -> None:
        """The other side declined what we asked."""
        asked = self._asked.get(replacement_id)
        if asked is not None and not asked.done():
            asked.set_result(reason)

    async def _ask(self, call: Call, user_id: str) -> None:
        replacement_id = self._phone.new_id()
        refused: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._asked[replacement_id] = refused
        new_call = self._phone.new_id()
        self._phone.perform(
            Transfer(call.key, replacement_id, target_user=user_id, create_call=new_call)
        )
        over = asyncio.ensure_future(call.ended())
        try:
            either: list[asyncio.Future[Any]] = [refused, over]
            await asyncio.wait(either, timeout=WITHIN, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
            del self._asked[replacement_id]
        if refused.done() and call.end is None:
            raise TransferError(f"the other side did not go along: {refused.result()}")
        call.hang_up()

    async def _connect_through_us(self, call: Call, user_id: str) -> None:
        try:
            room_id = await self._phone.matrix.direct_room(user_id)
            onward = await self._phone.place(room_id, invitee=user_id, near=call)
        except (MatrixError, LocalError) as error:
            raise TransferError(f"{user_id} could not be called: {error}") from error
        self._tasks.spawn(self._phone.forget(onward), "the call onward")
        over = asyncio.ensure_future(call.ended())
        try:
            connected = asyncio.ensure_future(onward.established())
            either: list[asyncio.Future[Any]] = [connected, over]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            connected.cancel()
            await asyncio.gather(connected, return_exceptions=True)
            if onward.marks.established is None:
                reason = onward.end.reason.value if onward.end else "the caller hung up"
                raise TransferError(f"{user_id} was not reached: {reason}")
            with contextlib.suppress(CallEnded):
                await call.bridge(onward)
            call.hang_up()
        finally:
            over.cancel()
            onward.hang_up()

    # --- we are handed over ---

    def requested(self, call: Call, transfer: Replaces) -> None:
        """The other side asks us to go on with somebody else."""
        if self.on_moved is None:
            self._decline(call, transfer, "declined")
            return
        self._tasks.spawn(self._move(call, transfer), "a transfer")

    def expects(self, call: Call) -> bool:
        """Whether this call that rings is the new one of a transfer."""
        awaited, user_id = self._awaited.get(call.key.call_id, (None, None))
        if awaited is None or awaited.done() or user_id not in {None, call.peer_user_id}:
            return False
        awaited.set_result(call)
        return True

    async def _move(self, old: Call, transfer: Replaces) -> None:
        try:
            async with asyncio.timeout(WITHIN):
                new = await self._new_call(transfer)
                await new.answer()
        except (CallEnded, MatrixError, LocalError, TimeoutError, ValueError) as error:
            log.warning("a transfer did not come about: %s", type(error).__name__)
            self._decline(old, transfer, "failed_call")
            return
        if self.on_moved is not None:
            self.on_moved(new)
        old.hang_up()

    async def _new_call(self, transfer: Replaces) -> Call:
        target = transfer.target_user
        if transfer.await_call is not None:
            awaited: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
            self._awaited[transfer.await_call] = awaited, target
            try:
                return await awaited
            finally:
                del self._awaited[transfer.await_call]
        if transfer.target_room is not None:
            # MSC2747, target_room: an invite into it may be on its way.
            room_id = transfer.target_room
            await self._phone.matrix.join_when_invited(room_id)
        elif target is not None:
            room_id = await self._phone.matrix.direct_room(target)
        else:
            raise ValueError("a transfer to nobody")
        return await self._phone.place(room_id, invitee=target, call_id=transfer.create_call)

    def _decline(self, call: Call, transfer: Replaces, reason: str) -> None:
        with contextlib.suppress(LocalError):  # the call may be over
            self._phone.perform(RejectTransfer(call.key, transfer.replacement_id, reason))
