"""What is fuzzed: bytes of a stranger go in, and nothing but the documented errors may come out.

Each target takes any bytes. `python -m tests.fuzz TARGET` runs one under atheris; the seeds in
`corpus/TARGET` run in every test run.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from aiortc.sdp import SessionDescription

from tests.fuzz import askers, media, turn_relay
from voip.media import demux, sdp
from voip.media.demux import Kind
from voip.media.errors import BadDescription, NoCommonCodec
from voip.media.first import CHOKES
from voip.media.remote import read_candidate
from voip.media.rtp import parse as parse_rtp
from voip.signalling.calls import Calls
from voip.signalling.errors import ContentError
from voip.signalling.events import MemberLeft, Received, SyncComplete
from voip.signalling.ids import Party
from voip.signalling.reading import parse

TYPES: Final = tuple(
    f"m.call.{name}"
    for name in (
        "invite",
        "answer",
        "candidates",
        "select_answer",
        "reject",
        "negotiate",
        "hangup",
        "sdp_stream_metadata_changed",
        "replaces",
        "reject_replacement",
        "asserted_identity",
    )
)
MAX_ITEMS: Final = 50_000
"""What one input may make a device ask and tell: an input has 64 KiB at most."""


def contents(data: bytes) -> None:
    """The content of an event: JSON of any shape. The first byte chooses the event's type."""
    for event_type, value in _events(data):
        try:
            content = parse(event_type, value)  # type: ignore[arg-type]  # anything may come
        except ContentError:
            continue
        content.to_wire()


def calls(data: bytes) -> None:
    """A whole timeline for one device: a line is an event, its first byte the type."""
    device = Calls(Party("@us:test", "US"))
    now = 0.0
    for number, (event_type, value) in enumerate(_events(data)):
        if isinstance(value, dict):
            sender = ("@peer:test", "@us:test", "@other:test")[number % 3]
            device.handle(Received("!r:test", "$e", sender, event_type, value, age=0.0), now)
        elif value is None:
            device.handle(SyncComplete(), now)
        else:
            device.handle(MemberLeft("!r:test", "@peer:test"), now)
            now += 1.0
    items = 0
    while device.poll() is not None:
        items += 1
        assert items < MAX_ITEMS
    device.advance(now + 10_000.0)
    assert len(device) == 0, "a call that nobody accepted must be over"


def offers(data: bytes) -> None:
    """A remote description: aiortc reads what we make of it, or refuses as we know it to."""
    text = data.decode("utf-8", "replace")
    try:
        prepared = sdp.prepare_offer(text)
    except (BadDescription, NoCommonCodec):
        return
    with contextlib.suppress(*CHOKES):
        SessionDescription.parse(prepared.sdp)


def candidates(data: bytes) -> None:
    """One candidate attribute."""
    parsed = read_candidate(data.decode("utf-8", "replace"))
    assert parsed is None or 0 < parsed.port < 65536


def datagrams(data: bytes) -> None:
    """What anybody can send to the media port, and what a peer can put into an RTP packet."""
    datagram = demux.read(data)
    assert datagram.name in data
    assert datagram.kind in {Kind.REQUEST, Kind.RESPONSE} or not datagram.name
    for level_id in range(16):
        packet = parse_rtp(data, level_id)
        assert packet is None or packet.payload in data


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    "contents": contents,
    "calls": calls,
    "offers": offers,
    "candidates": candidates,
    "datagrams": datagrams,
    **media.TARGETS,
    **askers.TARGETS,
    **turn_relay.TARGETS,
}


def _events(data: bytes) -> Iterator[tuple[str, object]]:
    """Lines of one byte for the type and JSON for the content; broken JSON is null."""
    for line in data.split(b"\n"):
        if not line:
            continue
        try:
            value = json.loads(line[1:])
        except (ValueError, RecursionError):
            value = None
        yield TYPES[line[0] % len(TYPES)], value
