"""The short way for what is asked most: `GET`, nothing but a token, and nothing to wait for.

A request of that kind is answered without routes, coroutines and header objects, from the same
parts and by the same rules as any other: `Service.issue_now`. Whatever needs more, a refusal
above all, goes the long way, through the application, as if this were not here. It stands in front
of an application that serves alone; one that is mounted keeps what its host does to every answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from typing import Any

import msgspec
from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import SERVER_SOFTWARE

from turn.asking import Asker, Kind
from turn.endpoint import responses, shapes
from turn.endpoint.recognising import KEY_BEGINS
from turn.endpoint.service import ANYTHING, Service
from turn.issuing import Issued
from turn.shapes import matrix, w3c

LongWay = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Body = Callable[[Issued], dict[str, Any]]
NAME, WORD = "<name>", "<word>"
"""What stands for username and password in a template, and can be in no URI."""
REMEMBERED = 1024


@dataclass(frozen=True, slots=True)
class Steady:
    """A shape in which one answer differs from the next by username and password alone."""

    shape: str
    body: Body
    keys: bool
    """Whether a key's holder is answered, or Matrix users alone."""


_MATRIX = Steady(shapes.MATRIX.name, matrix.answer, keys=False)
STEADY = {
    "/_matrix/client/v3/voip/turnServer": _MATRIX,
    "/_matrix/client/r0/voip/turnServer": _MATRIX,
    "/ice-servers": Steady(shapes.W3C.name, w3c.answer, keys=True),
}
"""By path."""


class ShortWay:
    """A handler for aiohttp's low-level server."""

    def __init__(self, service: Service, long_way: LongWay) -> None:
        self._service = service
        self._long_way = long_way
        parts = service.parts
        # With these the region depends on where the client is.
        self._open = not parts.networks
        self._keys = parts.keys
        self._matrix = parts.matrix

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        steady = STEADY.get(request.raw_path)
        if steady is not None and self._open and _is_plain(request):
            try:
                answer = self._answer(request, steady)
            except Exception:  # noqa: BLE001 - the long way meets it again, and says what it is
                answer = None
            if answer is not None:
                return answer
        return await self._long_way(request)

    def _answer(self, request: web.BaseRequest, steady: Steady) -> Whole | None:
        asker = self._known(request, steady)
        if asker is None:
            return None
        issued = self._service.issue_now(asker, ANYTHING, steady.shape)
        if issued is None:
            return None
        any_page = asker.kind is not Kind.KEY
        return Whole(_template(steady.body, issued.uris, issued.ttl, any_page).filled(issued))

    def _known(self, request: web.BaseRequest, steady: Steady) -> Asker | None:
        """Whoever was recognised a moment ago."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            return None
        if not (steady.keys and token.startswith(KEY_BEGINS)):
            return None if self._matrix is None else self._matrix.known(token)
        # Whether a page may use a key is for the long way.
        if self._keys is None or "Origin" in request.headers:
            return None
        return self._keys.known(token)


def shorten(runner: web.AppRunner, service: Service) -> None:
    """Put the short way before the application of a runner that is set up and serves nobody yet."""
    server = runner.server
    if server is None:
        raise RuntimeError("the runner is not set up yet")
    server.request_handler = ShortWay(service, server.request_handler).handle


def _is_plain(request: web.BaseRequest) -> bool:
    return (
        request.method == "GET"
        and request.version == HttpVersion11
        and request.keep_alive
        and not request.can_read_body
    )


class Whole(web.StreamResponse):
    """An answer that is written in one piece, head and body. Its connection stays open."""

    def __init__(self, octets: bytes) -> None:
        # Not the base's: it makes objects for a head that is in `octets` already.
        self._octets = octets

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter:
        self._request = request
        return request.writer

    async def write_eof(self, data: bytes = b"") -> None:
        transport = self._request.transport
        if transport is None or transport.is_closing() or transport.get_write_buffer_size():
            # Gone, which the writer tells; or it reads slowly, and the writer waits for it.
            await self._request.writer.write_eof(self._octets + data)
        else:
            transport.write(self._octets + data)

    @property
    def keep_alive(self) -> bool:
        return True

    def __repr__(self) -> str:  # the base's reads the head; and what is answered is secret
        return "<Whole answer>"


class _Template:
    """The answer of one shape for one relay, but for username, password and time."""

    def __init__(self, body: dict[str, Any], headers: dict[str, str]) -> None:
        begin, rest = msgspec.json.encode(body).split(NAME.encode())
        middle, end = rest.split(WORD.encode())
        fields = headers | {"Server": SERVER_SOFTWARE}
        lines = ["HTTP/1.1 200 OK", *(f"{name}: {value}" for name, value in fields.items())]
        self._head = "\r\n".join(lines).encode()
        self._body = (begin, middle, end)
        self._length = len(begin) + len(middle) + len(end)

    def filled(self, issued: Issued) -> bytes:
        begin, middle, end = self._body
        name, word = issued.username.encode(), issued.password.encode()
        length = self._length + len(name) + len(word)
        return b"%b\r\nDate: %b\r\nContent-Length: %d\r\n\r\n%b%b%b%b%b" % (
            self._head,
            _date(int(issued.now)),
            length,
            begin,
            name,
            middle,
            word,
            end,
        )


@lru_cache(REMEMBERED)
def _template(body: Body, uris: tuple[str, ...], ttl: int, any_page: bool) -> _Template:
    headers = responses.PLAIN | (responses.ANY_PAGE if any_page else {})
    return _Template(body(Issued(NAME, WORD, uris, ttl, 0.0)), headers)


@lru_cache(2)
def _date(now: int) -> bytes:
    return formatdate(now, usegmt=True).encode()
