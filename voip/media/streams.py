"""Which m-lines of the other side count, and for what (MSC3077). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from voip.media.agreed import Line
from voip.media.description import Section
from voip.signalling.content import USERMEDIA, StreamMetadata, Streams

_UNSAID: Final = StreamMetadata(purpose=USERMEDIA)


def counting(lines: Iterable[Line], streams: Streams | None) -> dict[str, StreamMetadata]:
    """What is said of each m-line that counts, by its mid.

    Where metadata are given, streams that are not in them are ignored, and so are tracks without a
    stream; where they are not given, the first stream alone counts (client-server API, "Streams").
    A description that names no stream at all is as one without metadata: they tell nothing of it.
    """
    named = {line.mid: ids_of(line.remote) for line in lines}
    if streams is not None and any(named.values()):
        return {
            mid: streams[found]
            for mid, ids in named.items()
            if (found := next((one for one in ids if one in streams), None)) is not None
        }
    first = next((ids[0] for ids in named.values() if ids), None)
    return {mid: _UNSAID for mid, ids in named.items() if not ids or first in ids}


def ids_of(section: Section) -> list[str]:
    """The streams that a section belongs to: by RFC 8830, or as GStreamer still says it."""
    said = section.values("msid")
    said += [text for one in section.values("ssrc") if (text := one.partition(" msid:")[2])]
    ids = dict.fromkeys(value.split(maxsplit=1)[0] for value in said if value)
    return [one for one in ids if one != "-"]  # RFC 8829 §5.2.1: of no stream
