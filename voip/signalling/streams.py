"""What the other side says of its streams (MSC3077, MSC3291), as little of it as is of use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from voip.signalling.content import SCREENSHARE, USERMEDIA, StreamMetadata, Streams

MAX_STREAMS: Final = 8
"""More than a call has; it bounds what metadata make us keep."""
_MAX_ID: Final = 64  # RFC 8830 §2: the id of a stream has 1 to 64 characters
_SHARED: Final[Mapping[tuple[str, bool, bool], StreamMetadata]] = {
    (purpose, audio, video): StreamMetadata(purpose=purpose, audio_muted=audio, video_muted=video)
    for purpose in (USERMEDIA, SCREENSHARE)
    for audio in (False, True)
    for video in (False, True)
}
"""All that can be said of a stream, each once for all calls."""


def usable(streams: Streams) -> Streams:
    """Those with a purpose that we know; any other is to be ignored (client-server API,
    "Streams")."""
    found: dict[str, StreamMetadata] = {}
    for stream_id, said in streams.items():
        known = _SHARED.get((said.purpose, said.audio_muted, said.video_muted))
        if known is not None and len(stream_id) <= _MAX_ID and len(found) < MAX_STREAMS:
            found[stream_id] = known
    return found


def together(before: Streams | None, said: Streams) -> Streams:
    """What is known of the streams after something usable was said of some of them.

    One that is not named any more stays known: matrix-js-sdk (43) shares a screen for the second
    time in the stream of the first, and names another in its metadata.
    """
    if not before or before.keys() <= said.keys():
        return said
    kept = [stream_id for stream_id in before if stream_id not in said]
    room = MAX_STREAMS - len(said)
    return {stream_id: before[stream_id] for stream_id in kept[:room]} | dict(said)
