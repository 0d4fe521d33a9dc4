"""Everything that can happen to a call, as frozen data. `Calls.handle(event, now)` takes them.

Remote events come from the homeserver, local ones from whoever uses this device, results from the
edges. A result carries the `request` number of the command that it answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeAlias

from voip.signalling.content import Streams
from voip.signalling.ice import Candidate
from voip.signalling.ids import CallKey
from voip.signalling.record import Record

# --- remote ---------------------------------------------------------------------------------


class Received(Record):
    """A room event whose type starts with `m.call.`, decrypted, its content as it came.

    Delivered in the order of the room's timeline. The content is not validated: that is the
    core's work.
    """

    room_id: str
    event_id: str
    sender: str
    type: str
    content: Mapping[str, object]
    age: float
    """Seconds since the sender's server took the event, by `unsigned.age`, at delivery."""
    encrypted: bool = False
    """It came as `m.room.encrypted` and was decrypted."""
    room_encrypted: bool = False
    """The room's state says that it is encrypted."""
    room_public: bool = False
    """Anybody may join the room."""
    device_key: str | None = None
    """The sending device's identity key, where the event was encrypted."""


class SyncComplete(Record):
    """All events of one sync response have been delivered: what still rings may ring."""


class MemberLeft(Record):
    """A member left the room or was removed from it."""

    room_id: str
    user_id: str


# --- local ----------------------------------------------------------------------------------


class Place(Record):
    """Call whoever is in the room, or only `invitee` there. `key.call_id` is new and random."""

    key: CallKey
    invitee: str | None = None
    video: bool = False


class Accept(Record):
    key: CallKey


class Reject(Record):
    key: CallKey


class HangUp(Record):
    key: CallKey
    reason: str = "user_hangup"


class Change(Record):
    """What is to be different in the media of a call that is answered. None leaves it."""

    hold: bool | None = None
    """Hear and see nothing of the other side, and let it know."""
    video: bool | None = None
    """Receive the other side's video, or no more."""
    restart_ice: bool = False
    """Look for a network path anew (RFC 8839 §4.4.1.1.1)."""

    def and_then(self, later: Change) -> Change:
        """Both changes in one."""
        return Change(
            later.hold if later.hold is not None else self.hold,
            later.video if later.video is not None else self.video,
            self.restart_ice or later.restart_ice,
        )


class Renegotiate(Record):
    """Change the media of a call; what cannot be done at once waits for its turn."""

    key: CallKey
    change: Change


class SetMuted(Record):
    """Tell the other side what is muted here at its source (MSC3291)."""

    key: CallKey
    audio: bool
    video: bool = True


class Transfer(Record):
    """Ask the other side to go on with somebody else (MSC2747).

    Exactly one of `create_call` and `await_call` is the id of the new call: the other side is to
    place it, or to wait for it. `replacement_id` is new and random.
    """

    key: CallKey
    replacement_id: str
    target_user: str | None = None
    target_room: str | None = None
    create_call: str | None = None
    await_call: str | None = None


class RejectTransfer(Record):
    """Decline what the other side asked with this `replacement_id`."""

    key: CallKey
    replacement_id: str
    reason: str = "declined"


class AssertIdentity(Record):
    """Tell the other side who is really on the line (MSC3086); all None reverts to us."""

    key: CallKey
    user_id: str | None = None
    display_name: str | None = None
    avatar_url: str | None = None


# --- results --------------------------------------------------------------------------------


class OfferReady(Record):
    """The answer to `CreateOffer` and `CreateReoffer`. `complete`: every candidate is in it."""

    key: CallKey
    request: int
    sdp: str
    complete: bool = True


class AnswerReady(Record):
    """The answer to `CreateAnswer` and `CreateReanswer`."""

    key: CallKey
    request: int
    sdp: str
    complete: bool = True


class AnswerApplied(Record):
    """The answer to `ApplyAnswer`."""

    key: CallKey
    request: int


class LocalCandidates(Record):
    """Candidates gathered after the description; the last one may be end-of-candidates."""

    key: CallKey
    candidates: tuple[Candidate, ...]


class LocalStreams(Record):
    """What we show of another call, to which this one is connected, has changed (MSC3077)."""

    key: CallKey
    streams: Streams
    """By the stream's id; whether its sound is muted is `SetMuted`'s. Empty: nothing is shown."""
    outdated: bool
    """Our last description says otherwise, so that another one is due."""


class MediaProblem(Enum):
    """What the media edge could not do, by whose fault."""

    BAD_DESCRIPTION = "the other side's session description cannot be used"
    NO_COMMON_CODEC = "the two sides share no codec"
    INTERNAL = "the media engine failed"
    ICE_FAILED = "no network path to the other side was found"
    CONNECT_TIMEOUT = "the media connection was not up in time"
    LOST = "the other side stopped sending and answering"
    CRASHED = "the process that carried the media died"


class MediaConnected(Record):
    key: CallKey


class MediaFailed(Record):
    """A media request failed, or an established connection was lost (`request` is None)."""

    key: CallKey
    problem: MediaProblem
    request: int | None = None


class Sent(Record):
    """The homeserver took the event of `SendEvent`."""

    key: CallKey
    request: int


class SendProblem(Enum):
    REFUSED = "the homeserver refused the event"
    UNREACHABLE = "the homeserver could not be reached in time"


class SendFailed(Record):
    """The event of `SendEvent` was not taken, and will not be tried again."""

    key: CallKey
    request: int
    problem: SendProblem


RemoteEvent: TypeAlias = Received | SyncComplete | MemberLeft
LocalEvent: TypeAlias = (
    Place
    | Accept
    | Reject
    | HangUp
    | Renegotiate
    | SetMuted
    | Transfer
    | RejectTransfer
    | AssertIdentity
)
ResultEvent: TypeAlias = (
    OfferReady
    | AnswerReady
    | AnswerApplied
    | LocalCandidates
    | LocalStreams
    | MediaConnected
    | MediaFailed
    | Sent
    | SendFailed
)
Event: TypeAlias = RemoteEvent | LocalEvent | ResultEvent
