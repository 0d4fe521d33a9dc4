"""Copies in a bucket of S3, or of a store that speaks as it does.

botocore is blocking, so each request runs in asyncio's pool of threads. A file of several parts is
a multipart upload: its id and the tag of each part are noted, and a later try goes on after the
last one. botocore signs, and does not retry: that is the outbox's affair.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from voip.delivery.errors import Postponed
from voip.delivery.storage.source import Source
from voip.delivery.worker import Job

CONNECT_WITHIN: Final = 10
ANSWER_WITHIN: Final = 60
"""Seconds of silence, also in the middle of a part."""
OWNER: Final = "matrix-voip-delivery"
"""The object's metadata that tell which delivery made it."""


class S3Missing(Exception):
    """The extra is not installed; the message says what to do."""


@dataclass(frozen=True, slots=True)
class S3Settings:
    endpoint: str
    """Of the store, without the bucket."""
    bucket: str
    prefix: str
    """Before each name; empty, or with a slash at its end."""
    region: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)


class S3Target:
    def __init__(self, settings: S3Settings) -> None:
        """Raises S3Missing."""
        try:
            import botocore.session  # type: ignore[import-untyped]  # noqa: F401, PLC0415  # an extra
        except ImportError:
            raise S3Missing(
                "copies in S3 need the s3 extra: pip install 'matrix-voip[s3]'"
            ) from None
        self._settings = settings
        self._client: Any = None
        self._making = threading.Lock()

    async def store(self, job: Job, source: Source, name: str) -> None:
        key = self._settings.prefix + name
        if source.parts == 1:
            body = await asyncio.to_thread(source.part, 0)
            await self._ask("put_object", Key=key, Body=body, Metadata={OWNER: job.entry.id})
            return
        upload_id = job.progress.get("upload_id")
        if upload_id is None:
            upload_id = await self._begin(job, key)
        try:
            await self._continue(job, source, key, upload_id)
        except UploadGone:
            # Completed, and the process was killed before it could note that; or aborted, by a
            # rule of the bucket for example.
            if await self._owner(key) != job.entry.id:
                await job.forget("upload_id", "etags")
                raise Postponed("the store has dropped the upload: it begins anew", 0.0) from None

    async def erase(self, name: str) -> None:
        key = self._settings.prefix + name
        await self._abort_all(key)
        await self._ask("delete_object", Key=key)

    async def _begin(self, job: Job, key: str) -> str:
        await self._abort_all(key)  # of a process that was killed before it could note the id
        answer = await self._ask("create_multipart_upload", Key=key, Metadata={OWNER: job.entry.id})
        upload_id = str(answer["UploadId"])
        await job.keep(upload_id=upload_id, etags=[])
        return upload_id

    async def _continue(self, job: Job, source: Source, key: str, upload_id: str) -> None:
        etags: list[str] = list(job.progress["etags"])
        for number in range(len(etags), source.parts):
            body = await asyncio.to_thread(source.part, number)
            answer = await self._ask(
                "upload_part", Key=key, UploadId=upload_id, PartNumber=number + 1, Body=body
            )
            etags.append(str(answer["ETag"]))
            await job.keep(etags=etags)
        parts = [{"PartNumber": n, "ETag": etag} for n, etag in enumerate(etags, start=1)]
        await self._ask(
            "complete_multipart_upload",
            Key=key,
            UploadId=upload_id,
            MultipartUpload={"Parts": parts},
        )

    async def _abort_all(self, key: str) -> None:
        answer = await self._ask("list_multipart_uploads", Prefix=key)
        for upload in answer.get("Uploads", ()):
            if upload["Key"] == key:
                await self._ask("abort_multipart_upload", Key=key, UploadId=upload["UploadId"])

    async def _owner(self, key: str) -> str | None:
        """Which delivery made the object; None where there is none."""
        try:
            answer = await self._ask("head_object", Key=key)
        except NotThere:
            return None
        owner: str | None = answer.get("Metadata", {}).get(OWNER)
        return owner

    async def _ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        call = functools.partial(self._ask_now, operation, parameters)
        return await asyncio.to_thread(call)

    def _ask_now(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """The texts of botocore's errors may hold addresses, so they are not passed on."""
        from botocore.exceptions import (  # type: ignore[import-untyped]  # noqa: PLC0415
            BotoCoreError,
            ClientError,
        )

        try:
            method: Callable[..., dict[str, Any]] = getattr(self._made(), operation)
            return method(Bucket=self._settings.bucket, **parameters)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))[:60]
            if code == "NoSuchUpload":
                raise UploadGone from None
            if operation == "head_object" and code in {"404", "NoSuchKey"}:
                raise NotThere from None
            raise Postponed(f"the S3 store refuses {operation}: {code}") from None
        except BotoCoreError as error:
            raise Postponed(f"the S3 store cannot be asked ({type(error).__name__})") from None

    def _made(self) -> Any:
        """The client: made once, which takes a third of a second, and shared by the threads."""
        from botocore.config import Config  # type: ignore[import-untyped]  # noqa: PLC0415
        from botocore.session import Session  # noqa: PLC0415

        with self._making:
            if self._client is None:
                settings = self._settings
                self._client = Session().create_client(
                    "s3",
                    region_name=settings.region,
                    endpoint_url=settings.endpoint,
                    aws_access_key_id=settings.access_key,
                    aws_secret_access_key=settings.secret_key,
                    config=Config(
                        signature_version="s3v4",
                        connect_timeout=CONNECT_WITHIN,
                        read_timeout=ANSWER_WITHIN,
                        retries={"total_max_attempts": 1},
                        s3={"addressing_style": "path"},
                        # Stores other than Amazon's know only the older checksums.
                        request_checksum_calculation="when_required",
                        response_checksum_validation="when_required",
                    ),
                )
            return self._client


class UploadGone(Exception):
    """The store knows the multipart upload no more."""


class NotThere(Exception):
    """There is no such object."""
