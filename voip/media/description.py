"""A session description (RFC 8866) as lines that can be looked at and moved, nothing more."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from voip.media.errors import BadDescription

MAX_LENGTH = 65_536
"""Matrix events are limited to 65,536 bytes (client-server API, "Size limits")."""
MAX_SECTIONS = 64
_MEDIA_LINE = re.compile(r"m=(\S+) (\d{1,5})(?:/\d+)? (\S+) (\S.*)")


class _Attributes:
    """Attribute look-up that session and sections share."""

    lines: list[str]

    def value(self, name: str) -> str | None:
        """The value of the first `a=name:value`; "" for a bare `a=name`; None without either."""
        bare, prefix = f"a={name}", f"a={name}:"
        for line in self.lines:
            if line.startswith(prefix):
                return line[len(prefix) :].strip()
            if line == bare:
                return ""
        return None

    def values(self, name: str) -> list[str]:
        """The values of all `a=name:value` lines, in order."""
        prefix = f"a={name}:"
        return [line[len(prefix) :].strip() for line in self.lines if line.startswith(prefix)]

    def has(self, name: str) -> bool:
        return self.value(name) is not None


@dataclass(slots=True)
class Section(_Attributes):
    """One m-line and what belongs to it."""

    kind: str
    port: int
    protocol: str
    formats: list[str]
    lines: list[str] = field(default_factory=list)
    """Without the m-line itself."""

    @property
    def mid(self) -> str | None:
        return self.value("mid") or None

    def text(self) -> list[str]:
        head = f"m={self.kind} {self.port} {self.protocol} {' '.join(self.formats)}"
        return [head, *self.lines]


@dataclass(slots=True)
class Description(_Attributes):
    lines: list[str]
    """The session's own, before the first m-line."""
    sections: list[Section]

    @property
    def bundles(self) -> list[list[str]]:
        """The mids of each BUNDLE group (RFC 8843 §7.2)."""
        groups = (value.split() for value in self.values("group"))
        return [words[1:] for words in groups if words and words[0] == "BUNDLE"]

    def text(self) -> str:
        lines = [*self.lines]
        for section in self.sections:
            lines += section.text()
        return "\r\n".join(lines) + "\r\n"


def parse(text: str) -> Description:
    """Raises BadDescription for what is no session description with at least one m-line."""
    if len(text) > MAX_LENGTH:
        raise BadDescription("the session description is too long")
    session: list[str] = []
    sections: list[Section] = []
    # RFC 8866 §5: lines end in CRLF, and parsers should accept a bare newline too.
    for line in text.replace("\r\n", "\n").split("\n"):
        stripped = line.strip()
        if not stripped:
            continue
        if stripped.startswith("m="):
            sections.append(_section(stripped))
        elif sections:
            sections[-1].lines.append(stripped)
        else:
            session.append(stripped)
    if not session or session[0] != "v=0":
        raise BadDescription("this is no session description: it does not begin with v=0")
    if not sections or len(sections) > MAX_SECTIONS:
        raise BadDescription("the session description has no media sections, or far too many")
    mids = [section.mid for section in sections if section.mid]
    if len(mids) != len(set(mids)):
        raise BadDescription("two media sections of the session description have the same mid")
    return Description(session, sections)


def _section(line: str) -> Section:
    match = _MEDIA_LINE.fullmatch(line)
    if match is None or int(match[2]) > 65_535:
        raise BadDescription("a media line of the session description cannot be read")
    return Section(match[1], int(match[2]), match[3], match[4].split())
