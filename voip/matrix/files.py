"""Files in rooms: upload, post, fetch; encrypted where the room is ("Sending encrypted files")."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nio.crypto import (  # type: ignore[import-untyped]  # 0.26 ships no types
    async_encrypt_attachment,
    decrypt_attachment,
)

from voip.matrix.backoff import until_done
from voip.matrix.errors import (
    DownloadError,
    RequestRefusedError,
    TransientError,
    UploadRefusedError,
)
from voip.matrix.http import Json, escaped
from voip.matrix.session import Session

UPLOAD = "/_matrix/media/v3/upload"
DOWNLOAD = "/_matrix/client/v1/media/download"
CHUNK = 1 << 17
UPLOAD_TIMEOUT = 600.0
"""Seconds for one try; recordings are large and links are slow."""
UPLOAD_WITHIN = 1800.0
DOWNLOAD_TIMEOUT = 120.0
LARGEST_DOWNLOAD = 200 << 20
WAVEFORM_TOP = 1024
"""The largest value of a waveform (MSC1767)."""


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A recording to post."""

    path: Path
    mimetype: str
    """`audio/…` is posted as m.audio, `video/…` as m.video, anything else as m.file."""
    name: str
    """The file name that people see."""
    duration: float = 0.0
    """Seconds."""
    width: int | None = None
    height: int | None = None
    waveform: Sequence[int] = ()
    """Loudness over time, 0 to 1024, about a hundred values (MSC1767)."""
    voice: bool = False
    """Show it as a voice message (MSC3245). Clients expect Ogg Opus then."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """Where the homeserver keeps a file, as event content names it: `url`, or `file` with keys."""

    fields: Json
    size: int


class Files:
    """Uploads and downloads of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def upload(
        self, file: MediaFile, *, encrypted: bool, within: float = UPLOAD_WITHIN
    ) -> Uploaded:
        """Stream a file from disk to the homeserver, through transient errors.

        :raises UploadRefusedError: too large, over quota, or not allowed.
        :param within: seconds within which another try may begin; 0 for a single one.
        :raises TransientError: not done by then.
        :raises OSError: the file cannot be read.
        """
        size = (await asyncio.to_thread(file.path.stat)).st_size

        async def once() -> Uploaded:
            return await self._upload_once(file, size, encrypted)

        try:
            return await until_done(once, within)
        except RequestRefusedError as error:
            raise _upload_refused(file, size, error) from error

    async def _upload_once(self, file: MediaFile, size: int, encrypted: bool) -> Uploaded:
        secret: Json = {}
        data = _encrypted(file.path, secret) if encrypted else _chunks(file.path)
        # An encrypted file tells the server neither its kind nor its name.
        kind = "application/octet-stream" if encrypted else file.mimetype
        answer = await self._session.request(
            "POST",
            UPLOAD,
            params=None if encrypted else {"filename": file.name},
            data=data,
            headers={"Content-Type": kind, "Content-Length": str(size)},
            timeout=UPLOAD_TIMEOUT,
        )
        uri = answer.get("content_uri")
        if not isinstance(uri, str):
            raise TransientError("The homeserver took a file and did not say where it is")
        return Uploaded({"file": {**secret, "url": uri}} if encrypted else {"url": uri}, size)

    async def download(self, content: Mapping[str, Any], to: Path) -> Path:
        """Fetch the file that event content names, decrypted and checked, into `to`.

        :raises DownloadError: it cannot be fetched, is too large, or was tampered with.
        """
        secret = content.get("file")
        source = secret if isinstance(secret, dict) else content
        server, media_id = _mxc(source.get("url"))
        part = to.with_name(f".{to.name}.{secrets.token_hex(4)}")
        try:
            await self._fetch(server, media_id, part)
            if isinstance(secret, dict):
                await asyncio.to_thread(_decrypt, part, secret)
            await asyncio.to_thread(os.replace, part, to)
        finally:
            await asyncio.to_thread(part.unlink, missing_ok=True)
        return to

    async def _fetch(self, server: str, media_id: str, part: Path) -> None:
        where = DOWNLOAD + escaped(server, media_id)
        try:
            await until_done(lambda: self._stream(where, part), DOWNLOAD_TIMEOUT)
        except (RequestRefusedError, TransientError) as error:
            raise DownloadError(f"The file cannot be fetched: {error}") from error

    async def _stream(self, where: str, part: Path) -> None:
        token = await self._session.token()
        opened = self._session.http.open("GET", where, token=token, timeout=DOWNLOAD_TIMEOUT)
        async with opened as response:
            out = await asyncio.to_thread(part.open, "wb")
            try:
                size = 0
                async for chunk in response.content.iter_chunked(CHUNK):
                    size += len(chunk)
                    if size > LARGEST_DOWNLOAD:
                        raise DownloadError("The file is larger than we fetch (200 MiB)")
                    await asyncio.to_thread(out.write, chunk)
            finally:
                await asyncio.to_thread(out.close)


def media_content(file: MediaFile, uploaded: Uploaded) -> Json:
    """The content of the `m.room.message` that shows a file."""
    duration_ms = round(file.duration * 1000)
    kind = file.mimetype.partition("/")[0]
    info: Json = {"mimetype": file.mimetype, "size": uploaded.size}
    if kind in {"audio", "video"}:
        info["duration"] = duration_ms
    if kind == "video" and file.width and file.height:
        info |= {"w": file.width, "h": file.height}
    content: Json = {
        "msgtype": f"m.{kind}" if kind in {"audio", "video"} else "m.file",
        "body": file.name,
        "filename": file.name,
        "info": info,
        **uploaded.fields,
    }
    if kind == "audio" and file.waveform:
        waveform = [min(WAVEFORM_TOP, max(0, int(value))) for value in file.waveform]
        content["org.matrix.msc1767.audio"] = {"duration": duration_ms, "waveform": waveform}
    if kind == "audio" and file.voice:
        content["org.matrix.msc3245.voice"] = {}
    return content


async def _chunks(file: Path) -> AsyncIterator[bytes]:
    """The file is closed before its last chunk leaves: once the homeserver has that, it answers,
    and aiohttp asks for no more."""
    source = await asyncio.to_thread(file.open, "rb")
    try:
        chunk = await asyncio.to_thread(source.read, CHUNK)
        while following := await asyncio.to_thread(source.read, CHUNK):
            yield chunk
            chunk = following
    finally:
        await asyncio.to_thread(source.close)
    yield chunk


async def _encrypted(file: Path, secret: Json) -> AsyncIterator[bytes]:
    """The ciphertext; `secret` holds what opens it before the last chunk leaves (see `_chunks`)."""
    last = b""
    async for part in async_encrypt_attachment(_chunks(file)):
        if isinstance(part, dict):
            secret.update(part)
            continue
        if last:
            yield last
        last = part
    yield last


def _decrypt(part: Path, secret: Json) -> None:
    """In place, on a thread. The hash is checked before anything is written."""
    try:
        key, digest, start = secret["key"]["k"], secret["hashes"]["sha256"], secret["iv"]
        plain = decrypt_attachment(part.read_bytes(), key, digest, start)
    except Exception as error:  # nio raises its own, KeyError and TypeError on odd content
        raise DownloadError("The encrypted file is not what its event says") from error
    part.write_bytes(plain)


def _mxc(url: object) -> tuple[str, str]:
    if isinstance(url, str) and url.startswith("mxc://"):
        server, _, media_id = url.removeprefix("mxc://").partition("/")
        if server and media_id and "/" not in media_id:
            return server, media_id
    raise DownloadError("The event names no file")


def _upload_refused(file: MediaFile, size: int, error: RequestRefusedError) -> UploadRefusedError:
    kept = f"The file is kept at {file.path}."
    if error.errcode == "M_TOO_LARGE" or error.status == 413:
        return UploadRefusedError(
            f"The homeserver takes no file of {size >> 20} MiB: raise its upload limit "
            f"(max_upload_size of Synapse, or of the proxy before it). {kept}"
        )
    return UploadRefusedError(f"The homeserver does not take the file ({error}). {kept}")
