"""An imitation of an S3 store: objects, multipart uploads, and signatures checked by an
implementation of its own, written from "Authenticating Requests (AWS Signature Version 4)".

It is no S3: what a real store does beside that is not tested by it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote
from xml.etree import ElementTree

from aiohttp import web
from aiohttp.test_utils import TestServer

ACCESS, SECRET, REGION, BUCKET = "AKIDTEST", "the secret of the tests", "eu-test-1", "calls"
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
ETAG = f"{{{NAMESPACE}}}ETag"
SMALLEST_PART = 5 << 20
"""Bytes; the last part may be smaller."""


@dataclass
class Upload:
    key: str
    owner: str
    parts: dict[int, bytes] = field(default_factory=dict)


def signed_as_it_should(request: web.Request, body: bytes) -> bool:
    match = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, "
        r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})",
        request.headers.get("Authorization", ""),
    )
    if match is None or (match[1], match[3]) != (ACCESS, REGION):
        return False
    payload = request.headers["x-amz-content-sha256"]
    if payload not in {hashlib.sha256(body).hexdigest(), "UNSIGNED-PAYLOAD"}:
        return False
    query = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in request.query.items())
    canonical = "\n".join(
        [
            request.method,
            quote(request.path, safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in query),
            *(f"{name}:{request.headers[name].strip()}" for name in match[4].split(";")),
            "",
            match[4],
            payload,
        ]
    )
    scope = f"{match[2]}/{REGION}/s3/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, hashed])
    key = f"AWS4{SECRET}".encode()
    for part in (match[2], REGION, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.compare_digest(hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), match[5])


class S3Imitation:
    """`before` is called with each operation's name, and may return a status to fail with."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, str]] = {}
        self.uploads: dict[str, Upload] = {}
        self.asked: list[str] = []
        self.before: Callable[[str], int | None] = lambda _: None
        self.after: Callable[[str], None] = lambda _: None
        self.hang_after: tuple[str, int] | None = None
        """Take so many of this operation, and be silent about the last."""
        self.silent = asyncio.Event()
        self._closing = asyncio.Event()
        self._numbers = itertools.count(1)
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", f"/{BUCKET}", self._answer)
        app.router.add_route("*", f"/{BUCKET}/{{key:.*}}", self._answer)
        self._server = TestServer(app, host="127.0.0.1")

    @property
    def url(self) -> str:
        return str(self._server.make_url("")).rstrip("/")

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if not signed_as_it_should(request, body):
            return problem(403, "SignatureDoesNotMatch")
        operation = operation_of(request)
        self.asked.append(operation)
        if (status := self.before(operation)) is not None:
            return problem(status, "SlowDown" if status == 503 else "AccessDenied")
        answer = getattr(self, f"_{operation}")(request, body)
        self.after(operation)
        if self.hang_after == (operation, self.asked.count(operation)):
            self.silent.set()
            await self._closing.wait()
        assert isinstance(answer, web.StreamResponse)
        return answer

    def _put(self, request: web.Request, body: bytes) -> web.Response:
        self.objects[request.match_info["key"]] = body, owner_of(request)
        return web.Response(headers={"ETag": etag(body)})

    def _head(self, request: web.Request, _: bytes) -> web.Response:
        found = self.objects.get(request.match_info["key"])
        if found is None:
            return web.Response(status=404)
        return web.Response(headers={"x-amz-meta-matrix-voip-delivery": found[1]})

    def _delete(self, request: web.Request, _: bytes) -> web.Response:
        self.objects.pop(request.match_info["key"], None)
        return web.Response(status=204)

    def _create(self, request: web.Request, _: bytes) -> web.Response:
        upload_id = f"upload-{next(self._numbers)}"
        self.uploads[upload_id] = Upload(request.match_info["key"], owner_of(request))
        return xml("InitiateMultipartUploadResult", f"<UploadId>{upload_id}</UploadId>")

    def _list(self, request: web.Request, _: bytes) -> web.Response:
        found = "".join(
            f"<Upload><Key>{upload.key}</Key><UploadId>{upload_id}</UploadId></Upload>"
            for upload_id, upload in self.uploads.items()
            if upload.key.startswith(request.query["prefix"])
        )
        return xml("ListMultipartUploadsResult", found)

    def _part(self, request: web.Request, body: bytes) -> web.Response:
        upload = self.uploads.get(request.query["uploadId"])
        if upload is None:
            return problem(404, "NoSuchUpload")
        upload.parts[int(request.query["partNumber"])] = body
        return web.Response(headers={"ETag": etag(body)})

    def _complete(self, request: web.Request, body: bytes) -> web.Response:
        upload = self.uploads.get(request.query["uploadId"])
        if upload is None:
            return problem(404, "NoSuchUpload")
        named = [
            (int(part.findtext(f"{{{NAMESPACE}}}PartNumber", "")), part.findtext(ETAG))
            for part in ElementTree.fromstring(body)  # noqa: S314  # botocore wrote it
        ]
        if named != [(number, etag(part)) for number, part in sorted(upload.parts.items())]:
            return problem(400, "InvalidPart")
        if any(len(upload.parts[number]) < SMALLEST_PART for number, _ in named[:-1]):
            return problem(400, "EntityTooSmall")
        whole = b"".join(part for _, part in sorted(upload.parts.items()))
        self.objects[upload.key] = whole, upload.owner
        del self.uploads[request.query["uploadId"]]
        return xml("CompleteMultipartUploadResult", f"<Key>{upload.key}</Key>")

    def _abort(self, request: web.Request, _: bytes) -> web.Response:
        self.uploads.pop(request.query["uploadId"], None)
        return web.Response(status=204)

    async def __aenter__(self) -> S3Imitation:
        await self._server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        await self._server.close()


def operation_of(request: web.Request) -> str:
    query = request.query
    match request.method:
        case "PUT":
            return "part" if "partNumber" in query else "put"
        case "POST":
            return "create" if "uploads" in query else "complete"
        case "GET":
            return "list"
        case "DELETE":
            return "abort" if "uploadId" in query else "delete"
    return "head"


def owner_of(request: web.Request) -> str:
    return request.headers.get("x-amz-meta-matrix-voip-delivery", "")


def etag(body: bytes) -> str:
    return f'"{hashlib.md5(body).hexdigest()}"'  # noqa: S324  # what S3 does


def xml(name: str, inside: str) -> web.Response:
    text = f'<{name} xmlns="{NAMESPACE}">{inside}</{name}>'
    return web.Response(text=text, content_type="application/xml")


def problem(status: int, code: str) -> web.Response:
    text = f"<Error><Code>{code}</Code><Message>no</Message></Error>"
    return web.Response(status=status, text=text, content_type="application/xml")
