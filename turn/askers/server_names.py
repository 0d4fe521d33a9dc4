"""The grammar of Matrix server names (specification, appendices, "Server name").

Stricter than the specification where its grammar allows what cannot be a server: labels that are
empty, ports of 0, and names that some resolvers read as an IPv4 address.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from turn.askers.addresses import Address

MAX_LENGTH = 253
"""Of a DNS name; a user id of 255 bytes has no room for a longer one either."""
_NAME = re.compile(
    r"(?P<host>\[(?P<v6>[0-9A-Fa-f:.]{2,45})\]|[0-9A-Za-z.-]{1,253})(:(?P<port>[0-9]{1,5}))?",
    re.ASCII,
)
_LABEL = re.compile(r"[0-9A-Za-z-]{1,63}", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class ServerName:
    """A server name taken apart. ``str()`` gives it back as it was written."""

    host: str
    """As in the name: an IPv6 address keeps its brackets."""
    port: int | None = None
    address: Address | None = None
    """Set where the host is an address instead of a DNS name."""
    text: str = ""

    def __str__(self) -> str:
        return self.text


def parse_server_name(text: str) -> ServerName:
    """Take a server name apart.

    :raises ValueError: it is none. The text is not quoted: it may be anything.
    """
    found = _NAME.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if found is None:
        raise ValueError("not a Matrix server name")
    port = None if found["port"] is None else int(found["port"])
    if port is not None and not 0 < port < 65536:
        raise ValueError("a Matrix server name with a port that cannot be")
    return ServerName(found["host"], port, _address(found["host"], found["v6"]), text)


def server_of(user_id: str) -> str:
    """The server name in a user id: everything after the first colon, port included.

    :raises ValueError: not a user id (specification, appendices, "User identifiers").
    """
    localpart, colon, server = user_id.partition(":")
    if not colon or not localpart.startswith("@") or len(user_id.encode("utf-8", "replace")) > 255:
        raise ValueError("not a Matrix user id")
    # Historical localparts may hold almost anything; what could forge a line of a log is refused.
    if not localpart.isprintable():
        raise ValueError("a Matrix user id with control characters")
    parse_server_name(server)
    return server


def _address(host: str, v6: str | None) -> Address | None:
    if v6 is not None:
        return ipaddress.IPv6Address(v6)
    labels = host.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("a Matrix server name with an empty or too long label")
    if _NUMBER.fullmatch(labels[-1]):
        # No top-level domain is a number: it is an address in four parts, or one of the short
        # forms (127.1, 0x7f000001) that a resolver would turn into one.
        return ipaddress.IPv4Address(host)
    return None
