"""The TURN REST draft (draft-uberti-behave-turn-rest-00 section 2.2), as Janus reads it."""

from __future__ import annotations

from typing import Any

from turn.issuing import BadRequest, Issued
from turn.regions import is_ipv6, is_turn


def answer(issued: Issued) -> dict[str, Any]:
    """Janus splits each URI at its colons and wants at least one.

    :raises BadRequest: every relay there is has an IPv6 address in place of a name.
    """
    uris = [uri for uri in issued.uris if is_turn(uri) and not is_ipv6(uri)]
    if not uris:
        raise BadRequest("no relay has a host name, and IPv6 addresses are misread in this shape")
    return {
        "username": issued.username,
        "password": issued.password,
        "ttl": issued.ttl,
        "uris": uris,
    }
