"""The description against the implementation: every route is in it, and every answer as it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import encode_basic_auth, web
from jsonschema import (  # type: ignore[import-untyped]  # it ships no types
    Draft202012Validator,
    FormatChecker,
)
from openapi_spec_validator import validate
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.turn.endpoint.site import NOW, TOKEN, NewKey, Site, add_key, site
from turn import openapi
from turn.askers.model import HomeserverSlow, HomeserverUnreachable, NotAllowed
from turn.asking import Terms
from turn.endpoint.app import build
from turn.keys.model import Scopes
from turn.limits.model import Allowance
from turn.secrets.model import Secrets, SecretsUnavailable

DOCUMENT = openapi.description()
OPERATIONS = [
    (method, path)
    for path, item in DOCUMENT["paths"].items()
    for method in item
    if method in {"get", "post", "options"}
]


def check(method: str, path: str, status: int, body: Any) -> None:
    """The answer is one that the description has, and as it says."""
    responses = DOCUMENT["paths"][path][method]["responses"]
    assert str(status) in responses, f"{method} {path} answered {status}"
    content = responses[str(status)].get("content")
    if content is None:
        assert body is None
        return
    resource = Resource.from_contents(DOCUMENT, default_specification=DRAFT202012)
    registry = Registry().with_resource("urn:d", resource)
    schema = content["application/json"]["schema"]
    if "$ref" in schema:
        schema = {"$ref": f"urn:d{schema['$ref']}"}
    Draft202012Validator(schema, registry=registry, format_checker=FormatChecker()).validate(body)


async def ask(here: Site, method: str, path: str, new: NewKey, **more: Any) -> tuple[int, Any]:
    """One request as this operation wants it."""
    credential = str(new.key) if "atrix" not in path else TOKEN
    headers = {"Authorization": f"Bearer {credential}"}
    if "Accounts" in path:
        headers = {"Authorization": encode_basic_auth(new.holder.id, credential)}
    headers = more.pop("headers", headers)
    filled = re.sub(r"\{(id|sid)\}", new.holder.id, path)
    filled = filled.replace("{username}", more.pop("username", f"{int(NOW)}:x"))
    async with here.http.request(method, here.url + filled, headers=headers, **more) as response:
        body = await response.json() if response.status != 204 else None
        return response.status, body


def test_the_document_is_openapi_3_1() -> None:
    validate(DOCUMENT)


async def test_every_route_is_described_and_nothing_else(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        app = build(here.service)
        served = {
            (route.method.lower(), route.resource.canonical)
            for route in app.router.routes()
            if isinstance(route, web.AbstractRoute) and route.resource is not None
        }
        assert served == set(OPERATIONS)
        status, document = await here.get("/openapi.json")
    assert (status, document) == (200, DOCUMENT)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_answers_are_as_described(tmp_path: Path, method: str, path: str) -> None:
    """Each documented status that this operation can be made to give."""
    once = Terms(rate=Allowance(1, 3600))
    given: set[int] = set()

    async def revoke(_: str) -> None: ...

    async with site(tmp_path, local=once, revoke=revoke) as here:
        new = add_key(here.store, scopes=Scopes(once))
        requests: list[dict[str, Any]] = [
            {"headers": {}},
            {"params": {"ttl": "1"}, "data": {"Ttl": "1"}}
            if method == "post"
            else {"params": {"ttl": "1"}},
            {},
            {},
            {"headers": {"Authorization": f"Bearer {new.key}", "Origin": "https://other.org"}},
        ]
        for error in (HomeserverUnreachable("x"), HomeserverSlow("x"), NotAllowed("x"), OSError()):
            here.vouched.fails = error
            status, body = await ask(here, method, path, new)
            check(method, path, status, body)
            given.add(status)
        here.vouched.fails = None
        for more in requests:
            status, body = await ask(here, method, path, new, **more)
            check(method, path, status, body)
            given.add(status)
    if "turnServer" in path and method != "options":
        assert given == {200, 400, 401, 403, 429, 500, 502, 504}
    if path == "/turn" and method != "options":
        assert given == {200, 400, 401, 403, 429}
    if "generate" in path and method != "options":
        assert given == {201, 400, 401, 403, 429}


class NoSecrets:
    async def secrets(self) -> Secrets:
        raise SecretsUnavailable("gone")


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_answers_without_secrets_or_keys(tmp_path: Path, method: str, path: str) -> None:
    async with site(tmp_path, secrets=NoSecrets()) as here:
        new = add_key(here.store)
        check(method, path, *await ask(here, method, path, new))
        here.store.path.unlink()
        new = NewKey(new.holder, type(new.key)("aaaaaaaa", "A" * 43))
        check(method, path, *await ask(here, method, path, new))


async def test_revoking_as_described(tmp_path: Path) -> None:
    path = openapi_path = "/v1/turn/keys/{id}/credentials/{username}/revoke"
    ended = []

    async def revoke(username: str) -> None:
        ended.append(username)

    for can in (revoke, None):
        async with site(tmp_path / str(can is None), revoke=can) as here:
            new = add_key(here.store)
            _, body = await here.get("/ice-servers", headers=new.bearer)
            name = body["iceServers"][1]["username"]
            status, answer = await ask(here, "post", path, new, username=name)
            assert status == (501 if can is None else 204)
            check("post", openapi_path, status, answer)
    assert len(ended) == 1
