"""The kinds of values that the settings have: how a text becomes one, and what is wrong with it."""

from __future__ import annotations

import ipaddress
import json
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from turn.asking import LONGEST_TTL
from turn.issuing import SHORTEST_TTL
from turn.limits.model import Allowance
from turn.regions import Network, is_turn

URI = re.compile(
    r"(?:stuns?|turns?):(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?(?:\?transport=(?:udp|tcp))?"
)
"""RFC 7064 section 3.1 and RFC 7065 section 3.1; transports as browsers know them."""
REGION = re.compile(r"[A-Za-z0-9_-]{1,32}")
SERVER_PATTERN = re.compile(
    r"\*|(?:\*\.)?[A-Za-z0-9.-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?"
)
SERVER_NAME = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")


def whole(pattern: re.Pattern[str]) -> str:
    """For a field's `pattern`, which would be content with a part of the text."""
    return f"^(?:{pattern.pattern})$"


def listed(value: object) -> object:
    """Commas in the environment, a list in the file."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def from_json(value: object) -> object:
    """JSON in the environment, tables in the file."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError("must be JSON in the environment") from None


def allowance(value: object) -> object:
    return Allowance.parse(value) if isinstance(value, str) else value


def network(value: object) -> object:
    try:
        return ipaddress.ip_network(str(value))
    except ValueError:
        raise ValueError("must hold networks such as 10.0.0.0/8 or 2001:db8::/32") from None


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(listed)]
Rate = Annotated[Allowance | None, BeforeValidator(allowance)]
OneNetwork = Annotated[Network, BeforeValidator(network)]
Ttl = Annotated[int, Field(ge=SHORTEST_TTL, le=LONGEST_TTL)]
Port = Annotated[int, Field(ge=0, le=65535)]


def check_uris(value: tuple[str, ...]) -> tuple[str, ...]:
    if not all(URI.fullmatch(uri) for uri in value):
        raise ValueError("must hold addresses such as turn:turn.example.org:3478?transport=udp")
    if not any(is_turn(uri) for uri in value):
        raise ValueError("must hold an address that begins with turn: or turns:")
    return value


def base_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address that starts with https:// or http://")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must be an address without a user, a query or a fragment")
    return value.rstrip("/")
