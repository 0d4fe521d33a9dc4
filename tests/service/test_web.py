"""The page's headers, types and caching; and the homeserver under the page's own origin."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from tests.conftest import MakeUser
from voip.service import web as service_web
from voip.service.demo.processes import free_port
from voip.service.demo.synapse import SynapseProcess
from voip.service.web import PageMissing, create_app, page_folder, under

Client = TestClient[web.Request, web.Application]


@pytest.fixture
def page(tmp_path: Path) -> Path:
    files = {
        "index.html": b"<!doctype html><title>Calls</title>",
        "manifest.webmanifest": b"{}",
        "icon.svg": b"<svg/>",
        "assets/index-A1.js": b"export {}",
        "assets/index-A1.js.gz": gzip.compress(b"export {}"),
        "assets/index-A1.css": b"body {}",
        "assets/crypto-A1.wasm": b"\0asm",
    }
    for name, content in files.items():
        (tmp_path / "page" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "page" / name).write_bytes(content)
    (tmp_path / "secret.txt").write_text("not for everybody")
    return tmp_path / "page"


@pytest.fixture
async def client(page: Path) -> AsyncIterator[Client]:
    app = create_app(page, homeserver="https://example.org/base", any_homeserver=False)
    async with TestClient(TestServer(app)) as client:
        yield client


def directives(policy: str) -> dict[str, list[str]]:
    parts = [part.split() for part in policy.split(";")]
    return {name: values for name, *values in parts}


async def test_the_policy_allows_the_page_its_homeserver_and_no_more(client: Client) -> None:
    for path in ("/", "/assets/index-A1.js", "/nothing-here"):
        policy = directives((await client.get(path)).headers["Content-Security-Policy"])
        assert policy["default-src"] == ["'none'"]
        assert policy["script-src"] == ["'self'", "'wasm-unsafe-eval'"]
        assert policy["style-src"] == ["'self'"]
        assert policy["connect-src"] == ["'self'", "https://example.org"]
        assert policy["require-trusted-types-for"] == ["'script'"]
        for name in ("base-uri", "form-action", "frame-ancestors"):
            assert policy[name] == ["'none'"]
        assert "unsafe-inline" not in str(policy)
        assert "*" not in str(policy)


def test_a_page_for_everybody_may_talk_to_any_homeserver_with_tls() -> None:
    policy = service_web.content_security_policy(None, any_homeserver=True)
    assert directives(policy)["connect-src"] == ["'self'", "https:"]


async def test_the_other_headers(client: Client) -> None:
    headers = (await client.get("/")).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "microphone=(self)" in headers["Permissions-Policy"]


@pytest.mark.parametrize(
    ("path", "kind", "cache"),
    [
        ("/", "text/html; charset=utf-8", "no-cache"),
        ("/index.html", "text/html; charset=utf-8", "no-cache"),
        ("/icon.svg", "image/svg+xml", "no-cache"),
        ("/manifest.webmanifest", "application/manifest+json", "no-cache"),
        ("/config.json", "application/json; charset=utf-8", "no-cache"),
        ("/assets/index-A1.css", "text/css; charset=utf-8", service_web.A_YEAR),
        ("/assets/crypto-A1.wasm", "application/wasm", service_web.A_YEAR),
    ],
)
async def test_types_and_caching(client: Client, path: str, kind: str, cache: str) -> None:
    answer = await client.get(path)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Cache-Control"] == cache


async def test_a_compressed_file_is_sent_to_who_takes_it(client: Client) -> None:
    path = "/assets/index-A1.js"
    answer = await client.get(path, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert await answer.text() == "export {}"
    plain = await client.get(path, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers


async def test_the_config_names_the_homeserver(client: Client) -> None:
    answer = await client.get("/config.json")
    assert await answer.json() == {
        "homeserver": "https://example.org/base",
        "brand": "Calls",
        "embedOrigins": [],
        "echo": None,
    }


async def test_named_sites_may_frame_the_page_and_no_other(page: Path) -> None:
    sites = ("https://www.example.org", "https://intranet.example.org:8443")
    app = create_app(page, homeserver="https://example.org", embed_origins=sites)
    async with TestClient(TestServer(app)) as client:
        policy = directives((await client.get("/")).headers["Content-Security-Policy"])
        assert policy["frame-ancestors"] == list(sites)
        assert (await (await client.get("/config.json")).json())["embedOrigins"] == list(sites)


async def test_the_page_under_a_path(page: Path) -> None:
    app = under("/calls/", create_app(page, homeserver="https://example.org"))
    async with TestClient(TestServer(app)) as client:
        assert str((await client.get("/calls")).url.path) == "/calls/"
        for path, kind, cache in (
            ("/calls/", "text/html; charset=utf-8", "no-cache"),
            ("/calls/config.json", "application/json; charset=utf-8", "no-cache"),
            ("/calls/assets/index-A1.css", "text/css; charset=utf-8", service_web.A_YEAR),
        ):
            answer = await client.get(path)
            assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
            assert answer.headers["Cache-Control"] == cache
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert (await client.get("/")).status == 404


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/", "/_matrix/x"])
async def test_nothing_else_is_served(client: Client, path: str) -> None:
    answer = await client.get(path)
    assert answer.status in (403, 404)
    assert "immutable" not in answer.headers.get("Cache-Control", "")


def test_a_page_that_was_not_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_web, "BUILT_INTO_THE_WHEEL", tmp_path)
    monkeypatch.setattr(service_web, "BUILT_IN_A_CHECKOUT", tmp_path)
    with pytest.raises(PageMissing, match="make page"):
        page_folder()


async def test_a_homeserver_under_the_same_origin(
    page: Path, synapse: SynapseProcess, make_user: MakeUser
) -> None:
    user = make_user()
    body = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": user.localpart},
        "password": user.password,
    }
    app = create_app(page, proxy_to=synapse.url)
    async with TestClient(TestServer(app)) as client:
        login = await client.post("/_matrix/client/v3/login", json=body)
        token = (await login.json())["access_token"]
        signed = {"Authorization": f"Bearer {token}"}
        upload = await client.post("/_matrix/media/v3/upload", data=b"x" * 300_000, headers=signed)
        server, media = (await upload.json())["content_uri"].removeprefix("mxc://").split("/")
        path = f"/_matrix/client/v1/media/download/{server}/{media}"
        answer = await client.get(path, headers=signed)
        assert await answer.read() == b"x" * 300_000
        assert "sandbox" in answer.headers["Content-Security-Policy"]  # the homeserver's own
        profile = await client.get(
            f"/_matrix/client/v3/profile/%40{user.localpart}%3A{synapse.server_name}"
        )
        assert (await profile.json())["displayname"] == user.localpart
        assert (await client.get("/_synapse/admin/v1/server_version")).status == 404


async def test_what_passes_the_proxy_and_what_does_not(page: Path) -> None:
    async def show(request: web.Request) -> web.Response:
        seen = {**request.headers, "path": request.raw_path, "body": await request.text()}
        return web.json_response(seen, headers={"Connection": "X-Hop", "X-Hop": "1", "X-End": "2"})

    upstream = web.Application()
    upstream.router.add_route("*", "/{rest:.*}", show)
    async with TestServer(upstream) as server:
        app = create_app(page, proxy_to=str(server.make_url("/")))
        async with TestClient(TestServer(app)) as client:
            sent = {"X-Forwarded-For": "192.0.2.66", "X-Custom": "kept", "Keep-Alive": "5"}
            answer = await client.put("/_matrix/a%2Fb?c=%2B", data="hello", headers=sent)
            seen = await answer.json()
    assert seen["path"] == "/_matrix/a%2Fb?c=%2B"
    assert seen["body"] == "hello"
    assert seen["X-Forwarded-For"] == "127.0.0.1"
    assert seen["X-Custom"] == "kept"
    assert "Keep-Alive" not in seen
    assert "X-Hop" not in answer.headers
    assert answer.headers["X-End"] == "2"


async def test_a_homeserver_that_is_down(page: Path) -> None:
    app = create_app(page, proxy_to=f"http://127.0.0.1:{free_port()}")
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/_matrix/client/versions")
        assert answer.status == 502
        assert json.loads(await answer.read())["errcode"] == "M_UNKNOWN"


async def test_an_answer_is_streamed_as_it_comes(page: Path) -> None:
    go_on = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first")
        await go_on.wait()
        await response.write(b"second")
        return response

    upstream = web.Application()
    upstream.router.add_get("/{rest:.*}", slow)
    async with TestServer(upstream) as server:
        app = create_app(page, proxy_to=str(server.make_url("/")))
        async with TestClient(TestServer(app)) as client:
            answer = await client.get("/_matrix/client/v3/sync")
            assert await answer.content.readexactly(5) == b"first"
            go_on.set()
            assert await answer.content.read() == b"second"
