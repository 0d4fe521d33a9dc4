"""Everything a call may ask of the edges, and everything it tells its observers.

`Calls.poll()` gives both, in order. A command with a `request` number is answered by exactly one
result event (see `events`) that carries the same number; the others are done and forgotten.
What belongs to one call is to be carried out in the order given here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeAlias

from voip.signalling.content import AssertedIdentity, Capabilities, Replaces, Streams
from voip.signalling.events import Change
from voip.signalling.ice import Candidate
from voip.signalling.ids import CallKey, Party
from voip.signalling.record import Record

# --- commands -------------------------------------------------------------------------------


class SendEvent(Record):
    """Send an event into the call's room: `Sent` or `SendFailed` follows."""

    key: CallKey
    request: int
    type: str
    content: Mapping[str, object]


class CreateOffer(Record):
    """Open media and make an offer: `OfferReady` or `MediaFailed` follows."""

    key: CallKey
    request: int
    video: bool


class CreateAnswer(Record):
    """Open media for this offer: `AnswerReady` or `MediaFailed` follows."""

    key: CallKey
    request: int
    offer: str


class ApplyAnswer(Record):
    """Connect to the party that was chosen: `AnswerApplied` or `MediaFailed` follows."""

    key: CallKey
    request: int
    answer: str


class CreateReoffer(Record):
    """Make an offer in the middle of the call: `OfferReady` or `MediaFailed` follows.

    Payload types and header extension ids stay what they were: browsers accept no others.
    """

    key: CallKey
    request: int
    change: Change


class CreateReanswer(Record):
    """Answer an offer in the middle of the call: `AnswerReady` or `MediaFailed` follows.

    Where an offer of ours is open, it is taken back first. An offer that cannot be used leaves
    the call's media as they were.
    """

    key: CallKey
    request: int
    offer: str


class Rollback(Record):
    """Take back our offer that nobody answered; the media stay as they were."""

    key: CallKey


class AddCandidates(Record):
    """The chosen party's candidates; the last may be end-of-candidates."""

    key: CallKey
    candidates: tuple[Candidate, ...]


class SetStreams(Record):
    """What the other side's streams are for, by their ids (`a=msid`), and what of them is muted.

    Streams that are not here are to be ignored. Without this command the first stream alone counts.
    """

    key: CallKey
    streams: Streams


class CloseMedia(Record):
    """The call is over; nothing more will be asked of its media."""

    key: CallKey


# --- notices --------------------------------------------------------------------------------


class By(Enum):
    """Who ended a call."""

    US = "us"
    PEER = "the other side"
    OTHER_DEVICE = "another device of ours"
    TIME = "nobody: time ran out"
    FAULT = "nobody: something failed"


class EndReason(Enum):
    """Why a call ended, in words that a person understands."""

    HANGUP = "hung up"
    REJECTED = "declined"
    BUSY = "busy"
    ANSWERED_ELSEWHERE = "answered on another device"
    REJECTED_ELSEWHERE = "declined on another device"
    NOT_ANSWERED = "not answered in time"
    LEFT_ROOM = "one side left the room"
    NO_PATH = "no network path between the two sides was found"
    CONNECT_TIMEOUT = "the connection took too long"
    MEDIA_LOST = "the other side stopped sending"
    MEDIA_FAILED = "the media could not be set up"
    MEDIA_CRASHED = "the process that carried the media died"
    BAD_DESCRIPTION = "the other side's session description cannot be used"
    NO_COMMON_CODEC = "the two sides share no codec"
    SEND_REFUSED = "the homeserver refused our event: may we send in this room?"
    SEND_FAILED = "the homeserver could not be reached"
    PEER_FAILED = "it failed on the other side"


class Incoming(Record):
    """The call rings here: `Accept` or `Reject` it."""

    key: CallKey
    caller: Party
    video: bool


class Calling(Record):
    """The homeserver has our invite: the other side's devices ring."""

    key: CallKey


class Answered(Record):
    """An answer was chosen or ours was made; `peer` is the party that we talk to."""

    key: CallKey
    peer: Party
    capabilities: Capabilities
    """What the peer can be asked to do."""


class Established(Record):
    """Media flows."""

    key: CallKey


class Ended(Record):
    """The last word about a call."""

    key: CallKey
    reason: EndReason
    by: By
    rang: bool
    """Whether it rang here; never true of a call that we placed."""
    wire_reason: str | None = None
    """The hangup's own reason, as sent or received."""


class Replaced(Record):
    """Glare: this call of ours gave way to the other side's, `by`, which is answered at once.

    Nothing more is said of `key`, unless `by` is the same: then it goes on as an inbound call.
    """

    key: CallKey
    by: CallKey
    caller: Party


class Renegotiated(Record):
    """An exchange of offer and answer in the middle of the call is complete."""

    key: CallKey


class NegotiationFailed(Record):
    """A change did not come about; the call goes on as it was."""

    key: CallKey
    why: str


class PeerState(Record):
    """What the other side says of itself, whenever it changes."""

    key: CallKey
    holds: bool
    audio_muted: bool
    """Of its microphone; screens are among the streams alone."""
    video_muted: bool
    streams: Streams | None = None
    """Those that it listed last and whose purpose we know; None where it never listed any."""


class TransferRequested(Record):
    """The other side asks us to go on with somebody else (MSC2747)."""

    key: CallKey
    transfer: Replaces


class TransferRejected(Record):
    """The other side will not, or could not, do the transfer that we asked for."""

    key: CallKey
    replacement_id: str
    reason: str


class IdentityAsserted(Record):
    """Who the other side says is on the line (MSC3086). Nothing proves it."""

    key: CallKey
    identity: AssertedIdentity


class IgnoreReason(Enum):
    """Why a remote event changed nothing."""

    MALFORMED = "its content is not what the specification says"
    UNSUPPORTED = "it needs something that this version does not do"
    OWN_ECHO = "we sent it ourselves"
    OWN_CALL = "another device of ours calls somebody else"
    NOT_FOR_US = "its invitee is somebody else"
    PUBLIC_ROOM = "anybody may join the room, so it may not ring"
    PLAINTEXT = "it came unencrypted in an encrypted room"
    EXPIRED = "its lifetime was over when it came"
    OVER_BEFORE = "the end of this call came before its invite"
    DUPLICATE = "the call is known already"
    UNKNOWN_CALL = "no such call is known"
    CALL_ENDED = "the call has ended"
    WRONG_PARTY = "it comes from a party that is not in this call"
    WRONG_STATE = "the call is past this, or not there yet"
    ALREADY_ANSWERED = "an answer was chosen before it"
    WRONG_DEVICE = "it is not encrypted by the device that spoke for this party before"
    GLARE = "both sides called at the same time, and our call is the one that stays"
    COLLISION = "both sides offered at the same time, and our offer is the one that counts"
    TOO_MANY = "too much is waiting already"


class Ignored(Record):
    """A remote event that changed nothing. `detail` never quotes the event's values."""

    room_id: str
    sender: str
    type: str
    why: IgnoreReason
    detail: str = ""


Command: TypeAlias = (
    SendEvent
    | CreateOffer
    | CreateAnswer
    | ApplyAnswer
    | CreateReoffer
    | CreateReanswer
    | Rollback
    | AddCandidates
    | SetStreams
    | CloseMedia
)
Notice: TypeAlias = (
    Incoming
    | Calling
    | Answered
    | Established
    | Ended
    | Replaced
    | Renegotiated
    | NegotiationFailed
    | PeerState
    | TransferRequested
    | TransferRejected
    | IdentityAsserted
    | Ignored
)
