"""Consent to being recorded: told to the room, kept in `call.json`, and taken back at any time.

the flow          asks (`agreed`) and records (`record_agreed`)
`Consents`        tells the room, and those who join it meanwhile
a reaction to that notice by the other side, its redaction, or the key 0 during the recording
                  takes the consent back: the recording is deleted, and its post redacted
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from voip.bot.barge_in import BargeIn
from voip.bot.call_file import stamp
from voip.bot.drafts import notice
from voip.bot.keeping import ConsentBy, Policy
from voip.matrix.room_events import Joined, Reacted, Redacted, RoomEvent
from voip.media.errors import MediaError
from voip.media.sounds import Sound
from voip.store.outbox_records import Kind
from voip.tasks import TaskOwner

if TYPE_CHECKING:
    from voip.bot.call import Call
    from voip.bot.deliveries import Deliveries
    from voip.bot.phone import Phone

log = logging.getLogger(__name__)

YES: Final = "1"
REVOKE: Final = "0"
ANSWER_WITHIN: Final = 10.0
"""Seconds after the question."""
REVOKING: Final = frozenset({"❌", "✖", "🗑", "🚫", "👎"})
"""Reactions, without the variation selector that some clients put after them."""
MAX_JOINERS: Final = 20
"""Who are told of one recording; more would be a flood in the room."""
BEGINS: Final = (
    "🔴 The call with {peer} is being recorded. {peer} may have the recording deleted at any time:"
    " react to this message with ❌{digit}."
)
GOES_ON: Final = "🔴 {user}, a call in this room is being recorded: the one with {peer}."


class NotAgreed(Exception):
    """A flow records without having asked, where the policy wants an answer."""


@dataclass(slots=True)
class Consent:
    """Of one call. `call.json` has it as `consent`, from the beginning of the recording on."""

    by: ConsentBy
    by_key: bool = False
    """Whether 0 takes it back while it is recorded: the flow has to listen to it."""
    others: tuple[Call, ...] = ()
    """Calls that are recorded with this one, bridged: who is on them may take it back too."""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    notice: str | None = None
    """The event of the notice, once it is there."""
    revoked: dict[str, str] | None = None

    def revoke(self, by: str, how: str) -> None:
        self.revoked = {"at": stamp(datetime.now(UTC)), "by": by, "how": how}

    def as_fields(self) -> dict[str, Any]:
        return {
            "by": self.by.value,
            "at": stamp(self.at),
            "notice": self.notice,
            "revoked": self.revoked,
        }


# --- what a flow does -------------------------------------------------------------------------


async def agreed(call: Call, policy: Policy, question: Sound, *, by_key: bool = True) -> bool:
    """Ask where the policy wants an answer, once in a call; False: nothing may be recorded.

    :param by_key: whether it is recorded with `record_agreed`, where 0 takes it back.
    """
    if call.consent is not None:
        return not call.revoked
    call.consent = Consent(policy.consent, by_key)
    if policy.consent is ConsentBy.STAYING:
        return True
    await call.play(question, until=BargeIn.DIGIT)
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            said = await call.digit()
    except TimeoutError:
        said = None
    if said != YES:
        call.consent = None
        return False
    call.consent = Consent(policy.consent, by_key)  # from now on
    return True


def all_agreed(call: Call, *others: Call) -> None:
    """A flow has asked for a key by itself, of everybody on these calls, which it records together
    with `record_agreed`."""
    call.consent = Consent(ConsentBy.DIGIT, by_key=True, others=others)


async def record_agreed(
    call: Call,
    *,
    until_silence: float | None = None,
    max_seconds: float | None = None,
    both: bool = False,
) -> bool:
    """Record, until the end or until 0 is pressed; then False, and the recording is not kept."""
    recording = asyncio.ensure_future(
        call.record(until_silence=until_silence, max_seconds=max_seconds, both=both)
    )
    others = call.consent.others if call.consent else ()
    revoking = [asyncio.ensure_future(_pressed(one, REVOKE)) for one in (call, *others)]
    try:
        await asyncio.wait({recording, *revoking}, return_when=asyncio.FIRST_COMPLETED)
        for who in revoking:
            if who.done() and not who.cancelled() and who.exception() is None:
                call.revoke_consent(who.result(), "digit")
                await call.stop_recording()
        await recording
    finally:
        for task in (recording, *revoking):
            task.cancel()
        with contextlib.suppress(Exception):
            await asyncio.gather(recording, *revoking, return_exceptions=True)
    return not call.revoked


def must_have_asked(call: Call) -> None:
    """Before a recording begins: `consent` is there on return. Raises NotAgreed."""
    if call.consent is not None:
        return
    if call.policy.consent is ConsentBy.DIGIT:
        raise NotAgreed(
            f"{call.peer_user_id} was not asked: where consent is given by a digit, a flow"
            " awaits consent.agreed() before it records"
        )
    call.consent = Consent(call.policy.consent)


async def _pressed(call: Call, key: str) -> str:
    """Who pressed it."""
    while await call.digit() != key:
        pass
    return call.peer_user_id


# --- what the room is told, and says ------------------------------------------------------------


class Consents:
    """Of all calls of a bot."""

    def __init__(self, phone: Phone, deliveries: Deliveries, tasks: TaskOwner) -> None:
        self._phone = phone
        self._deliveries = deliveries
        self._tasks = tasks
        self._recorded: dict[str, Call] = {}
        """Those that are recorded now, by the name of their folder."""
        self._told: dict[str, set[str]] = {}
        """Who has been told of each."""

    def begins(self, call: Call) -> None:
        """A recording begins. Raises NotAgreed."""
        must_have_asked(call)
        name = call.folder.name
        if name in self._recorded:  # another one in the same call
            return
        self._recorded[name], self._told[name] = call, set()
        self._tell(call, name, f"consent:{name}")
        for other in _others(call):
            self._tell(other, name, f"consent:{name}:{other.id}", beside=call.id)

    def _tell(self, call: Call, folder: str, key: str, **more: str) -> None:
        if not call.policy.notice:
            return
        consent = self._recorded[folder].consent
        digit = ", or press 0 while it is made" if consent and consent.by_key else ""
        body = BEGINS.format(peer=call.peer_user_id, digit=digit)
        more |= {"folder": folder, "peer": call.peer_user_id}
        self._deliveries.note(notice(key, call.room_id, body, **more))

    async def over(self, call: Call) -> None:
        """The call is over, and what is to leave of it is in the outbox. What was taken back in
        the meantime goes now; from here on that is done at once."""
        self._told.pop(call.folder.name, None)
        if self._recorded.pop(call.folder.name, None) is None or call.consent is None:
            return
        if (event_id := call.consent.notice) is not None:  # it may have come after the file
            await self._deliveries.edit(call.folder, lambda file: file.set_notice(event_id))
        if (revoked := call.consent.revoked) is not None:
            name = call.folder.name
            await self._deliveries.erase_revoked(name, revoked["by"], revoked["how"])

    def on_room_event(self, event: RoomEvent) -> None:
        match event:
            case Joined():
                self._on_joined(event)
            case Reacted(sender=sender, event_id=event_id, key=key):
                if sender != self._phone.user_id and _without_style(key) in REVOKING:
                    self._tasks.spawn(self._on_answer(event_id, sender, "reaction"), "a reaction")
            case Redacted(sender=sender, event_id=event_id):
                if sender != self._phone.user_id:
                    self._tasks.spawn(self._on_answer(event_id, sender, "redaction"), "a redaction")

    def _on_joined(self, event: Joined) -> None:
        for name, recorded in self._recorded.items():
            told = self._told[name]
            for call in (recorded, *_others(recorded)):
                if call.room_id != event.room_id or event.user_id in {self._phone.user_id, *told}:
                    continue
                if call.policy.notice and len(told) < MAX_JOINERS:
                    told.add(event.user_id)
                    body = GOES_ON.format(user=event.user_id, peer=call.peer_user_id)
                    key = f"joined:{name}:{event.user_id}"
                    self._deliveries.note(notice(key, event.room_id, body))

    async def _on_answer(self, event_id: str, sender: str, how: str) -> None:
        entry = await self._deliveries.outbox.by_result(Kind.NOTICE, event_id)
        if entry is None or "folder" not in entry.payload:
            return
        # Who may redact in a room is the homeserver's to say. A reaction counts of the one alone
        # who was recorded.
        if how == "reaction" and sender != entry.payload["peer"]:
            return
        await self.revoke(entry.payload["folder"], sender, how)

    def noticed(self, folder: str, event_id: str) -> bool:
        """The notice of a recording is in its room; False where that call is over."""
        call = self._recorded.get(folder)
        if call is None or call.consent is None:
            return False
        call.consent.notice = event_id
        return True

    async def revoke(self, folder: str, by: str, how: str) -> None:
        call = self._recorded.get(folder)
        if call is None:
            await self._deliveries.erase_revoked(folder, by, how)
            return
        call.revoke_consent(by, how)
        with contextlib.suppress(MediaError):  # it is over at this moment
            await call.stop_recording()


def _others(call: Call) -> tuple[Call, ...]:
    return () if call.consent is None else call.consent.others


def _without_style(emoji: str) -> str:
    return emoji.rstrip("\N{VARIATION SELECTOR-16}")
