"""Our own offers in the middle of a call, and the answers to them. Pure: text in, text out.

Browsers refuse an offer in which a payload type, a header extension's id or a mid means something
else than before, so all that was ever said is kept in mind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from aiortc.codecs import CODECS, HEADER_EXTENSIONS
from aiortc.sdp import parameters_to_sdp

from voip.media.agreed import (
    NOTHING,
    Agreed,
    LocalTransport,
    Placed,
    Wishes,
    check_same_certificate,
    is_restart,
    session_lines,
)
from voip.media.description import Description, Section, parse
from voip.media.errors import BadDescription, NoCommonCodec
from voip.media.sdp import Layout, Slot, candidates_of, is_live
from voip.media.sections import (
    DIRECTIONS,
    Transport,
    extensions_of,
    rejected,
    shared_formats,
    shared_lines,
    transport_in,
)

# RFC 3551 §6: the dynamic range, and what rtcp-mux leaves of the unassigned one (RFC 5761 §4).
_FREE_TYPES = frozenset((*range(96, 128), *range(35, 64)))
_FREE_IDS = frozenset(range(1, 15))  # RFC 8285 §4.2: the one-byte form
_STREAM = ("a=msid:", "a=ssrc:", "a=ssrc-group:")
_OF_THE_MOMENT = (
    *(f"a={direction}" for direction in DIRECTIONS),
    "a=candidate:",
    "a=end-of-candidates",
    "a=ice-",
    "a=fingerprint:",
    "a=setup:",
    "c=",
)


class Numbers:
    """What payload types and header extension ids have meant in this call so far."""

    def __init__(self) -> None:
        self._types: set[int] = set()
        self._ids: dict[str, int] = {}
        """By URI, of those that we use."""
        self._taken_ids: set[int] = set()
        self._video: tuple[list[str], list[str]] | None = None

    def see(self, description: Description) -> None:
        for section in description.sections:
            if section.kind not in ("audio", "video"):
                continue
            self._types |= _FREE_TYPES & {*map(_number, section.formats)}
            for value in section.values("extmap"):
                self._taken_ids |= _FREE_IDS & {_number(value.split(" ")[0].split("/")[0])}
            for number, uri in extensions_of(section).items():
                self._ids.setdefault(uri, number)
            if section.kind == "video" and shared_formats(section):
                self._video = shared_lines(section)

    def video(self) -> tuple[list[str], list[str]] | None:
        """Formats and lines of a video section of ours; None where no numbers are left for it."""
        return self._video or self._new_video()

    def _new_video(self) -> tuple[list[str], list[str]] | None:
        codecs = CODECS["video"]
        free = sorted(_FREE_TYPES - self._types, key=lambda number: (number < 96, number))
        if len(free) < len(codecs):
            return None
        renamed = dict(zip((codec.payloadType for codec in codecs), free, strict=False))
        lines = list(self._extensions())
        for codec in codecs:
            number = renamed[codec.payloadType]
            parameters = dict(codec.parameters)
            apt = parameters.get("apt")
            if isinstance(apt, int):
                parameters["apt"] = renamed[apt]
            lines.append(f"a=rtpmap:{number} {codec.name}/{codec.clockRate}")
            lines += [
                f"a=rtcp-fb:{number} {' '.join(filter(None, (one.type, one.parameter)))}"
                for one in codec.rtcpFeedback
            ]
            if text := parameters_to_sdp(parameters):
                lines.append(f"a=fmtp:{number} {text}")
        return [str(number) for number in renamed.values()], lines

    def _extensions(self) -> Iterator[str]:
        free = sorted(_FREE_IDS - self._taken_ids)
        for extension in HEADER_EXTENSIONS["video"]:
            number = self._ids.get(extension.uri) or (free.pop(0) if free else None)
            if number is not None:
                yield f"a=extmap:{number} {extension.uri}"


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else None


def stream_lines(section: Section) -> list[str]:
    """What a section says of the stream that is sent in it."""
    return [line for line in section.lines if line.startswith(_STREAM)]


def write_offer(
    agreed: Agreed,
    wishes: Wishes,
    local: LocalTransport,
    version: int,
    *,
    placed: Mapping[str, Placed] = NOTHING,
    added: Sequence[Placed] = (),
    formats: tuple[list[str], list[str]] | None = None,
) -> Description:
    """`placed`: what we show, by mid. `added`: what new video sections show, with these `formats`
    and lines; None: there are no numbers left for them."""
    live = {line.index for line in agreed.lines}
    shown = {line.index: placed.get(line.mid) for line in agreed.lines if line.kind == "video"}
    sections = [
        _again(section, wishes, shown.get(index)) if index in live else rejected(section)
        for index, section in enumerate(agreed.local.sections)
    ]
    new = added if formats is not None else ()
    for one in new:
        mid = _free_mid(sections, agreed)
        direction = wishes.direction("video", shows=one.shows)
        _add(_new_section(mid, direction, one, formats or ([], [])), sections, live)
    lead = min(live)
    for index in sorted(live):
        # RFC 8842 §5.2: actpass, although the roles stay as they are.
        sections[index].lines += local.lines("actpass", candidates=index == lead)
    mids = [sections[index].mid for index in sorted(live)]
    bundled = [mid for mid in mids if mid] if agreed.local.bundles or new else []
    return Description(session_lines(agreed.local, version, bundled), sections)


def _again(section: Section, wishes: Wishes, shown: Placed | None) -> Section:
    kept = [line for line in section.lines if not line.startswith(_OF_THE_MOMENT)]
    if section.kind == "video":
        kept = [line for line in kept if not line.startswith(_STREAM)]
        kept += shown.identity if shown else []
    direction = wishes.direction(section.kind, shows=shown is not None and shown.shows)
    lines = ["c=IN IP4 0.0.0.0", f"a={direction}", *kept]
    return Section(section.kind, 9, section.protocol, [*section.formats], lines)


def _free_mid(sections: list[Section], agreed: Agreed) -> str:
    taken = {one.mid for one in (*sections, *agreed.local.sections, *agreed.remote.sections)}
    return next(str(number) for number in range(1000) if str(number) not in taken)


def _new_section(
    mid: str, direction: str, shown: Placed, formats: tuple[list[str], list[str]]
) -> Section:
    lines = ["c=IN IP4 0.0.0.0", f"a={direction}", f"a=mid:{mid}", *shown.identity]
    lines += ["a=rtcp:9 IN IP4 0.0.0.0", "a=rtcp-mux", *formats[1]]
    return Section("video", 9, "UDP/TLS/RTP/SAVPF", [*formats[0]], lines)


def _add(section: Section, sections: list[Section], live: set[int]) -> None:
    # RFC 9429 §5.2.2: the place of a rejected section is used again, with a new mid.
    free = [i for i, one in enumerate(sections) if i not in live and one.kind == "video"]
    if free:
        sections[free[0]] = section
        live.add(free[0])
    else:
        live.add(len(sections))
        sections.append(section)


@dataclass(frozen=True, slots=True)
class Reanswered:
    """The other side's answer to an offer of ours, understood and found usable."""

    answer: Description
    layout: Layout
    transport: Transport
    restart: bool
    """Both sides restart ICE."""


def read_answer(text: str, offer: Description, agreed: Agreed) -> Reanswered:
    """Raises BadDescription or NoCommonCodec."""
    answer = parse(text)
    if [s.kind for s in offer.sections] != [s.kind for s in answer.sections]:
        raise BadDescription("the answer's media sections are not those of the offer")
    slots = tuple(_slots(offer, answer))
    if not any(slot.accepted for slot in slots):
        raise NoCommonCodec
    accepted = [index for index, slot in enumerate(slots) if slot.accepted]
    transport = transport_in(answer, accepted)
    check_same_certificate(agreed.transport, transport)
    theirs = is_restart(agreed.transport, transport)
    ours = transport_in(offer, accepted).ufrag != agreed.ufrag
    if theirs and not ours:
        raise BadDescription("the answer restarts ICE, which the offer did not")
    answer.sections = [
        slot.offered if slot.accepted else replace(slot.offered, port=0) for slot in slots
    ]
    layout = Layout(candidates_of(slots, answer), slots, transport.ufrag)
    return Reanswered(answer, layout, transport, theirs and ours)


def _slots(offer: Description, answer: Description) -> Iterator[Slot]:
    """RFC 8843 §7.3: what the answer leaves out of the group has no transport with us."""
    group = answer.bundles[0] if answer.bundles else None
    lead_found = False
    for index, (ours, theirs) in enumerate(zip(offer.sections, answer.sections, strict=True)):
        mid = ours.mid or f"voip-{index}"
        if theirs.mid not in (None, mid):
            raise BadDescription("the answer's media sections have other mids than the offer's")
        taken = ours.port != 0 and is_live(theirs, bundle_only=False)
        taken = taken and bool(shared_formats(theirs))
        taken = taken and (not lead_found if group is None else mid in group)
        lead_found = lead_found or taken
        yield Slot(theirs, mid, accepted=taken, bundled=taken)
