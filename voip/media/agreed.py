"""What the two sides of a call have agreed on, from which the next offer or answer is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from voip.media.description import Description, Section, parse
from voip.media.errors import BadDescription
from voip.media.sdp import Layout
from voip.media.sections import Transport, direction_of, transport_in

REVERSED: Final = {"sendonly": "recvonly", "recvonly": "sendonly"}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What this side wants of the call, whatever the other side allows at the moment."""

    hold: bool = False
    video: bool = True
    """See the other side's video where it has some."""

    def direction(self, kind: str, *, shows: bool = False) -> str:
        """On hold we may still play something, and neither hear nor see. `shows`: there is video
        to send."""
        if kind == "audio":
            return "sendonly" if self.hold else "sendrecv"
        if self.hold:
            return "inactive"
        if self.video:
            return "sendrecv" if shows else "recvonly"
        return "sendonly" if shows else "inactive"


@dataclass(frozen=True, slots=True)
class LocalTransport:
    """Our side of ICE and DTLS, as it stands in each m-line."""

    ufrag: str
    password: str
    candidates: tuple[str, ...]
    """Without `a=candidate:`."""
    complete: bool
    """No further candidate will follow."""
    fingerprints: tuple[str, ...]

    def lines(self, setup: str, *, candidates: bool) -> list[str]:
        """`candidates`: this is the section that the others are bundled with (RFC 8843 §7.2.1)."""
        lines = []
        if candidates:
            lines += [f"a=candidate:{candidate}" for candidate in self.candidates]
            if self.complete:
                lines.append("a=end-of-candidates")
        lines += [f"a=ice-ufrag:{self.ufrag}", f"a=ice-pwd:{self.password}"]
        if not self.complete:
            lines.append("a=ice-options:trickle")
        lines += [f"a=fingerprint:{fingerprint}" for fingerprint in self.fingerprints]
        return [*lines, f"a=setup:{setup}"]


@dataclass(frozen=True, slots=True)
class Line:
    """One m-line that carries media."""

    index: int
    kind: str
    mid: str
    """One of ours where the descriptions have none."""
    direction: str
    """What this side does, both descriptions taken together."""
    local: Section
    remote: Section


@dataclass(frozen=True, slots=True)
class Placed:
    """What an m-line of video says of what we send in it."""

    identity: list[str]
    """Its attributes of our stream."""
    shows: bool
    """There is something to see."""


NOTHING: Final[Mapping[str, Placed]] = {}
"""What we show where no other call is passed on."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """The last offer and answer, with the same m-lines in the same order (RFC 3264 §8)."""

    local: Description
    remote: Description
    setup: str
    """Our DTLS role, `active` or `passive`: it is kept for the life of the call (RFC 8842 §5)."""

    @classmethod
    def first(cls, local: str, remote: str, layout: Layout, *, answered: bool) -> Agreed:
        """After the call's first offer and answer; `answered`: by us."""
        ours, theirs = parse(local), parse(remote)
        theirs.sections = [
            section if slot.accepted else replace(section, port=0)
            for section, slot in zip(theirs.sections, layout.slots, strict=True)
        ]
        answer = ours if answered else theirs
        active = next((s.value("setup") for s in answer.sections if s.port), None) != "passive"
        return cls(ours, theirs, "active" if active is answered else "passive")

    @property
    def lines(self) -> list[Line]:
        """Those that neither side rejected, each with its streams as they are now."""
        found = []
        for index, (ours, theirs) in enumerate(
            zip(self.local.sections, self.remote.sections, strict=True)
        ):
            if _rejected(ours) or _rejected(theirs) or ours.kind not in ("audio", "video"):
                continue
            allowed = direction_of(theirs, self.remote)
            direction = both(direction_of(ours, self.local), REVERSED.get(allowed, allowed))
            mid = ours.mid or theirs.mid or f"voip-{index}"
            found.append(Line(index, ours.kind, mid, direction, ours, theirs))
        return found

    @property
    def transport(self) -> Transport:
        """The other side's ICE and DTLS."""
        return transport_in(self.remote, range(len(self.remote.sections)))

    @property
    def ufrag(self) -> str:
        """Ours."""
        return transport_in(self.local, range(len(self.local.sections))).ufrag


def both(one: str, other: str) -> str:
    """The direction that two allow."""
    sends = all(direction in ("sendrecv", "sendonly") for direction in (one, other))
    receives = all(direction in ("sendrecv", "recvonly") for direction in (one, other))
    if sends:
        return "sendrecv" if receives else "sendonly"
    return "recvonly" if receives else "inactive"


def is_restart(before: Transport, now: Transport) -> bool:
    """RFC 8839 §4.4.1.1.1: new credentials are an ICE restart."""
    return (before.ufrag, before.password) != (now.ufrag, now.password)


def check_same_certificate(before: Transport, now: Transport) -> None:
    """A new certificate would be a new DTLS association (RFC 8842 §3.1), which aiortc cannot make
    under running media, and which nobody who rewrites a description should get.

    Raises BadDescription.
    """
    known = dict(line.upper().split(" ", 1) for line in before.fingerprints)
    named = dict(line.upper().split(" ", 1) for line in now.fingerprints)
    shared = known.keys() & named.keys()
    if not shared or any(known[name] != named[name] for name in shared):
        raise BadDescription("the other side's certificate is not the one that the call began with")


def session_lines(former: Description, version: int, bundled: list[str]) -> list[str]:
    """Ours again, with a version that is one more than that of our last one (RFC 3264 §8)."""
    lines = [line for line in former.lines if not line.startswith("a=group:")]
    for index, line in enumerate(lines):
        if line.startswith("o="):
            words = line.split(" ")
            words[2] = str(version)
            lines[index] = " ".join(words)
    if bundled:
        lines.append(f"a=group:BUNDLE {' '.join(bundled)}")
    return lines


def version_of(description: Description) -> int:
    """The version in the `o=` line (RFC 8866 §5.2)."""
    origin = next(line for line in description.lines if line.startswith("o="))
    return int(origin.split(" ")[2])


def _rejected(section: Section) -> bool:
    """Port 0, but for `a=bundle-only` (RFC 8843 §6)."""
    return section.port == 0 and not section.has("bundle-only")
