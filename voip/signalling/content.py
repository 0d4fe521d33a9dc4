"""The contents of every `m.call.*` event: what they mean, how they are written.

Source: Matrix client-server API, "Voice over IP" (call version 1, MSC2746), MSC2747 for transfers,
MSC3086 for asserted identity, MSC3401 for the to-device envelope. Durations are milliseconds on the
wire and seconds everywhere else; this module and `reading` alone convert them.

This module has the types and writes them; `reading` reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final, TypeAlias

from voip.signalling.ice import Candidate
from voip.signalling.record import Record

Wire: TypeAlias = Mapping[str, object]
WireDict: TypeAlias = dict[str, object]

OUR_VERSION: Final = "1"
METADATA_KEYS: Final = ("sdp_stream_metadata", "org.matrix.msc3077.sdp_stream_metadata")
USERMEDIA: Final = "m.usermedia"
SCREENSHARE: Final = "m.screenshare"


class StreamMetadata(Record, kw_only=True):
    """What one media stream is for, and whether it is muted at its source (MSC3077, MSC3291)."""

    purpose: str
    audio_muted: bool = False
    video_muted: bool = False


Streams: TypeAlias = Mapping[str, StreamMetadata]


class Capabilities(
    Record, kw_only=True, rename={"transferee": "m.call.transferee", "dtmf": "m.call.dtmf"}
):
    """What the party can be asked to do; absent is false."""

    transferee: bool = False
    dtmf: bool = False


class CallContent(Record, kw_only=True):
    """What all `m.call.*` contents share."""

    event_type: ClassVar[str]
    call_id: str
    party_id: str | None
    """Which device speaks; only version 0 has none."""
    version: int = 1
    """0 for the integer 0, 1 for everything else ("1" is the only other version in use)."""

    def to_wire(self) -> WireDict:
        version = OUR_VERSION if self.version else 0
        wire: WireDict = {"call_id": self.call_id, "version": version}
        if self.party_id is not None:
            wire["party_id"] = self.party_id
        self._fill(wire)
        return wire

    def _fill(self, wire: WireDict) -> None:
        """Put what this kind has beside into it."""


class Invite(CallContent, kw_only=True):
    event_type: ClassVar[str] = "m.call.invite"
    offer: str
    lifetime: float
    """Seconds after which the invite rings no more."""
    invitee: str | None = None
    streams: Streams | None = None
    capabilities: Capabilities = Capabilities()

    def _fill(self, wire: WireDict) -> None:
        wire["offer"] = {"type": "offer", "sdp": self.offer}
        wire["lifetime"] = round(self.lifetime * 1000)
        if self.invitee is not None:
            wire["invitee"] = self.invitee
        _fill_optional(wire, self.streams, self.capabilities)


class Answer(CallContent, kw_only=True):
    event_type: ClassVar[str] = "m.call.answer"
    answer: str
    streams: Streams | None = None
    capabilities: Capabilities = Capabilities()

    def _fill(self, wire: WireDict) -> None:
        wire["answer"] = {"type": "answer", "sdp": self.answer}
        _fill_optional(wire, self.streams, self.capabilities)


class Candidates(CallContent, kw_only=True):
    event_type: ClassVar[str] = "m.call.candidates"
    candidates: tuple[Candidate, ...]

    def _fill(self, wire: WireDict) -> None:
        wire["candidates"] = [_candidate_to_wire(each) for each in self.candidates]


class SelectAnswer(CallContent, kw_only=True):
    event_type: ClassVar[str] = "m.call.select_answer"
    selected_party_id: str

    def _fill(self, wire: WireDict) -> None:
        wire["selected_party_id"] = self.selected_party_id


class Reject(CallContent, kw_only=True):
    event_type: ClassVar[str] = "m.call.reject"


class Hangup(CallContent, kw_only=True):
    event_type: ClassVar[str] = "m.call.hangup"
    reason: str = "user_hangup"
    """One of the specification's, or anything else that a client made up."""

    def _fill(self, wire: WireDict) -> None:
        if self.version:  # "reason … is not used by version 0" (MSC2746)
            wire["reason"] = self.reason


class Negotiate(CallContent, kw_only=True):
    event_type: ClassVar[str] = "m.call.negotiate"
    description_type: str
    """`offer` or `answer`."""
    sdp: str
    lifetime: float
    """Seconds after which an offer needs no answer any more."""
    streams: Streams | None = None

    def _fill(self, wire: WireDict) -> None:
        wire["description"] = {"type": self.description_type, "sdp": self.sdp}
        wire["lifetime"] = round(self.lifetime * 1000)
        _fill_optional(wire, self.streams, Capabilities())


class StreamMetadataChanged(CallContent, kw_only=True):
    event_type: ClassVar[str] = "m.call.sdp_stream_metadata_changed"
    streams: Streams

    def _fill(self, wire: WireDict) -> None:
        wire[METADATA_KEYS[0]] = _streams_to_wire(self.streams)


class Replaces(CallContent, kw_only=True):
    """A transfer (MSC2747): exactly one of `create_call` and `await_call` is set."""

    event_type: ClassVar[str] = "m.call.replaces"
    replacement_id: str
    target_user: str | None = None
    target_room: str | None = None
    create_call: str | None = None
    await_call: str | None = None

    def _fill(self, wire: WireDict) -> None:
        wire["replacement_id"] = self.replacement_id
        if self.target_user is not None:
            wire["target_user"] = {"id": self.target_user}
        for name in ("target_room", "create_call", "await_call"):
            if (value := getattr(self, name)) is not None:
                wire[name] = value


class RejectReplacement(CallContent, kw_only=True):
    event_type: ClassVar[str] = "m.call.reject_replacement"
    replacement_id: str
    reason: str

    def _fill(self, wire: WireDict) -> None:
        wire["replacement_id"] = self.replacement_id
        wire["reason"] = self.reason


class AssertedIdentity(CallContent, kw_only=True):
    """Who the sender says is really on the line (MSC3086); all None reverts to the sender."""

    event_type: ClassVar[str] = "m.call.asserted_identity"
    user_id: str | None = None
    display_name: str | None = None
    avatar_url: str | None = None

    def _fill(self, wire: WireDict) -> None:
        named = {
            "id": self.user_id,
            "display_name": self.display_name,
            "avatar_url": self.avatar_url,
        }
        present = {name: value for name, value in named.items() if value is not None}
        wire["asserted_identity"] = present or None


class ToDevice(Record, kw_only=True):
    """What MSC3401 adds when the same contents travel from device to device."""

    conf_id: str
    device_id: str
    sender_session_id: str
    dest_session_id: str
    seq: int
    """Counts from 0 for each pair of sessions; the order of delivery does not."""


# --- writing --------------------------------------------------------------------------------


def _candidate_to_wire(candidate: Candidate) -> WireDict:
    wire: WireDict = {"candidate": candidate.candidate}
    if candidate.sdp_mid is not None:
        wire["sdpMid"] = candidate.sdp_mid
    if candidate.sdp_mline_index is not None:
        wire["sdpMLineIndex"] = candidate.sdp_mline_index
    return wire


def _streams_to_wire(streams: Streams) -> WireDict:
    return {
        stream_id: {
            "purpose": stream.purpose,
            "audio_muted": stream.audio_muted,
            "video_muted": stream.video_muted,
        }
        for stream_id, stream in streams.items()
    }


def _fill_optional(wire: WireDict, streams: Streams | None, capabilities: Capabilities) -> None:
    if streams is not None:
        wire[METADATA_KEYS[0]] = _streams_to_wire(streams)
    claimed = {
        "m.call.transferee": capabilities.transferee,
        "m.call.dtmf": capabilities.dtmf,
    }
    if any(claimed.values()):
        wire["capabilities"] = claimed
