"""`GET /_matrix/client/v3/voip/turnServer` (client-server API, "VoIP")."""

from __future__ import annotations

from typing import Any

from turn.issuing import Issued
from turn.regions import turn_alone


def answer(issued: Issued) -> dict[str, Any]:
    """Clients hand `uris` to the browser with username and password: `stun:` has no place here."""
    return {
        "username": issued.username,
        "password": issued.password,
        "uris": turn_alone(issued.uris),
        "ttl": issued.ttl,
    }


def refusal(errcode: str, text: str, retry_after_ms: int | None = None) -> dict[str, Any]:
    """The standard error response; the shapes that have none of their own use it too."""
    retry = {} if retry_after_ms is None else {"retry_after_ms": retry_after_ms}
    return {"errcode": errcode, "error": text} | retry
