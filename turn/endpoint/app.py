"""The application: `build(service)` to serve alone or as a sub-application, or `routes(service)`
to add to one's own."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable

from aiohttp import web

from turn import openapi
from turn.askers.model import BadToken
from turn.asking import Asker
from turn.endpoint import reading, recognising, responses, shapes
from turn.endpoint.failures import Failures, source_of
from turn.endpoint.refusals import OURS, refusal_of
from turn.endpoint.service import Service
from turn.endpoint.shapes import Shape
from turn.keys.store import KeyStoreError

Handler = Callable[[web.Request], Awaitable[web.Response]]

BOTH, POST = ("GET", "POST"), ("POST",)
SHAPES: dict[str, tuple[tuple[str, ...], Shape]] = {
    "/_matrix/client/v3/voip/turnServer": (BOTH, shapes.MATRIX),
    # What clients from before v1.1 of the specification ask.
    "/_matrix/client/r0/voip/turnServer": (BOTH, shapes.MATRIX),
    "/ice-servers": (BOTH, shapes.W3C),
    "/services": (BOTH, shapes.SERVICES),
    "/turn": (BOTH, shapes.REST),
    "/2010-04-01/Accounts/{sid}/Tokens.json": (POST, shapes.TWILIO),
    "/v1/turn/keys/{id}/credentials/generate-ice-servers": (POST, shapes.CLOUDFLARE),
}
REVOKE = "/v1/turn/keys/{id}/credentials/{username}/revoke"

logger = logging.getLogger(__name__)


def build(service: Service) -> web.Application:
    """An application with everything but metrics; it owns nothing and starts no task."""
    app = web.Application(client_max_size=reading.MOST_BODY)
    app.add_routes(routes(service))
    return app


def routes(service: Service) -> list[web.RouteDef]:
    """What `build` serves, for an application that has other things at its root."""
    failures = Failures(service.parts.failed_rate)
    found = [
        web.get("/openapi.json", _description, allow_head=False),
        web.get("/health", _health(service), allow_head=False),
        web.post(REVOKE, _revoking(service, failures)),
        web.options(REVOKE, _preflight(service, shapes.CLOUDFLARE)),
    ]
    for path, (methods, shape) in SHAPES.items():
        handler = _issuing(service, shape, failures)
        if "GET" in methods:  # a HEAD would take from the quota and give nothing
            found.append(web.get(path, handler, allow_head=False))
        found.append(web.post(path, handler))
        found.append(web.options(path, _preflight(service, shape)))
    return found


def _issuing(service: Service, shape: Shape, failures: Failures) -> Handler:
    parts = service.parts

    async def handle(request: web.Request) -> web.Response:
        asker: Asker | None = None
        origin = request.headers.get("Origin")
        try:
            given = reading.NONE
            if request.can_read_body or request.rel_url.raw_query_string:
                given = await reading.parameters(request)
            asker = await _recognised(service, shape, request, given, failures)
            recognising.check_origin(asker, origin)
            address = reading.client_address(request, parts.proxies) if parts.networks else None
            issued = await service.issue(asker, shape.order(given, address), shape.name)
            return responses.answer(shape, shape.answer(issued, request), asker, origin)
        except Exception as error:  # noqa: BLE001 - aiohttp would log who asked, and answer in HTML
            return await _refused(service, shape, error, asker, origin)

    return handle


def _revoking(service: Service, failures: Failures) -> Handler:
    shape = shapes.CLOUDFLARE

    async def handle(request: web.Request) -> web.Response:
        asker: Asker | None = None
        origin = request.headers.get("Origin")
        try:
            asker = await _recognised(service, shape, request, reading.NONE, failures)
            recognising.check_origin(asker, origin)
            await service.revoke(asker, request.match_info["username"])
            return responses.done(origin)
        except Exception as error:  # noqa: BLE001 - as above
            return await _refused(service, shape, error, asker, origin)

    return handle


async def _recognised(
    service: Service,
    shape: Shape,
    request: web.Request,
    given: reading.Parameters,
    failures: Failures,
) -> Asker:
    source = source_of(request, service.parts.proxies)
    failures.check(source)
    try:
        return await shape.recognise(service, request, given)
    except BadToken:
        failures.failed(source)
        raise


def _preflight(service: Service, shape: Shape) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        allowed = await _allowed(service, shape, request.headers.get("Origin"))
        return responses.preflight(shape, allowed)

    return handle


async def _refused(
    service: Service, shape: Shape, error: Exception, asker: Asker | None, origin: str | None
) -> web.Response:
    refusal = refusal_of(error)
    if refusal.reason == OURS.reason:
        # The frames and the type alone: the text of a foreign error may hold a token.
        frames = "".join(traceback.format_tb(error.__traceback__))
        logger.error("%s while asked in the shape %s\n%s", type(error).__name__, shape.name, frames)
    elif refusal.status == 503:
        logger.error("nothing is given out: %s", error)
    elif refusal.status in {502, 504}:
        logger.info("somebody's homeserver could not be asked: %s", error)
    tier = "unknown" if asker is None else asker.tier
    service.parts.metrics.refused(refusal.reason, tier, shape.name)
    return responses.refused(shape, refusal, await _allowed(service, shape, origin))


async def _allowed(service: Service, shape: Shape, origin: str | None) -> str | None:
    """The origin, if a page of it may use some key; a preflight comes without the key itself."""
    keys = service.parts.keys
    if shape.any_page or origin is None or keys is None:
        return None
    try:
        return origin if origin in await keys.origins() else None
    except KeyStoreError:
        return None


def _health(service: Service) -> Handler:
    async def handle(_: web.Request) -> web.Response:
        return await health(service)

    return handle


async def health(service: Service) -> web.Response:
    """200 while credentials can be given out, else 503; and how many relay addresses answer."""
    alive, known = service.parts.health.counts()
    try:
        await service.parts.secrets.secrets()
    except Exception as error:  # noqa: BLE001 - whatever it is, nothing can be signed
        logger.error("the health check finds no secret: %s", type(error).__name__)
        status, text = 503, "no secret to sign with"
    else:
        status, text = 200, "ok" if alive or not known else "no relay answers its probes"
    return responses.plain({"status": text, "relays": {"alive": alive, "known": known}}, status)


async def _description(_: web.Request) -> web.Response:
    return responses.for_any_page(openapi.TEXT)
