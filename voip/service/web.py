"""The web application that serves the calling page, and nothing that the page does not need."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from aiohttp import ClientSession, web
from yarl import URL

from voip.service.proxy import matrix_proxy

BUILT_INTO_THE_WHEEL = Path(__file__).with_name("page")
BUILT_IN_A_CHECKOUT = Path(__file__).parents[2] / "static" / "dist"

HASHED = "/assets/"
"""Below it a name changes whenever the content does."""
A_YEAR = "public, max-age=31536000, immutable"
ASK_EACH_TIME = "no-cache"

PREFIX = web.AppKey("prefix", str)
"""The path that the application lies under; no key where it is the root."""

# Said here, because what the system's own table says differs from machine to machine, and a
# browser takes neither a script nor WebAssembly under another type.
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".png": "image/png",
    ".woff2": "font/woff2",
}

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "microphone=(self), camera=(self), display-capture=(self), autoplay=(self), "
        "speaker-selection=(self), screen-wake-lock=(self), geolocation=(), payment=(), usb=()"
    ),
}


class PageMissing(Exception):
    """The page was not built; the message says how to build it."""


def page_folder() -> Path:
    """Where the built page lies: in the installed package, or in a checkout.

    :raises PageMissing: it was not built.
    """
    for folder in (BUILT_INTO_THE_WHEEL, BUILT_IN_A_CHECKOUT):
        if (folder / "index.html").is_file():
            return folder
    raise PageMissing("The page is not built: run `make page` in the checkout.")


def create_app(
    page: Path,
    *,
    homeserver: str | None = None,
    any_homeserver: bool = True,
    proxy_to: str | None = None,
    brand: str = "Calls",
    embed_origins: Sequence[str] = (),
    echo: str | None = None,
) -> web.Application:
    """The application; who runs it chooses the port and the certificate.

    :param page: the folder of the built page (:func:`page_folder`).
    :param homeserver: base URL that the page offers first; the page may talk to it.
    :param any_homeserver: the page may talk to every homeserver that has TLS.
    :param proxy_to: base URL of a homeserver whose ``/_matrix`` is served here too.
    :param brand: what the page calls itself.
    :param embed_origins: the sites that may show the page in a frame and place calls in it.
    :param echo: user id of the echo bot, which the page's network test calls.
    """
    app = web.Application()
    config = {
        "homeserver": homeserver,
        "brand": brand,
        "embedOrigins": list(embed_origins),
        "echo": echo,
    }
    policy = content_security_policy(
        homeserver, any_homeserver=any_homeserver, embed_origins=embed_origins
    )

    async def index(_: web.Request) -> web.FileResponse:
        return web.FileResponse(page / "index.html")

    async def config_json(_: web.Request) -> web.Response:
        return web.json_response(config)

    async def dress(request: web.Request, response: web.StreamResponse) -> None:
        _dress(_below(app, request.path), response, policy)

    app.on_response_prepare.append(dress)
    app.router.add_get("/", index)
    app.router.add_get("/config.json", config_json)
    if proxy_to is not None:
        _add_proxy(app, proxy_to)
    app.router.add_static("/", page)  # takes a .gz beside a file where the browser does
    return app


def under(path: str, app: web.Application) -> web.Application:
    """The same application below a path, such as ``/calls``, for a proxy that passes it whole."""
    prefix = "/" + path.strip("/")
    if prefix == "/":
        return app
    outer = web.Application()

    async def with_slash(_: web.Request) -> web.Response:
        # The page's own addresses are relative: without the slash they would miss the path.
        raise web.HTTPPermanentRedirect(f"{prefix}/")

    outer.router.add_get(prefix, with_slash)
    app[PREFIX] = prefix
    outer.add_subapp(prefix, app)
    return outer


def _below(app: web.Application, path: str) -> str:
    return path.removeprefix(app.get(PREFIX, ""))


def content_security_policy(
    homeserver: str | None, *, any_homeserver: bool, embed_origins: Sequence[str] = ()
) -> str:
    """Everything comes from here, but for the homeserver; scripts are files, never text.

    ``'wasm-unsafe-eval'`` lets the encryption module, which is WebAssembly, be compiled. No text
    becomes script (Trusted Types): the one policy there may be names the service worker.
    """
    connect = ["'self'"]
    if homeserver is not None:
        connect.append(str(URL(homeserver).origin()))
    if any_homeserver:
        connect.append("https:")
    none = ("'none'",)
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval'",
            "style-src 'self'",
            f"connect-src {' '.join(connect)}",
            "img-src 'self' blob: data:",
            "media-src 'self' blob:",
            "font-src 'self'",
            "manifest-src 'self'",
            "worker-src 'self'",
            "require-trusted-types-for 'script'",
            "trusted-types voip",
            "base-uri 'none'",
            "form-action 'none'",
            f"frame-ancestors {' '.join(embed_origins or none)}",
        ]
    )


def _dress(path: str, response: web.StreamResponse, policy: str) -> None:
    """Put the headers on, but leave alone what a proxied homeserver said of its own answer."""
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", policy)
    if isinstance(response, web.FileResponse) and response.status < 400:
        name = path if path != "/" else "/index.html"
        if kind := CONTENT_TYPES.get(Path(name).suffix):
            response.headers["Content-Type"] = kind
        forever = path.startswith(HASHED)
        response.headers["Cache-Control"] = A_YEAR if forever else ASK_EACH_TIME
    elif path == "/config.json":
        response.headers["Cache-Control"] = ASK_EACH_TIME


def _add_proxy(app: web.Application, upstream: str) -> None:
    session_key = web.AppKey("homeserver", ClientSession)

    async def session(app: web.Application) -> AsyncIterator[None]:
        # Compressed bodies pass as they are.
        async with ClientSession(auto_decompress=False) as app[session_key]:
            yield

    async def forward(request: web.Request) -> web.StreamResponse:
        return await matrix_proxy(request, app[session_key], URL(upstream))

    app.cleanup_ctx.append(contextlib.asynccontextmanager(session))
    app.router.add_route("*", "/_matrix/{rest:.*}", forward)
