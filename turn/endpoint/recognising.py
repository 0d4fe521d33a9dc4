"""Who a request is from: a key's holder or a Matrix user, found where each shape puts them."""

from __future__ import annotations

from aiohttp import web

from turn.askers.model import BadToken, NotAllowed
from turn.asking import Asker, Kind
from turn.endpoint.reading import Parameters, basic, bearer, first, seconds
from turn.endpoint.refusals import MissingToken
from turn.endpoint.service import Service
from turn.keys.model import PREFIX

KEY_BEGINS = f"{PREFIX}."
NO_KEYS = "no API keys are set up here"
NO_MATRIX = "Matrix users are not served here: an API key is needed"


async def by_key(service: Service, text: str) -> Asker:
    """The holder of an API key. Raises BadToken, KeyStoreError."""
    keys = service.parts.keys
    if keys is None:
        raise BadToken(NO_KEYS)
    return keys.known(text) or await keys.asker(text)


async def matrix_user(service: Service, request: web.Request, given: Parameters) -> Asker:
    """A user by an access token of the homeserver, or an OpenID token of any.

    An OpenID token is told by the server that comes with it, as in the answer of
    `POST /user/{id}/openid/request_token`: within the body, or `matrix_server_name` in the query
    beside the token in the header.
    """
    matrix = service.parts.matrix
    if matrix is None:
        raise BadToken(NO_MATRIX)
    token = bearer(request)
    if given:
        server = first(given, "openid_token.matrix_server_name", "matrix_server_name")
        # The query parameter is deprecated since v1.11 of the specification, and still sent.
        token = first(given, "openid_token.access_token") or token or first(given, "access_token")
        if token is not None and server is not None:
            expires = seconds(given, "openid_token.expires_in", "expires_in")
            user = await matrix.askers.by_openid(token, server, expires)
            return matrix.asker(user)
    if token is None:
        raise MissingToken("give an access token in the header Authorization: Bearer …")
    return await matrix.by_access_token(token)


async def anybody(service: Service, request: web.Request, given: Parameters) -> Asker:
    """A key's holder or a Matrix user."""
    token = bearer(request)
    if token is not None and token.startswith(KEY_BEGINS):
        return await by_key(service, token)
    return await matrix_user(service, request, given)


async def key_anywhere(service: Service, request: web.Request, given: Parameters) -> Asker:
    """A key's holder: in the header, or `key` or `api`; Janus sends both, with the same value."""
    token = bearer(request) or first(given, "key", "api")
    if token is None:
        raise MissingToken("give an API key: Authorization: Bearer …, or key= or api=")
    return await by_key(service, token)


async def key_of_account(service: Service, request: web.Request, _: Parameters) -> Asker:
    """Twilio's way: the account's id and the key as user and password."""
    user, password = basic(request)
    return _of_path(await by_key(service, password), user, request.match_info["sid"])


async def key_of_path(service: Service, request: web.Request, _: Parameters) -> Asker:
    """Cloudflare's way: the key in the header, the holder's id in the path."""
    token = bearer(request)
    if token is None:
        raise MissingToken("give an API key in the header Authorization: Bearer …")
    return _of_path(await by_key(service, token), request.match_info["id"])


def _of_path(asker: Asker, *ids: str) -> Asker:
    if any(asker.identity != f"key:{id_}" for id_ in ids):
        raise BadToken("the id does not belong to this key: `key list` shows the right one")
    return asker


def check_origin(asker: Asker, origin: str | None) -> None:
    """A key works from the pages that its scopes name; servers send no `Origin`.

    :raises NotAllowed: it is used from another page: somebody copied it.
    """
    if asker.kind is Kind.KEY and origin is not None and origin not in (asker.origins or ()):
        raise NotAllowed("this key may not be used from that page: add its origin to the key")
