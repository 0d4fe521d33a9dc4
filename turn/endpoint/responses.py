"""Answers over HTTP: never kept by anybody, and readable for the pages that may."""

from __future__ import annotations

import math
from typing import Any

import msgspec
from aiohttp import web
from multidict import CIMultiDict

from turn.asking import Asker, Kind
from turn.endpoint.refusals import Refusal
from turn.endpoint.shapes import Shape

_encode = msgspec.json.Encoder().encode

ANY_PAGE = {
    # Client-server API, "Web Browser Clients"; the token is in a header, so `*` gives nothing
    # away that a page does not have.
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "X-Requested-With, Content-Type, Authorization",
}
PLAIN = {"Content-Type": "application/json", "Cache-Control": "no-store"}
FOR_ANY_PAGE = CIMultiDict(PLAIN | ANY_PAGE)  # what aiohttp copies fastest
KEPT_PREFLIGHT = "600"
"""Seconds for which a browser need not ask again."""


def answer(shape: Shape, body: dict[str, Any], asker: Asker, origin: str | None) -> web.Response:
    """Credentials. The caller has checked that a key may be used from this origin."""
    if asker.kind is not Kind.KEY:
        return web.Response(body=_encode(body), status=shape.status, headers=FOR_ANY_PAGE)
    headers = PLAIN if origin is None else PLAIN | _one_page(origin)
    return web.Response(body=_encode(body), status=shape.status, headers=headers)


def refused(shape: Shape, refusal: Refusal, allowed: str | None) -> web.Response:
    """What went wrong; `allowed` is the page that may read it where not every page may."""
    headers = CIMultiDict(FOR_ANY_PAGE if shape.any_page else PLAIN)
    if not shape.any_page and allowed is not None:
        headers.update(_one_page(allowed))
    if refusal.status == 401:
        headers["WWW-Authenticate"] = shape.challenge  # RFC 9110 section 15.5.2
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(math.ceil(refusal.retry_after))
    body = _encode(shape.refusal(refusal))
    return web.Response(body=body, status=refusal.status, headers=headers)


def done(origin: str | None) -> web.Response:
    """It was done, and there is nothing to say."""
    headers = {"Cache-Control": "no-store"} | ({} if origin is None else _one_page(origin))
    return web.Response(status=204, headers=headers)


def plain(body: dict[str, Any], status: int) -> web.Response:
    """For programs of the operator's."""
    return web.Response(body=_encode(body), status=status, headers=PLAIN)


def for_any_page(body: bytes) -> web.Response:
    """Something that is no secret."""
    return web.Response(body=body, headers=FOR_ANY_PAGE)


def preflight(shape: Shape, allowed: str | None) -> web.Response:
    """What a browser asks first."""
    headers = dict(ANY_PAGE) if shape.any_page else {} if allowed is None else _one_page(allowed)
    return web.Response(status=204, headers=headers | {"Access-Control-Max-Age": KEPT_PREFLIGHT})


def _one_page(origin: str) -> dict[str, str]:
    return ANY_PAGE | {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
