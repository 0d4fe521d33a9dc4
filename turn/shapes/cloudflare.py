"""Cloudflare's TURN service: `…/credentials/generate-ice-servers` and `…/revoke`."""

from __future__ import annotations

from typing import Any

from turn.issuing import Issued
from turn.shapes import w3c


def answer(issued: Issued) -> dict[str, Any]:
    """The W3C list and nothing beside it."""
    return {"iceServers": w3c.ice_servers(issued)}


def refusal(status: int, text: str) -> dict[str, Any]:
    """Cloudflare's envelope for an error."""
    return {"success": False, "errors": [{"code": status, "message": text}]}
