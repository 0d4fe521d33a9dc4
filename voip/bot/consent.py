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


async def agreed(call: Call, policy: Policy, question: Sound) -> bool:
    """Ask where the policy wants an answer; False: nothing may be recorded."""
    call.consent = Consent(policy.consent)
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
    call.consent = Consent(policy.consent)  # from now on
    return True


async def record_agreed(
    call: Call, *, until_silence: float | None = None, max_seconds: float | None = None
) -> bool:
    """Record, until the end or until 0 is pressed; then False, and the recording is not kept."""
    recording = asyncio.ensure_future(
        call.record(until_silence=until_silence, max_seconds=max_seconds)
    )
    revoking = asyncio.ensure_future(_pressed(call, REVOKE))
    try:
        await asyncio.wait({recording, revoking}, return_when=asyncio.FIRST_COMPLETED)
        if revoking.done() and not revoking.cancelled() and revoking.exception() is None:
            call.revoke_consent(call.peer_user_id, "digit")
            await call.stop_recording()
        await recording
    finally:
        for task in (recording, revoking):
            task.cancel()
        with contextlib.suppress(Exception):
            await asyncio.gather(recording, revoking, return_exceptions=True)
    return call.consent is None or call.consent.revoked is None


async def _pressed(call: Call, key: str) -> None:
    while await call.digit() != key:
        pass


# --- what the room is told, and says ------------------------------------------------------------


class Consents:
    """Of all calls of a bot."""

    def __init__(self, phone: Phone, deliveries: Deliveries, tasks: TaskOwner) -> None:
        self._phone = phone
        self._deliveries = deliveries
        self._policy_of = deliveries.settings.policy_of
        self._tasks = tasks
        self._recorded: dict[str, Call] = {}
        """Those that are recorded now, by the name of their folder."""
        self._told: dict[str, set[str]] = {}
        """Who has been told of each."""

    def begins(self, call: Call) -> None:
        """A recording begins. Raises NotAgreed."""
        name, policy = call.folder.name, self._policy_of(call.room_id, call.peer_user_id)
        asked = call.consent is not None  # then the flow takes the key that takes it back, too
        if call.consent is None:
            if policy.consent is ConsentBy.DIGIT:
                raise NotAgreed(
                    f"{call.peer_user_id} was not asked: where consent is given by a digit, a flow"
                    " awaits consent.agreed() before it records"
                )
            call.consent = Consent(policy.consent)
        if name in self._recorded:  # another one in the same call
            return
        self._recorded[name], self._told[name] = call, set()
        if not policy.notice:
            return
        digit = ", or press 0 while it is made" if asked else ""
        body = BEGINS.format(peer=call.peer_user_id, digit=digit)
        more = {"folder": name, "peer": call.peer_user_id}
        self._deliveries.note(notice(f"consent:{name}", call.room_id, body, **more))

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
        for name, call in self._recorded.items():
            told = self._told[name]
            if call.room_id != event.room_id or event.user_id in {self._phone.user_id, *told}:
                continue
            if not self._policy_of(call.room_id, call.peer_user_id).notice:
                continue
            if len(told) < MAX_JOINERS:
                told.add(event.user_id)
                body = GOES_ON.format(user=event.user_id, peer=call.peer_user_id)
                self._deliveries.note(notice(f"joined:{name}:{event.user_id}", event.room_id, body))

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


def _without_style(emoji: str) -> str:
    return emoji.rstrip("\N{VARIATION SELECTOR-16}")
