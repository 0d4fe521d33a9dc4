"""The grammar of `turn:`, `turns:` (RFC 7065) and `stun:`, `stuns:` (RFC 7064) URIs. Pure."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import Enum

MAX_LENGTH = 1024
URI = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:?/@#\s]+)"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?:\?(?P<query>.*))?"
)
LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")


class UriError(ValueError):
    """The URI is not one that a client could use; the text says what to write."""


class Transport(Enum):
    """How a client speaks to the relay."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"
    DTLS = "dtls"


@dataclass(frozen=True, slots=True)
class RelayUri:
    """One URI of a list of ICE servers, taken apart."""

    text: str
    relays: bool
    """`turn:` or `turns:`; else it is only asked for our address."""
    host: str
    """A name or an address, without brackets."""
    port: int
    transport: Transport

    def __str__(self) -> str:
        return self.text


def parse_uri(text: str) -> RelayUri:
    """Take a URI apart. Raises UriError."""
    if len(text) > MAX_LENGTH:
        raise UriError(f"it is longer than {MAX_LENGTH} characters")
    scheme = text.partition(":")[0].lower()
    if scheme not in {"turn", "turns", "stun", "stuns"}:
        raise UriError("it must begin with turn: or turns: (stun: only finds addresses)")
    if text.partition(":")[2].startswith("//"):
        raise UriError(f"no slashes follow the colon: write {scheme}:host, not {scheme}://host")
    match = URI.fullmatch(text)
    if match is None:
        raise UriError(f"it is not of the form {scheme}:host:port?transport=udp")
    host = _host(match["host"])
    secure = scheme in {"turns", "stuns"}
    port = int(match["port"] or (5349 if secure else 3478))  # RFC 7065 section 3.2
    if not 0 < port < 65536:
        raise UriError(f"the port {port} does not exist: 1 to 65535")
    relays = scheme.startswith("turn")
    return RelayUri(text, relays, host, port, _transport(match["query"], relays, secure))


def _host(text: str) -> str:
    bare = text.strip("[]")
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        pass
    if text.startswith("["):
        raise UriError("what stands in brackets is no IPv6 address")
    labels = text.removesuffix(".").split(".")
    # A last label of digits alone would be an address, and it is none (WHATWG URL, "ends in a
    # number").
    if labels[-1].isdigit() or len(text) > 253 or not all(map(LABEL.fullmatch, labels)):
        raise UriError("the host is neither a name nor an address")
    return text


def _transport(query: str | None, relays: bool, secure: bool) -> Transport:
    if query is None:
        # RFC 7065 section 3.2 leaves it to the client; browsers take UDP, and TCP where secure.
        return Transport.TLS if secure else Transport.UDP
    if not relays:
        raise UriError("a stun: URI has nothing after the port (RFC 7064)")
    name, _, value = query.partition("=")
    if name != "transport":
        raise UriError("the one thing that may follow ? is transport=udp or transport=tcp")
    match value.lower(), secure:
        case "udp", False:
            return Transport.UDP
        case "tcp", False:
            return Transport.TCP
        case "tcp", True:
            return Transport.TLS
        case "udp", True:
            return Transport.DTLS
    raise UriError("transport must be udp or tcp")
