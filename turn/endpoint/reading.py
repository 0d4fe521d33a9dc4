"""What a request says: its parameters, whatever part of it they came in, and who it is from."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from urllib.parse import parse_qsl

from aiohttp import web

from turn.endpoint.refusals import MissingToken
from turn.issuing import BadRequest
from turn.regions import Address, Network

MOST_BODY = 8192
"""Bytes. An OpenID token with its fields has a tenth of that."""
MOST_FIELDS = 32
LONGEST = 1024
"""Characters of one value."""

Parameters = Mapping[str, str]
NONE: Parameters = MappingProxyType({})


async def parameters(request: web.Request) -> Parameters:
    """Everything from the query and the body, JSON or form; the body wins.

    A JSON object within the object is flattened: `{"openid_token": {"access_token": …}}` is
    `openid_token.access_token`. Raises BadRequest.
    """
    found: dict[str, str] = {}
    if request.rel_url.raw_query_string:
        found.update(request.query)
    if request.can_read_body:
        found.update(_parsed(request.content_type, await _body(request)))
    if len(found) > MOST_FIELDS or any(len(value) > LONGEST for value in found.values()):
        raise BadRequest("the request has too many parameters, or one that is too long")
    return found


async def _body(request: web.Request) -> bytes:
    body = bytearray()
    # Bounded here too: an application that mounts this one may allow uploads of gigabytes.
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > MOST_BODY:
            raise BadRequest(f"the body is larger than {MOST_BODY} bytes")
    return bytes(body)


def _parsed(content_type: str, body: bytes) -> dict[str, str]:
    if not body.strip():
        return {}
    try:
        if content_type == "application/x-www-form-urlencoded":
            return dict(parse_qsl(body.decode(), max_num_fields=MOST_FIELDS))
        # Whatever else it is called, JSON is what clients send; some forget to say so.
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("the body is neither JSON nor a form, as its type says") from None
    if not isinstance(value, dict):
        raise BadRequest("the body must be a JSON object")
    return _flat(value)


def _flat(value: Mapping[str, object], within: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, each in value.items():
        if isinstance(each, str):
            flat[within + name] = each
        elif isinstance(each, int) and not isinstance(each, bool):
            flat[within + name] = str(each)
        elif isinstance(each, dict) and not within:
            flat.update(_flat(each, f"{name}."))
    return flat  # what is of another type is nothing that we know, and is left out


def seconds(given: Parameters, *names: str) -> int | None:
    """A lifetime. Raises BadRequest where it is no whole number."""
    text = first(given, *names)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise BadRequest(f"{names[0]} must be a whole number of seconds")
    return int(text)


def first(given: Parameters, *names: str) -> str | None:
    """The first of these parameters that is there and not empty."""
    return next((given[name] for name in names if given.get(name)), None)


def bearer(request: web.Request) -> str | None:
    """The token of `Authorization: Bearer …` (RFC 6750 section 2.1)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def basic(request: web.Request) -> tuple[str, str]:
    """User and password of `Authorization: Basic …` (RFC 7617). Raises MissingToken."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    try:
        user, colon, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        user = colon = password = ""
    if scheme.lower() != "basic" or not colon or not password:
        raise MissingToken("give the account's id and an API key as user and password (Basic)")
    return user, password


def client_address(request: web.Request, proxies: Sequence[Network]) -> Address | None:
    """Where the client is, as the nearest of our own proxies saw it; None where nobody knows."""
    try:
        address = ipaddress.ip_address(request.remote or "")
        # From right to left: only what our own proxies have written is to be believed.
        for said in reversed(",".join(request.headers.getall("X-Forwarded-For", [])).split(",")):
            if not said.strip() or not any(address in proxy for proxy in proxies):
                break
            address = ipaddress.ip_address(said.strip())
    except ValueError:
        return None
    return address
