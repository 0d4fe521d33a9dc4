"""Answers to the other side's offers in the middle of a call. Pure: text in, text out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from voip.media.agreed import (
    NOTHING,
    REVERSED,
    Agreed,
    LocalTransport,
    Placed,
    Wishes,
    both,
    check_same_certificate,
    is_restart,
    session_lines,
)
from voip.media.description import Description, Section, parse
from voip.media.errors import BadDescription, NoCommonCodec
from voip.media.sdp import MAX_VIDEOS, Layout, Slot, candidates_of, is_live
from voip.media.sections import (
    Transport,
    add_events,
    ask_for_fec,
    direction_of,
    events_of,
    rejected,
    shared_formats,
    shared_lines,
    transport_in,
)


@dataclass(frozen=True, slots=True)
class Reoffered:
    """The other side's offer, understood and found usable."""

    offer: Description
    layout: Layout
    transport: Transport
    restart: bool
    """It restarts ICE, and so must the answer (RFC 8839 §4.4.2)."""


def read_offer(text: str, agreed: Agreed) -> Reoffered:
    """Raises BadDescription or NoCommonCodec."""
    offer = parse(text)
    _check_order(offer, agreed)
    mids = [section.mid or f"voip-{index}" for index, section in enumerate(offer.sections)]
    wanted = _choose(offer, mids)
    group = next((group for group in offer.bundles if mids[wanted[0]] in group), [])
    bundled = [index for index, mid in enumerate(mids) if mid in group]
    transport = transport_in(offer, [*wanted, *bundled])
    check_same_certificate(agreed.transport, transport)
    slots = tuple(
        Slot(section, mid, accepted=index in wanted, bundled=index in wanted or index in bundled)
        for index, (mid, section) in enumerate(zip(mids, offer.sections, strict=True))
    )
    return Reoffered(
        offer,
        Layout(candidates_of(slots, offer), slots, transport.ufrag),
        transport,
        is_restart(agreed.transport, transport),
    )


def write_answer(
    reoffered: Reoffered,
    agreed: Agreed,
    wishes: Wishes,
    local: LocalTransport,
    version: int,
    *,
    placed: Mapping[str, Placed] = NOTHING,
) -> Description:
    """Every m-line in its place; the numbers are those of the offer (RFC 3264 §6.1). `placed`:
    what we show, by mid."""
    offer, slots = reoffered.offer, reoffered.layout.slots
    lead = next(index for index, slot in enumerate(slots) if slot.accepted)
    sections = []
    for index, slot in enumerate(slots):
        if not slot.accepted:
            sections.append(rejected(slot.offered))
            continue
        shown = placed.get(slot.mid) if slot.offered.kind == "video" else None
        offered = direction_of(slot.offered, offer)
        ours = wishes.direction(slot.offered.kind, shows=shown is not None and shown.shows)
        direction = both(ours, REVERSED.get(offered, offered))
        transport = local.lines(agreed.setup, candidates=index == lead)
        identity = shown.identity if shown else _identity(slot.offered.kind, agreed)
        sections.append(_section(slot, direction, identity, transport))
    grouped = [slot.mid for slot in slots if slot.accepted] if offer.bundles else []
    return Description(session_lines(agreed.local, version, grouped), sections)


def _section(slot: Slot, direction: str, identity: list[str], transport: list[str]) -> Section:
    formats, shared = shared_lines(slot.offered)
    lines = ["c=IN IP4 0.0.0.0", f"a={direction}"]
    if slot.offered.mid:
        lines.append(f"a=mid:{slot.mid}")
    lines += [*identity, "a=rtcp:9 IN IP4 0.0.0.0", "a=rtcp-mux", *shared, *transport]
    section = Section(slot.offered.kind, 9, slot.offered.protocol, formats, lines)
    if section.kind == "audio":
        ask_for_fec(section)
        add_events(section, events_of(slot.offered))
    return section


def _identity(kind: str, agreed: Agreed) -> list[str]:
    """The stream that we send: it stays the same for the life of the call."""
    for section in agreed.local.sections:
        found = [line for line in section.lines if line.startswith(("a=msid:", "a=ssrc:"))]
        if section.kind == kind == "audio" and found:
            return found
    return []


def _check_order(offer: Description, agreed: Agreed) -> None:
    """RFC 3264 §8: m-lines stay where they are, and only new ones follow. One that was rejected
    may come back as another (RFC 9429 §5.2.2).

    The last ones may be missing: of an offer that its side took back while our answer to it was
    on its way. The media that both sides still know go on then.
    """
    for line in agreed.lines:
        if line.index >= len(offer.sections):
            continue
        section = offer.sections[line.index]
        if section.kind != line.kind or section.mid not in (None, line.mid):
            raise BadDescription("the offer's media sections are not those that the call has")


def _choose(offer: Description, mids: list[str]) -> list[int]:
    """The indexes of the sections that we take: one of audio, several of video, one transport."""
    usable = []
    audio = refused_audio = False
    for index, section in enumerate(offer.sections):
        groups = [group for group in offer.bundles if mids[index] in group]
        if not is_live(section, bundle_only=bool(groups)):
            continue
        if not shared_formats(section):
            refused_audio = refused_audio or section.kind == "audio"
        elif section.kind == "video" or not audio:
            audio = audio or section.kind == "audio"
            usable.append(index)
    if refused_audio and not audio:
        raise NoCommonCodec
    if not usable:
        raise BadDescription("the offer leaves no media that this call could carry")
    lead = next((i for i in usable if offer.sections[i].kind == "audio"), usable[0])
    group = next((group for group in offer.bundles if mids[lead] in group), [])
    taken = [index for index in usable if index == lead or mids[index] in group]
    videos = [index for index in taken if offer.sections[index].kind == "video"]
    return sorted({*taken} - {*videos[MAX_VIDEOS:]})
