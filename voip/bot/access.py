"""Whose calls are taken: allow and deny lists of users, servers and rooms. Pure.

A pattern says by its first sign what it is about: `@ann:example.org` a user, `!abc:example.org` a
room, `example.org` a server. `*` stands for anything, `?` for one character.

Deny wins, and is read widely: case does not count, and a server without a port means all its ports.
Allow is read strictly: `@Ann:example.org` and `@ann:example.org` may be two people.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

LONGEST = 255
"""Characters of an id (Matrix appendices, "Common Namespace")."""
_USER = re.compile(r"@[^:\s]*:[^\s/@!#]+")
_ROOM = re.compile(r"![^\s/@#]+")
_SERVER = re.compile(r"[A-Za-z0-9.*?-]+(:[0-9*?]{1,5})?|\[[0-9A-Fa-f:.*?]+\](:[0-9*?]{1,5})?")


class About(Enum):
    """What a pattern is compared with."""

    USER = "user"
    ROOM = "room"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Pattern:
    about: About
    text: str

    def allows(self, user_id: str, room_id: str) -> bool:
        return re.fullmatch(_regex(self.text), self._of(user_id, room_id)) is not None

    def denies(self, user_id: str, room_id: str) -> bool:
        regex = _regex(self.text)
        if self.about is not About.ROOM and _port_of(self.text) is None:
            regex += r"(:\d+)?"
        return re.fullmatch(regex, self._of(user_id, room_id), re.IGNORECASE) is not None

    def _of(self, user_id: str, room_id: str) -> str:
        match self.about:
            case About.USER:
                return user_id
            case About.ROOM:
                return room_id
            case About.SERVER:
                return user_id.partition(":")[2]


def parse(text: str) -> Pattern:
    """Raises ValueError, whose text says what is wrong and does not quote it."""
    if len(text) > LONGEST:
        raise ValueError(f"must hold patterns of {LONGEST} characters at most")
    match text[:1]:
        case "@" if _USER.fullmatch(text):
            return Pattern(About.USER, text)
        case "@":
            raise ValueError("what starts with @ must be a user: @name:server")
        case "!" if _ROOM.fullmatch(text):
            return Pattern(About.ROOM, text)
        case "#":
            raise ValueError("must hold no alias (#...), which may move: give the room's id (!...)")
    if not _SERVER.fullmatch(text):
        raise ValueError(
            "must hold users (@name:server), rooms (!id:server) or servers, or patterns"
        )
    return Pattern(About.SERVER, text)


@dataclass(frozen=True, slots=True)
class AccessRules:
    allow: tuple[Pattern, ...] | None = None
    """None: everybody who is not denied. Empty: nobody."""
    deny: tuple[Pattern, ...] = ()

    def admit(self, user_id: str, room_id: str) -> bool:
        """Whether a call by this user in this room is taken."""
        if any(pattern.denies(user_id, room_id) for pattern in self.deny):
            return False
        if self.allow is None:
            return True
        return any(pattern.allows(user_id, room_id) for pattern in self.allow)


def _regex(text: str) -> str:
    # One `.*` for any number of stars in a row: each costs time on a text that does not match.
    text = re.sub(r"\*+", "*", text)
    return "".join({"*": ".*", "?": "."}.get(sign) or re.escape(sign) for sign in text)


def _port_of(text: str) -> str | None:
    """The port at the end of a pattern; a lone `*` may be one too."""
    server = text.partition(":")[2] if text.startswith("@") else text
    found = re.search(r":([0-9*?]{1,5})$", server.rpartition("]")[2] if "]" in server else server)
    return found and found.group(1)
