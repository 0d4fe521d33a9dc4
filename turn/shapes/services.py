"""Each address by itself with the time it ends, as XEP-0215 (External Service Discovery) has it.

The fields are those of its `<service/>` element; XMPP servers that ask us only copy them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from turn.issuing import Issued
from turn.regions import host_of, is_turn

DEFAULT_PORTS = {"stun": 3478, "turn": 3478, "turns": 5349}
"""RFC 7065 section 3.2."""


def answer(issued: Issued) -> dict[str, Any]:
    """`expires` is a UTC time in the format of XEP-0082."""
    expires = datetime.fromtimestamp(issued.expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    secret = {
        "username": issued.username,
        "password": issued.password,
        "expires": expires,
        "restricted": True,
    }
    return {
        "services": [_address(uri) | (secret if is_turn(uri) else {}) for uri in issued.uris],
        "ttl": issued.ttl,
    }


def _address(uri: str) -> dict[str, Any]:
    kind, _, rest = uri.partition(":")
    place, _, query = rest.partition("?")
    host = host_of(uri)
    port = place.removeprefix(host).removeprefix(":")
    transport = query.removeprefix("transport=") or ("tcp" if kind == "turns" else "udp")
    return {
        "type": kind,
        "host": host.strip("[]"),
        "port": int(port) if port else DEFAULT_PORTS[kind],
        "transport": transport,
    }
