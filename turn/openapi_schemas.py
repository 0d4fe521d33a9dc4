"""The bodies of all answers, as JSON schemas: closed, so that a field nobody described shows."""

from __future__ import annotations

from typing import Any

from turn.issuing import SHORTEST_TTL

Json = dict[str, Any]

STRING = {"type": "string"}
USERNAME = {"type": "string", "pattern": r"^\d+:[A-Za-z0-9._-]+$", "description": "expiry:id"}
TURN_URIS = {"type": "array", "items": {"type": "string", "pattern": "^turns?:"}}
TTL = {"type": "integer", "minimum": SHORTEST_TTL, "description": "Seconds to use them for."}


def _object(required: Json, optional: Json | None = None, *, closed: bool = True) -> Json:
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": not closed,
    }


ICE_SERVER = _object(
    {"urls": {"type": "array", "items": STRING, "minItems": 1}},
    {"username": USERNAME, "credential": STRING},
)
ICE_SERVERS = {"type": "array", "items": ICE_SERVER, "minItems": 1}
SCHEMAS: Json = {
    "MatrixTurnServer": _object(
        {"username": USERNAME, "password": STRING, "uris": TURN_URIS, "ttl": TTL}
    ),
    "RestTurn": _object(
        {
            "username": USERNAME,
            "password": STRING,
            "uris": TURN_URIS | {"minItems": 1},
            "ttl": TTL,
        }
    ),
    "IceServers": _object({"iceServers": ICE_SERVERS, "ttl": TTL}),
    "CloudflareIceServers": _object({"iceServers": ICE_SERVERS}),
    "Services": _object(
        {
            "services": {
                "type": "array",
                "items": _object(
                    {
                        "type": {"enum": ["stun", "turn", "turns"]},
                        "host": STRING,
                        "port": {"type": "integer", "minimum": 1, "maximum": 65535},
                        "transport": {"enum": ["udp", "tcp"]},
                    },
                    {
                        "username": USERNAME,
                        "password": STRING,
                        "expires": {"type": "string", "format": "date-time"},
                        "restricted": {"const": True},
                    },
                ),
            },
            "ttl": TTL,
        }
    ),
    "TwilioToken": _object(
        {
            "username": USERNAME,
            "password": STRING,
            "ttl": {"type": "string", "pattern": r"^\d+$"},
            "account_sid": STRING,
            "date_created": STRING,
            "date_updated": STRING,
            "ice_servers": {
                "type": "array",
                "items": _object(
                    {"url": STRING, "urls": STRING}, {"username": USERNAME, "credential": STRING}
                ),
            },
        }
    ),
    "MatrixError": _object(
        {"errcode": {"type": "string", "pattern": "^M_[A-Z_]+$"}, "error": STRING},
        {"retry_after_ms": {"type": "integer", "minimum": 1}},
    ),
    "TwilioError": _object(
        {
            "code": {"type": "integer"},
            "message": STRING,
            "more_info": STRING,
            "status": {"type": "integer"},
        }
    ),
    "CloudflareError": _object(
        {
            "success": {"const": False},
            "errors": {
                "type": "array",
                "minItems": 1,
                "items": _object({"code": {"type": "integer"}, "message": STRING}),
            },
        }
    ),
    "Health": _object(
        {
            "status": STRING,
            "relays": _object({"alive": {"type": "integer"}, "known": {"type": "integer"}}),
        }
    ),
}
