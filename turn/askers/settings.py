"""What an operator decides about who may ask, and how their homeservers are reached."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from yarl import URL

from turn.askers.server_names import ServerName, parse_server_name
from turn.askers.well_known import parse_url

EVERYBODY = "*"


@dataclass(frozen=True, slots=True)
class AskerSettings:
    """Checked as a whole when made: a ValueError has a line for each thing that is wrong."""

    server_name: str | None = None
    """The operator's own, as in user ids; its users are `local`, and may always ask."""
    homeserver_url: str | None = None
    """Where access tokens are checked: the homeserver's base URL for clients."""
    allowed_servers: tuple[str, ...] = ()
    """Whose users may ask by OpenID: server names, ``*.example.org``, or ``*`` for everybody."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """Base URL of the federation API by server name, in place of discovery. They may lead into
    private networks, because the operator wrote them."""
    guests: bool = False
    """Whether guest accounts may ask by access token."""
    nameservers: tuple[str, ...] = ()
    """Addresses of DNS servers; the system's where empty."""
    within: float = 10.0
    """Seconds that a homeserver has for an answer, discovery included."""

    def __post_init__(self) -> None:
        problems = list(self._problems())
        if problems:
            raise ValueError("\n".join(problems))

    def allows(self, name: ServerName) -> bool:
        """Whether users of a server may ask by OpenID. Upper and lower case are the same."""
        text = str(name).lower()
        if self.server_name is not None and text == self.server_name.lower():
            return True
        return any(_matches(pattern.lower(), text, name) for pattern in self.allowed_servers)

    def override(self, name: ServerName) -> URL | None:
        """The base URL that stands in for discovery, if there is one for this server."""
        url = self.overrides.get(str(name))
        return None if url is None else URL(url)

    def _problems(self) -> Iterator[str]:
        # No value is quoted: people paste passwords into the wrong line.
        if self.server_name is not None and not _is_server_name(self.server_name):
            yield "the server name is none: write what ends user ids, such as example.org"
        for number, pattern in enumerate(self.allowed_servers, 1):
            if pattern != EVERYBODY and not _is_server_name(pattern.removeprefix("*.")):
                yield f"allowed server {number} is neither a server name nor *.example.org nor *"
        for number, (name, url) in enumerate(self.overrides.items(), 1):
            if not _is_server_name(name):
                yield f"override {number} is not for a server name such as example.org"
            if not _is_base_url(url):
                yield f"override {number} is not a base URL such as https://10.0.0.5:8448"
        if self.homeserver_url is not None and not _is_base_url(self.homeserver_url):
            yield "the homeserver's URL is not a base URL such as http://127.0.0.1:8008"
        for number, nameserver in enumerate(self.nameservers, 1):
            if not _is_address(nameserver):
                yield f"DNS server {number} is not an address such as 10.0.0.53"
        if not self.within > 0:
            yield "a homeserver needs more than no time to answer"


def _matches(pattern: str, text: str, name: ServerName) -> bool:
    if pattern.startswith("*."):
        return name.address is None and name.host.lower().endswith(pattern[1:])
    return pattern in {EVERYBODY, text}


def _is_server_name(text: str) -> bool:
    try:
        parse_server_name(text)
    except ValueError:
        return False
    return True


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_base_url(text: str) -> bool:
    try:
        url = parse_url(text)
    except ValueError:
        return False
    extras = url.user or url.password or url.query_string or url.fragment
    return url.scheme in {"http", "https"} and bool(url.host) and not extras
