"""What is done on a start about what a crash left: calls are hung up, recordings repaired and
posted, and nothing is done twice."""

from __future__ import annotations

import logging

from voip.bot.call_file import CallFile
from voip.bot.call_folders import id_of
from voip.bot.deliveries import Deliveries
from voip.bot.found_again import find_again
from voip.bot.phone import Phone
from voip.bot.salvage import salvage
from voip.matrix.errors import MatrixError
from voip.sending import outgoing
from voip.signalling.content import Hangup
from voip.store.records import JournaledCall, PendingSend

log = logging.getLogger(__name__)


async def clear_up(phone: Phone, deliveries: Deliveries) -> None:
    """Returns when all of it is done or given up; calls may come meanwhile."""
    for call in await phone.journal.live_calls():
        log.warning("a call was live when the process died: it is hung up now")
        await _hang_up(phone, call)
        if call.folder is not None:
            await _hand_over(phone, deliveries, call.folder, call.key.room_id)
        await phone.journal.call_ended(call.key, "crashed")
        phone.traces.crashed(call)
    for send in await phone.journal.pending_sends():
        if send.type == Hangup.event_type:  # the rest belongs to calls that are over
            await _send(phone, send)
        await phone.journal.send_done(send.txn_id)
    await find_again(phone, deliveries)
    for post in await phone.journal.pending_posts():
        await _hand_over(phone, deliveries, post.folder, post.room_id)
        await phone.journal.post_done(post.txn_id)


async def _hang_up(phone: Phone, call: JournaledCall) -> None:
    hangup = Hangup(call_id=call.key.call_id, party_id=call.party_id, reason="unknown_error")
    # The same id on every start: a second crash in here does not send it twice.
    txn_id = f"crashed-{call.key.call_id}-{call.began:.0f}"
    await _send(
        phone,
        PendingSend(call.key, txn_id, call.key.room_id, hangup.event_type, hangup.to_wire()),
    )


async def _send(phone: Phone, send: PendingSend) -> None:
    try:
        event = outgoing(send.key, send.type, send.content, send.txn_id)
        await phone.matrix.send(event)
    except MatrixError as error:
        log.warning("the hangup of a call before the crash was not sent: %s", error)


async def _hand_over(phone: Phone, deliveries: Deliveries, folder: str, room_id: str) -> None:
    path = phone.recordings / folder
    file, recordings = await salvage(path)
    if file is None:  # it cannot be read: the room is known from the journal, the rest is not
        file = CallFile(id_of(folder), room_id, "", "inbound", "", phone.user_id, "")
    await deliveries.put(deliveries.after_crash(file, recordings, path))
