"""Twilio's Network Traversal Service: `POST /2010-04-01/Accounts/{sid}/Tokens.json`."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from turn.issuing import Issued
from turn.regions import is_turn


def answer(issued: Issued, account_sid: str) -> dict[str, Any]:
    """One server for each URI, under both of the names there are for it; `ttl` is a string."""
    credential = {"username": issued.username, "credential": issued.password}
    made = format_datetime(datetime.fromtimestamp(int(issued.now), UTC))  # RFC 2822, as theirs
    return {
        "username": issued.username,
        "password": issued.password,
        "ttl": str(issued.ttl),
        "account_sid": account_sid,
        "date_created": made,
        "date_updated": made,
        "ice_servers": [
            {"url": uri, "urls": uri} | (credential if is_turn(uri) else {}) for uri in issued.uris
        ],
    }


def refusal(status: int, text: str) -> dict[str, Any]:
    """Twilio's error body. `code` is theirs where they have one: 20003 for a failed login."""
    codes = {400: 20001, 401: 20003, 403: 20003, 404: 20404, 429: 20429}
    return {"code": codes.get(status, 20500), "message": text, "more_info": "", "status": status}
