"""Facts of session descriptions and candidates, without keys, names and addresses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from voip.signalling.ice import Candidate
from voip.tracing.names import Hosts

MAX_SECTIONS: Final = 16
_KINDS: Final = frozenset({"audio", "video", "application", "text", "message", "image"})
_SECTION: Final = re.compile(r"^(?=m=)", re.MULTILINE)
_CANDIDATE: Final = re.compile(r"^a=candidate:(.*)", re.MULTILINE)
_DIRECTION: Final = re.compile(r"^a=(sendrecv|sendonly|recvonly|inactive)\r?$", re.MULTILINE)
_CODEC: Final = re.compile(r"^a=rtpmap:\d+ ([^/\s]*)", re.MULTILINE)
_CODECS: Final = frozenset(
    {"opus", "red", "telephone-event", "g722", "pcmu", "pcma", "cn", "isac", "ilbc"}
    | {"vp8", "vp9", "av1", "h264", "h265", "rtx", "ulpfec", "flexfec-03"}
)
"""What is shown by name: an `a=rtpmap` is the other side's to fill, with anything."""


def description(sdp: str) -> dict[str, Any]:
    """Its m-lines with their codecs, how many candidates of which kind, whether that is all."""
    kinds = Counter(kind for kind, _, _ in _candidates(_CANDIDATE.findall(sdp)))
    return {
        "chars": len(sdp),
        "media": [_section(text) for text in _SECTION.split(sdp)[1 : MAX_SECTIONS + 1]],
        "candidates": dict(kinds),
        "complete": "\na=end-of-candidates" in sdp,
    }


def candidates(given: Iterable[Candidate]) -> dict[str, Any]:
    """How many of which kind, and whether they were the last."""
    texts = [each.candidate for each in given]
    kinds = Counter(kind for kind, _, _ in _candidates(texts))
    return {"candidates": dict(kinds), "last": "" in texts}


def names_in(sdp: str, hosts: Hosts) -> list[str]:
    return [hosts.name(*each) for each in _candidates(_CANDIDATE.findall(sdp))]


def names_of(given: Iterable[Candidate], hosts: Hosts) -> list[str]:
    return [hosts.name(*each) for each in _candidates(each.candidate for each in given)]


def _candidates(texts: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Kind, address and transport of each (RFC 8839 §5.1)."""
    for text in texts:
        words = text.removeprefix("candidate:").split()
        if len(words) >= 8 and words[6] == "typ":
            kind = words[7] if words[7] in {"host", "srflx", "prflx", "relay"} else "other"
            yield kind, words[4], words[2]


def _section(text: str) -> str:
    """As in `audio sendrecv: opus, red`."""
    words = text[2:].partition("\n")[0].split()
    kind = words[0] if words and words[0] in _KINDS else "other"
    if len(words) < 2 or words[1] == "0":  # RFC 3264 §6
        return f"{kind} rejected"
    direction = next(iter(_DIRECTION.findall(text)), "sendrecv")
    named = (name.lower() for name in _CODEC.findall(text))
    codecs = ", ".join(dict.fromkeys(name if name in _CODECS else "other" for name in named))
    return f"{kind} {direction}: {codecs}" if codecs else f"{kind} {direction}"
