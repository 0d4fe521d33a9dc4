"""The short way for contents that are as the specification says: three kinds, converted in C.

Invites, answers and candidates are nearly all that a device reads, and nearly all of them are well
formed. `reading` takes any other content field by field and decides what is forgiven; what this
module takes, it takes with the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Final, Literal

import msgspec

from voip.signalling.content import (
    METADATA_KEYS,
    Answer,
    CallContent,
    Candidates,
    Capabilities,
    Invite,
    StreamMetadata,
    Wire,
)
from voip.signalling.fields import LONGEST_LIFETIME_MS, MAX_ID
from voip.signalling.ice import Candidate

_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ID)]
_Lifetime = Annotated[int, msgspec.Meta(ge=0, le=LONGEST_LIFETIME_MS)]


class _Offer(msgspec.Struct):
    sdp: str
    type: Literal["offer"] = "offer"


class _Answer(msgspec.Struct):
    sdp: str
    type: Literal["answer"] = "answer"


class _Common(msgspec.Struct, kw_only=True):
    call_id: _Id
    party_id: _Id
    version: Literal["1"]


class _Described(_Common, kw_only=True, rename={"unstable_metadata": METADATA_KEYS[1]}):
    sdp_stream_metadata: dict[str, StreamMetadata] | None = None
    unstable_metadata: None = None
    capabilities: Capabilities = Capabilities()


class _InviteContent(_Described, kw_only=True):
    offer: _Offer
    lifetime: _Lifetime
    invitee: str | None = None


class _AnswerContent(_Described, kw_only=True):
    answer: _Answer


class _CandidatesContent(_Common, kw_only=True):
    candidates: tuple[Candidate, ...]


def take(event_type: str, content: Wire) -> CallContent | None:
    """The content, or None where it is to be read field by field."""
    reader = _READERS.get(event_type)
    if reader is None:
        return None
    try:
        return reader(content)
    except (msgspec.ValidationError, UnicodeEncodeError):  # the latter of half a surrogate pair
        return None


def _invite(content: Wire) -> Invite | None:
    wire = msgspec.convert(content, _InviteContent)
    if not (_plain(wire, wire.offer.sdp) and (wire.invitee or "").isascii()):
        return None
    return Invite(
        call_id=wire.call_id,
        party_id=wire.party_id,
        offer=wire.offer.sdp,
        lifetime=wire.lifetime / 1000,
        invitee=wire.invitee,
        streams=wire.sdp_stream_metadata,
        capabilities=wire.capabilities,
    )


def _answer(content: Wire) -> Answer | None:
    wire = msgspec.convert(content, _AnswerContent)
    answer = wire.answer.sdp
    if not _plain(wire, answer):
        return None
    return Answer(
        call_id=wire.call_id,
        party_id=wire.party_id,
        answer=answer,
        streams=wire.sdp_stream_metadata,
        capabilities=wire.capabilities,
    )


def _candidates(content: Wire) -> Candidates | None:
    wire = msgspec.convert(content, _CandidatesContent)
    if not (wire.call_id.isascii() and wire.party_id.isascii()):
        return None
    for one in wire.candidates:
        if not one.candidate.isascii() or (one.candidate and one.sdp_mline_index is None):
            return None  # a mid may stand alone, which is rare
        if one.sdp_mid is not None and not one.sdp_mid.isascii():
            return None
    return Candidates(call_id=wire.call_id, party_id=wire.party_id, candidates=wire.candidates)


def _plain(wire: _Described, sdp: str) -> bool:
    """ASCII has no halves of surrogate pairs, which JSON can say and no file can hold."""
    if not (sdp.isascii() and wire.call_id.isascii() and wire.party_id.isascii()):
        return False
    for name, one in (wire.sdp_stream_metadata or {}).items():
        if not (name.isascii() and one.purpose.isascii()):
            return False
    return True


_READERS: Final[Mapping[str, Callable[[Wire], CallContent | None]]] = {
    Invite.event_type: _invite,
    Answer.event_type: _answer,
    Candidates.event_type: _candidates,
}
