"""Reading the contents of `m.call.*` events as other clients really send them.

Strict about what a call cannot do without and lenient about the rest: a batch loses only the
candidates that are broken, an unknown hangup reason stays a reason, an optional field of the wrong
type is taken as absent. One pass over the content; sizes are bounded by the event's own limit of
64 KiB (client-server API, "Size limits").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from voip.signalling import fields, wellformed
from voip.signalling.content import (
    METADATA_KEYS,
    Answer,
    AssertedIdentity,
    CallContent,
    Candidates,
    Capabilities,
    Hangup,
    Invite,
    Negotiate,
    Reject,
    RejectReplacement,
    Replaces,
    SelectAnswer,
    StreamMetadata,
    StreamMetadataChanged,
    Streams,
    ToDevice,
    Wire,
)
from voip.signalling.errors import ContentError, UnknownContent
from voip.signalling.ice import MAX_CANDIDATE, MAX_MLINE_INDEX, Candidate


def parse(event_type: str, content: Wire) -> CallContent:
    """Read a content. Raises `ContentError`, and nothing else, whatever the content is."""
    taken = wellformed.take(event_type, content)
    if taken is not None:
        return taken
    reader = _READERS.get(event_type)
    if reader is None:
        raise UnknownContent("type", "is not a call event that we know")
    if not fields.is_object(content):  # what is decrypted was checked by no server
        raise ContentError("content", "must be an object")
    return reader(content)


def parse_to_device(content: Wire) -> ToDevice:
    """Read MSC3401's envelope. Raises `ContentError`."""
    seq = fields.whole_number(content.get("seq"))
    if seq is None or seq < 0:
        raise ContentError("seq", "must be a whole number from 0")
    return ToDevice(
        conf_id=fields.text(content, "conf_id"),
        device_id=fields.text(content, "device_id"),
        sender_session_id=fields.text(content, "sender_session_id"),
        dest_session_id=fields.text(content, "dest_session_id"),
        seq=seq,
    )


def _streams(content: Wire) -> Streams | None:
    for key in METADATA_KEYS:
        value = content.get(key)
        if fields.is_object(value):
            return {
                stream_id: _stream(entry)
                for stream_id, entry in value.items()
                if isinstance(stream_id, str) and fields.is_object(entry)
            }
    return None


def _stream(entry: Wire) -> StreamMetadata:
    return StreamMetadata(
        purpose=fields.optional_text(entry, "purpose") or "",
        audio_muted=entry.get("audio_muted") is True,
        video_muted=entry.get("video_muted") is True,
    )


CAPABLE: Final = {
    (transferee, dtmf): Capabilities(transferee=transferee, dtmf=dtmf)
    for transferee in (False, True)
    for dtmf in (False, True)
}


def _capabilities(content: Wire) -> Capabilities:
    value = content.get("capabilities")
    if not fields.is_object(value):
        return CAPABLE[False, False]
    return CAPABLE[value.get("m.call.transferee") is True, value.get("m.call.dtmf") is True]


def _read_invite(content: Wire) -> Invite:
    call_id, party_id, version = fields.common(content)
    return Invite(
        call_id=call_id,
        party_id=party_id,
        version=version,
        offer=fields.description(content, "offer", "offer")[1],
        lifetime=fields.lifetime(content),
        invitee=fields.optional_text(content, "invitee"),
        streams=_streams(content),
        capabilities=_capabilities(content),
    )


def _read_answer(content: Wire) -> Answer:
    call_id, party_id, version = fields.common(content)
    return Answer(
        call_id=call_id,
        party_id=party_id,
        version=version,
        answer=fields.description(content, "answer", "answer")[1],
        streams=_streams(content),
        capabilities=_capabilities(content),
    )


def _read_candidates(content: Wire) -> Candidates:
    call_id, party_id, version = fields.common(content)
    entries = content.get("candidates")
    if not isinstance(entries, list):
        raise ContentError("candidates", "must be a list")
    read = (_candidate(entry) for entry in entries)
    return Candidates(
        call_id=call_id,
        party_id=party_id,
        version=version,
        candidates=tuple(candidate for candidate in read if candidate is not None),
    )


def _candidate(entry: object) -> Candidate | None:
    """One entry of a batch, or None where it names no media section and is not the end."""
    if not fields.is_object(entry):
        return None
    candidate = fields.optional_text(entry, "candidate")
    if candidate is None or len(candidate) > MAX_CANDIDATE:
        return None
    mid = fields.optional_text(entry, "sdpMid")
    index = fields.whole_number(entry.get("sdpMLineIndex"))
    if index is not None and not 0 <= index <= MAX_MLINE_INDEX:
        index = None
    if candidate and mid is None and index is None:
        return None
    return Candidate(candidate, mid, index)


def _read_select_answer(content: Wire) -> SelectAnswer:
    call_id, party_id, version = fields.common(content)
    return SelectAnswer(
        call_id=call_id,
        party_id=party_id,
        version=version,
        selected_party_id=fields.identifier(content, "selected_party_id"),
    )


def _read_reject(content: Wire) -> Reject:
    call_id, party_id, version = fields.common(content)
    return Reject(call_id=call_id, party_id=party_id, version=version)


def _read_hangup(content: Wire) -> Hangup:
    call_id, party_id, version = fields.common(content)
    if "version" not in content:
        version = 1  # left out it says nothing; 0 would be another device of the same user
    reason = fields.optional_text(content, "reason") or "user_hangup"
    return Hangup(
        call_id=call_id, party_id=party_id, version=version, reason=reason[: fields.MAX_ID]
    )


def _read_negotiate(content: Wire) -> Negotiate:
    call_id, party_id, version = fields.common(content)
    kind, sdp = fields.description(content, "description", "offer", "answer")
    return Negotiate(
        call_id=call_id,
        party_id=party_id,
        version=version,
        description_type=kind,
        sdp=sdp,
        lifetime=fields.lifetime(content),
        streams=_streams(content),
    )


def _read_metadata_changed(content: Wire) -> StreamMetadataChanged:
    call_id, party_id, version = fields.common(content)
    streams = _streams(content)
    if streams is None:
        raise ContentError(METADATA_KEYS[0], "must be an object")
    return StreamMetadataChanged(
        call_id=call_id, party_id=party_id, version=version, streams=streams
    )


def _read_replaces(content: Wire) -> Replaces:
    call_id, party_id, version = fields.common(content)
    create_call = fields.optional_text(content, "create_call")
    await_call = fields.optional_text(content, "await_call")
    if (create_call is None) == (await_call is None):
        raise ContentError("create_call", "exactly one of create_call and await_call must be set")
    target = content.get("target_user")
    return Replaces(
        call_id=call_id,
        party_id=party_id,
        version=version,
        replacement_id=fields.identifier(content, "replacement_id"),
        target_user=fields.optional_text(target, "id") if fields.is_object(target) else None,
        target_room=fields.optional_text(content, "target_room"),
        create_call=create_call,
        await_call=await_call,
    )


def _read_reject_replacement(content: Wire) -> RejectReplacement:
    call_id, party_id, version = fields.common(content)
    return RejectReplacement(
        call_id=call_id,
        party_id=party_id,
        version=version,
        replacement_id=fields.identifier(content, "replacement_id"),
        # MSC2747 has no reason here; who sends one means it.
        reason=(fields.optional_text(content, "reason") or "declined")[: fields.MAX_ID],
    )


def _read_asserted_identity(content: Wire) -> AssertedIdentity:
    call_id, party_id, version = fields.common(content)
    if "asserted_identity" not in content:
        raise ContentError("asserted_identity", "must be an object or null")
    identity = content["asserted_identity"]
    if identity is None:
        return AssertedIdentity(call_id=call_id, party_id=party_id, version=version)
    if not fields.is_object(identity):
        raise ContentError("asserted_identity", "must be an object or null")
    return AssertedIdentity(
        call_id=call_id,
        party_id=party_id,
        version=version,
        user_id=fields.optional_text(identity, "id"),
        display_name=fields.optional_text(identity, "display_name"),
        avatar_url=fields.optional_text(identity, "avatar_url"),
    )


_READERS: Final[Mapping[str, Callable[[Wire], CallContent]]] = {
    Invite.event_type: _read_invite,
    Answer.event_type: _read_answer,
    Candidates.event_type: _read_candidates,
    SelectAnswer.event_type: _read_select_answer,
    Reject.event_type: _read_reject,
    Hangup.event_type: _read_hangup,
    Negotiate.event_type: _read_negotiate,
    StreamMetadataChanged.event_type: _read_metadata_changed,
    "org.matrix.call.sdp_stream_metadata_changed": _read_metadata_changed,
    Replaces.event_type: _read_replaces,
    RejectReplacement.event_type: _read_reject_replacement,
    AssertedIdentity.event_type: _read_asserted_identity,
    "org.matrix.call.asserted_identity": _read_asserted_identity,
}
