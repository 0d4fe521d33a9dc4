"""What signalling has to know of a session description: streams, directions, whose path.

A description that makes no sense has no facts; whether it can be used is for the media edge to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from voip.signalling.record import Record

_DIRECTIONS: Final = frozenset({"sendrecv", "sendonly", "recvonly", "inactive"})
_MAX_STREAMS: Final = 16
"""More than a call has; it bounds what a description makes us keep."""


class Section(Record):
    """One media section that is in use."""

    kind: str
    """`audio`, `video` or `application`."""
    direction: str
    """As seen by who wrote the description; `sendrecv` where it says nothing (RFC 8866 §6.7)."""
    stream_id: str | None
    """The first stream that it belongs to (`a=msid`, RFC 8830)."""


def sections(sdp: str) -> tuple[Section, ...]:
    """The sections that are not rejected (RFC 3264 §6: port 0)."""
    return tuple(section for section in _read(sdp) if section is not None)


def holds(sdp: str) -> bool:
    """Whether its writer wants to hear and see nothing (RFC 3264 §8.4: sendonly or inactive)."""
    if "a=sendonly" not in sdp and "a=inactive" not in sdp:
        return False  # nearly every description; reading it all costs more than the rest of a call
    media = [section for section in sections(sdp) if section.kind in {"audio", "video"}]
    return bool(media) and all(each.direction in {"sendonly", "inactive"} for each in media)


def ufrag_of(sdp: str) -> str:
    """The ICE user name of the one path that its writer offers; "" where there is none."""
    _, found, rest = sdp.partition("a=ice-ufrag:")
    return rest.split(maxsplit=1)[0] if found and rest.strip() else ""


def offers_video(sdp: str) -> bool:
    return any(section.kind == "video" for section in sections(sdp))


def stream_ids(sdp: str) -> tuple[str, ...]:
    """The streams that its writer may send, each once, in their order."""
    found = dict.fromkeys(
        section.stream_id
        for section in sections(sdp)
        if section.stream_id is not None and section.direction in {"sendrecv", "sendonly"}
    )
    return tuple(found)[:_MAX_STREAMS]


def _read(sdp: str) -> Iterator[Section | None]:
    kind, rejected = "", False
    direction = default = "sendrecv"
    stream_id: str | None = None
    for line in sdp.splitlines():
        if line.startswith("m="):
            if kind:
                yield None if rejected else Section(kind, direction, stream_id)
            fields = line[2:].split()
            kind = fields[0] if fields else "?"
            rejected = len(fields) < 2 or fields[1].partition("/")[0] == "0"
            direction, stream_id = default, None
        elif line[:2] == "a=" and line[2:] in _DIRECTIONS:
            direction = line[2:]
            if not kind:  # said for the whole session
                default = direction
        elif line.startswith("a=msid:") and stream_id is None:
            stream_id = next(iter(line[7:].split()), None)
    if kind:
        yield None if rejected else Section(kind, direction, stream_id)
