"""Facts of session descriptions and candidates, without keys, names and addresses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from voip.signalling.ice import Candidate
from voip.tracing.names import Hosts

MAX_SECTIONS: Final = 16
_KINDS: Final = frozenset({"audio", "video", "application", "text", "message", "image"})
_DIRECTIONS: Final = frozenset({"sendrecv", "sendonly", "recvonly", "inactive"})
_CODECS: Final = frozenset(
    {"opus", "red", "telephone-event", "g722", "pcmu", "pcma", "cn", "isac", "ilbc"}
    | {"vp8", "vp9", "av1", "h264", "h265", "rtx", "ulpfec", "flexfec-03"}
)
"""What is shown by name: an `a=rtpmap` is the other side's to fill, with anything."""


def description(sdp: str) -> dict[str, Any]:
    """Its m-lines with their codecs, how many candidates of which kind, whether that is all."""
    lines = sdp.splitlines()
    kinds = Counter(kind for kind, _, _ in _candidates(_attributes(lines, "candidate")))
    return {
        "chars": len(sdp),
        "media": [_section(lines) for lines in _sections(lines)][:MAX_SECTIONS],
        "candidates": dict(kinds),
        "complete": "a=end-of-candidates" in lines,
    }


def candidates(given: Iterable[Candidate]) -> dict[str, Any]:
    """How many of which kind, and whether they were the last."""
    texts = [each.candidate for each in given]
    kinds = Counter(kind for kind, _, _ in _candidates(texts))
    return {"candidates": dict(kinds), "last": "" in texts}


def names_in(sdp: str, hosts: Hosts) -> list[str]:
    return [hosts.name(*each) for each in _candidates(_attributes(sdp.splitlines(), "candidate"))]


def names_of(given: Iterable[Candidate], hosts: Hosts) -> list[str]:
    return [hosts.name(*each) for each in _candidates(each.candidate for each in given)]


def _attributes(lines: Iterable[str], name: str) -> list[str]:
    prefix = f"a={name}:"
    return [line[len(prefix) :] for line in lines if line.startswith(prefix)]


def _candidates(texts: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Kind, address and transport of each (RFC 8839 §5.1)."""
    for text in texts:
        words = text.removeprefix("candidate:").split()
        if len(words) >= 8 and words[6] == "typ":
            kind = words[7] if words[7] in {"host", "srflx", "prflx", "relay"} else "other"
            yield kind, words[4], words[2]


def _sections(lines: Iterable[str]) -> Iterator[list[str]]:
    section: list[str] | None = None
    for line in lines:
        if line.startswith("m="):
            if section is not None:
                yield section
            section = []
        if section is not None:
            section.append(line)
    if section is not None:
        yield section


def _section(lines: list[str]) -> str:
    """As in `audio sendrecv: opus, red`."""
    words = lines[0][2:].split()
    kind = words[0] if words and words[0] in _KINDS else "other"
    if len(words) < 2 or words[1] == "0":  # RFC 3264 §6
        return f"{kind} rejected"
    direction = next((line[2:] for line in lines if line[2:] in _DIRECTIONS), "sendrecv")
    named = (value.partition(" ")[2].partition("/")[0] for value in _attributes(lines, "rtpmap"))
    known = (name.lower() if name.lower() in _CODECS else "other" for name in named)
    codecs = ", ".join(dict.fromkeys(known))
    return f"{kind} {direction}: {codecs}" if codecs else f"{kind} {direction}"
