"""The OpenAPI 3.1 description that the endpoint serves. Tests hold it against real answers."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from turn.openapi_schemas import SCHEMAS, STRING, TTL, Json

REFUSALS = {
    "400": "What is asked for cannot be given.",
    "401": "No token or key, or one that is not known (any more).",
    "403": "Known, and not allowed: asking again is of no use.",
    "429": "A rate or a quota is reached, or the client's address sent too many unknown tokens;"
    " `Retry-After` and `retry_after_ms` say how long.",
    "500": "Something went wrong here.",
    "502": "The homeserver that would know the token cannot be reached.",
    "503": "Nothing can be given out at the moment.",
    "504": "The homeserver that would know the token did not answer in time.",
}
KEY_REFUSALS = {code: text for code, text in REFUSALS.items() if code not in {"502", "504"}}


def _refusals(error: str, which: dict[str, str]) -> Json:
    return {code: _response(text, error) for code, text in which.items()}


def _response(text: str, schema: str) -> Json:
    reference = {"$ref": f"#/components/schemas/{schema}"}
    return {"description": text, "content": {"application/json": {"schema": reference}}}


def _parameter(name: str, text: str, where: str = "query", schema: Json = STRING) -> Json:
    found = {"name": name, "in": where, "description": text, "schema": schema}
    return found | ({"required": True} if where == "path" else {})


REGION = _parameter("region", "The region to take relays of.")
CALL = _parameter("call", "The id of the call or room: all who say the same get the same relay.")
ROOM = _parameter("room", "The same as `call`.")
LIFETIME = _parameter("ttl", "Seconds; not more than the asker's longest.", schema=TTL)
USER = _parameter("user", "Which of a key holder's users this is for.")
SERVER = _parameter("matrix_server_name", "Says that the token is an OpenID token of that server.")
PLACES = [REGION, CALL, ROOM, LIFETIME]
REST = [
    _parameter("service", "Always `turn`.", schema={"const": "turn"}),
    _parameter("username", "Which of the key holder's users this is for."),
    _parameter("key", "The API key, where it is not in the header."),
    _parameter("api", "The same as `key`; Janus sends both."),
    *PLACES,
]
ID = _parameter("id", "The id of the key's holder.", "path")
SID = _parameter("sid", "The id of the key's holder.", "path")
NAME = _parameter("username", "The username to end.", "path")

MATRIX_TOKEN: Json = {"matrixToken": []}
API_KEY: Json = {"apiKey": []}
ACCOUNT: Json = {"account": []}


def _body(*types: str) -> Json:
    """Every parameter of the query may be in the body too, and wins there."""
    schema = {"type": "object", "additionalProperties": True}
    return {"content": {kind: {"schema": schema} for kind in types}, "required": False}


JSON_TYPE = "application/json"
FORM = "application/x-www-form-urlencoded"


def _operation(
    id_: str,
    summary: str,
    parameters: list[Json],
    responses: Json,
    security: list[Json],
    **more: Any,
) -> Json:
    return {
        "operationId": id_,
        "summary": summary,
        "parameters": parameters,
        "responses": responses,
        "security": security,
        **more,
    }


def _get_and_post(
    id_: str, summary: str, parameters: list[Json], responses: Json, security: list[Json]
) -> Json:
    return {
        "get": _operation(id_, summary, parameters, responses, security),
        "post": _operation(
            f"{id_}Post",
            summary,
            parameters,
            responses,
            security,
            requestBody=_body(JSON_TYPE, FORM),
        ),
        "options": _preflight(id_),
    }


def _preflight(id_: str) -> Json:
    return {
        "operationId": f"{id_}Preflight",
        "summary": "What a browser asks first.",
        "responses": {"204": {"description": "The headers say which pages may ask."}},
        "security": [],
    }


def _paths() -> Json:
    errors = _refusals("MatrixError", REFUSALS)
    key_errors = _refusals("MatrixError", KEY_REFUSALS)
    matrix = {"200": _response("Credentials.", "MatrixTurnServer")} | errors
    return {
        "/_matrix/client/v3/voip/turnServer": _get_and_post(
            "matrix", "As Matrix clients ask.", [SERVER, *PLACES], matrix, [MATRIX_TOKEN]
        ),
        "/_matrix/client/r0/voip/turnServer": _get_and_post(
            "matrixR0", "As older Matrix clients ask.", [SERVER, *PLACES], matrix, [MATRIX_TOKEN]
        ),
        "/ice-servers": _get_and_post(
            "w3c",
            "What RTCPeerConnection takes.",
            [USER, SERVER, *PLACES],
            {"200": _response("Servers.", "IceServers")} | errors,
            [API_KEY, MATRIX_TOKEN],
        ),
        "/services": _get_and_post(
            "services",
            "Each address by itself, with the time it ends, as in XEP-0215.",
            [USER, SERVER, *PLACES],
            {"200": _response("Services.", "Services")} | errors,
            [API_KEY, MATRIX_TOKEN],
        ),
        "/turn": _get_and_post(
            "rest",
            "The TURN REST draft, as Janus asks.",
            REST,
            {"200": _response("Credentials.", "RestTurn")} | key_errors,
            [API_KEY],
        ),
    }


def _hosted_paths() -> Json:
    """The shapes of Twilio and Cloudflare."""
    twilio = {"201": _response("A token.", "TwilioToken")}
    cloudflare = {"201": _response("Servers.", "CloudflareIceServers")}
    refusals = _refusals("CloudflareError", KEY_REFUSALS)
    revoked = {
        "204": {"description": "Its allocations have ended."},
        "404": _response("It was not given to this key.", "CloudflareError"),
        "501": _response("The relays cannot end an allocation early.", "CloudflareError"),
    }
    return {
        "/2010-04-01/Accounts/{sid}/Tokens.json": {
            "parameters": [SID],
            "post": _operation(
                "twilio",
                "As Twilio's clients ask; the lifetime is the field `Ttl`.",
                [REGION, CALL, ROOM],
                twilio | _refusals("TwilioError", KEY_REFUSALS),
                [ACCOUNT],
                requestBody=_body(FORM, JSON_TYPE),
            ),
            "options": _preflight("twilio"),
        },
        "/v1/turn/keys/{id}/credentials/generate-ice-servers": {
            "parameters": [ID],
            "post": _operation(
                "cloudflare",
                "As Cloudflare's clients ask; the user is the field `customIdentifier`.",
                PLACES,
                cloudflare | refusals,
                [API_KEY],
                requestBody=_body(JSON_TYPE),
            ),
            "options": _preflight("cloudflare"),
        },
        "/v1/turn/keys/{id}/credentials/{username}/revoke": {
            "parameters": [ID, NAME],
            "post": _operation(
                "cloudflareRevoke",
                "End what was given out before its time.",
                [],
                revoked | {code: refusals[code] for code in ("401", "403", "429", "500", "503")},
                [API_KEY],
            ),
            "options": _preflight("cloudflareRevoke"),
        },
    }


def _operators_paths() -> Json:
    health = {
        "200": _response("Credentials can be given out.", "Health"),
        "503": _response("They cannot.", "Health"),
    }
    description = {
        "200": {
            "description": "This description.",
            "content": {JSON_TYPE: {"schema": {"type": "object"}}},
        }
    }
    return {
        "/health": {"get": _operation("health", "For load balancers.", [], health, [])},
        "/openapi.json": {"get": _operation("openapi", "This.", [], description, [])},
    }


def _version() -> str:
    """Of the package that this came in, which is one of two."""
    try:
        return version("matrix-turn")
    except PackageNotFoundError:
        return version("matrix-voip")


def description() -> Json:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "TURN credentials",
            "version": _version(),
            "description": "Time-limited TURN credentials for Matrix users and conference hosts.",
        },
        "paths": _paths() | _hosted_paths() | _operators_paths(),
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "matrixToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An access token, or an OpenID token with its server's name.",
                },
                "apiKey": {"type": "http", "scheme": "bearer", "bearerFormat": "mvt.<id>.<secret>"},
                "account": {"type": "http", "scheme": "basic"},
            },
        },
    }


TEXT = json.dumps(description()).encode()
"""As it is served."""
