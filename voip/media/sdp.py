"""Repairs of the other side's descriptions before aiortc sees them, and of aiortc's after.

Pure: text in, text out. `prepare_offer` and `prepare_answer` give aiortc only sections that it
can take; `finish_offer` and `finish_answer` put back what the other side must see. The order of
m-lines and their mids stay as offered (RFC 9429 §5.3.1).
"""

from __future__ import annotations

from dataclasses import dataclass

from voip.media.description import Description, Section, parse
from voip.media.errors import BadDescription, NoCommonCodec
from voip.media.sections import (
    PROTOCOLS,
    add_events,
    ask_for_fec,
    direction_of,
    events_of,
    rebuild,
    rejected,
    shared_formats,
    transport_in,
)
from voip.signalling.ice import END_OF_CANDIDATES, Candidate

OFFERED_EVENTS = {110: 48_000, 126: 8_000}
"""Telephone events: payload types and clock rates. Numbers that browsers use for the same."""
MAX_VIDEOS = 4
"""Camera and screen, and some room; further ones are refused."""
_SETUPS = ("actpass", "active", "passive")


@dataclass(frozen=True, slots=True)
class Slot:
    """One m-line of the offer, in its place."""

    offered: Section
    mid: str
    """The offered mid, or one of ours where it had none."""
    accepted: bool
    bundled: bool
    """It shares the one transport, so its candidates count."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the m-lines of a remote description are, and which candidates are ours to take."""

    candidates: tuple[Candidate, ...]
    """Those of the description itself."""
    slots: tuple[Slot, ...]
    ufrag: str
    """Which generation of ICE they are of (RFC 8839 §4.4.1.1.1)."""

    @property
    def has_audio(self) -> bool:
        return any(slot.accepted and slot.offered.kind == "audio" for slot in self.slots)

    @property
    def place(self) -> tuple[str | None, int]:
        """The mid, where it has one, and the index of the m-line that candidates belong to."""
        index = next(index for index, slot in enumerate(self.slots) if slot.accepted)
        return self.slots[index].offered.mid, index

    def takes(self, candidate: Candidate) -> bool:
        """Whether a candidate is for the one transport that the call uses.

        Where it names no section that we know, it is taken: there is only one transport.
        """
        slot = next((one for one in self.slots if one.mid == candidate.sdp_mid), None)
        index = candidate.sdp_mline_index
        if slot is None and index is not None and 0 <= index < len(self.slots):
            slot = self.slots[index]
        return slot is None or slot.bundled


@dataclass(frozen=True, slots=True)
class Prepared(Layout):
    """A remote description that aiortc can take: without its candidates, of which aiortc would
    lose some and wait for others."""

    sdp: str


def prepare_offer(text: str) -> Prepared:
    """Raises BadDescription or NoCommonCodec."""
    offer = parse(text)
    mids = [section.mid or f"voip-{index}" for index, section in enumerate(offer.sections)]
    group, wanted = _choose(offer, mids)
    chosen = frozenset(mids[index] for index in wanted)
    bundled = chosen | frozenset(group)
    transport = transport_in(offer, [*sorted(wanted), *_indexes(mids, group)])
    # RFC 5763 §5 wants actpass in an offer; absent, whatever we answer will do.
    setup = transport.setup or "actpass"
    if setup not in _SETUPS:
        raise BadDescription("the offer's a=setup is not actpass, active or passive")
    slots = tuple(
        Slot(section, mid, accepted=mid in chosen, bundled=mid in bundled)
        for mid, section in zip(mids, offer.sections, strict=True)
    )
    sections = [
        rebuild(
            slot.offered,
            mid=slot.mid,
            direction=direction_of(slot.offered, offer),
            transport=transport,
            setup=setup,
        )
        for slot in slots
        if slot.accepted
    ]
    grouped = [slot.mid for slot in slots if slot.accepted] if group else []
    return Prepared(
        candidates_of(slots, offer), slots, transport.ufrag, _text(offer, sections, grouped)
    )


def prepare_answer(text: str, offer_text: str) -> Prepared:
    """The answer to our own offer. Raises BadDescription or NoCommonCodec.

    aiortc wants every section of the offer answered and live: one that the other side rejected
    (Firefox then leaves out its ICE attributes) is handed on as inactive, with our own codecs.
    """
    offer, answer = parse(offer_text), parse(text)
    if [s.kind for s in offer.sections] != [s.kind for s in answer.sections]:
        raise BadDescription("the answer's media sections are not those of the offer")
    mids = [section.mid or "" for section in offer.sections]
    if any(s.mid not in (None, mid) for mid, s in zip(mids, answer.sections, strict=True)):
        raise BadDescription("the answer's media sections have other mids than the offer's")
    live = [is_live(section, bundle_only=False) for section in answer.sections]
    live = [one and bool(shared_formats(s)) for one, s in zip(live, answer.sections, strict=True)]
    if not any(one and s.kind == "audio" for one, s in zip(live, answer.sections, strict=True)):
        raise NoCommonCodec
    first = live.index(True)
    if not answer.bundles:  # RFC 8843 §7.3: then each has a transport of its own, and we have one
        live = [index == first for index in range(len(live))]
    transport = transport_in(answer, [index for index, one in enumerate(live) if one])
    # RFC 4145 §4: active where nothing is said. actpass is not allowed here, and met.
    setup = "passive" if transport.setup == "passive" else "active"
    slots = tuple(
        Slot(section, mid, accepted=one, bundled=one)
        for section, mid, one in zip(answer.sections, mids, live, strict=True)
    )
    sections = [
        rebuild(
            slot.offered if slot.accepted else ours,
            mid=slot.mid,
            direction=direction_of(slot.offered, answer) if slot.accepted else "inactive",
            transport=transport,
            setup=setup,
        )
        for slot, ours in zip(slots, offer.sections, strict=True)
    ]
    return Prepared(
        candidates_of(slots, answer), slots, transport.ufrag, _text(answer, sections, mids)
    )


def finish_offer(text: str, *, complete: bool) -> str:
    """Our offer as the other side gets it. `complete`: no candidate will follow."""
    offer = parse(text)
    for section in offer.sections:
        if section.kind == "audio":
            add_events(section, OFFERED_EVENTS)
        _finish_section(section, complete=complete)
    return offer.text()


def finish_answer(text: str, prepared: Prepared, *, complete: bool) -> str:
    """Our answer, with every m-line of the offer in its place and the rejected ones at port 0."""
    answer = parse(text)
    live = iter(answer.sections)
    sections = []
    for slot in prepared.slots:
        if not slot.accepted:
            sections.append(rejected(slot.offered))
            continue
        section = next(live)
        section.protocol = slot.offered.protocol  # RFC 9429 §5.3.1: the offer's profile
        if slot.offered.mid is None:
            section.lines = [line for line in section.lines if line != f"a=mid:{slot.mid}"]
        _finish_section(section, complete=complete)
        add_events(section, events_of(slot.offered) if section.kind == "audio" else {})
        sections.append(section)
    lines = [line for line in answer.lines if not line.startswith("a=group:")]
    grouped = [slot.mid for slot in prepared.slots if slot.accepted and slot.bundled]
    if "a=group:BUNDLE" in prepared.sdp:  # RFC 8843 §7.3: only what the offer had in a group
        lines.append(f"a=group:BUNDLE {' '.join(grouped)}")
    return Description(lines, sections).text()


def is_complete(text: str) -> bool:
    """Whether a description of ours carries all its candidates already (RFC 8840 §4.1)."""
    return any(section.has("end-of-candidates") for section in parse(text).sections)


def _choose(offer: Description, mids: list[str]) -> tuple[list[str], list[int]]:
    """The BUNDLE group that we use, and the indexes of the sections that we take.

    One audio and several videos, over one transport. Data channels are refused.
    """
    audio: int | None = None
    videos: list[int] = []
    refused_audio = False
    for index, section in enumerate(offer.sections):
        groups = [group for group in offer.bundles if mids[index] in group]
        if not is_live(section, bundle_only=bool(groups)):
            continue
        shared = bool(shared_formats(section))
        if section.kind == "audio":
            refused_audio = refused_audio or not shared
            audio = index if audio is None and shared else audio
        elif shared and len(videos) < MAX_VIDEOS:
            videos.append(index)
    if audio is None and (refused_audio or not videos):
        raise NoCommonCodec
    usable = videos if audio is None else [audio, *videos]
    lead = usable[0]
    group = next((group for group in offer.bundles if mids[lead] in group), [])
    return group, sorted(index for index in usable if index == lead or mids[index] in group)


def is_live(section: Section, *, bundle_only: bool) -> bool:
    """Whether a section is offered at all: port 0 is a refusal, except with `a=bundle-only` in a
    BUNDLE group (RFC 8843 §6)."""
    if section.kind not in ("audio", "video") or section.protocol not in PROTOCOLS:
        return False
    return section.port != 0 or (bundle_only and section.has("bundle-only"))


def _indexes(mids: list[str], group: list[str]) -> list[int]:
    return [mids.index(mid) for mid in group if mid in mids]


def _text(remote: Description, sections: list[Section], grouped: list[str]) -> str:
    lines = ["v=0", "o=- 0 0 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=msid-semantic:WMS *"]
    if remote.has("ice-lite"):
        lines.append("a=ice-lite")
    if grouped:
        lines.append(f"a=group:BUNDLE {' '.join(grouped)}")
    return Description(lines, sections).text()


def candidates_of(slots: tuple[Slot, ...], description: Description) -> tuple[Candidate, ...]:
    found = []
    ended = description.has("end-of-candidates")
    for index, slot in enumerate(slots):
        if not slot.bundled:
            continue
        ended = ended or slot.offered.has("end-of-candidates")
        values = slot.offered.values("candidate")
        found += [Candidate(f"candidate:{value}", slot.mid, index) for value in values]
    if ended:
        found.append(Candidate(END_OF_CANDIDATES))
    return tuple(found)


def _finish_section(section: Section, *, complete: bool) -> None:
    if section.kind == "audio":
        ask_for_fec(section)
    if not complete:
        section.lines = [line for line in section.lines if line != "a=end-of-candidates"]
        section.lines.append("a=ice-options:trickle")
