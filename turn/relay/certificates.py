"""The certificate of the TLS ports, which is renewed while the relay runs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

EVERY: Final = 30.0
"""Seconds between two looks at the files."""
_log = logging.getLogger(__name__)


class BadCertificate(ValueError):
    """The files are no certificate with its key; the text says why."""


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """PEM, as every authority gives them out."""

    chain: Path
    key: Path

    def load(self, context: ssl.SSLContext) -> None:
        """Connections from now on get what the files hold. Raises BadCertificate."""
        try:
            context.load_cert_chain(self.chain, self.key)
        except (OSError, ssl.SSLError) as error:
            why = error.reason if isinstance(error, ssl.SSLError) else error.strerror
            raise BadCertificate(
                f"{self.chain} and {self.key} are no certificate with its key: {why}"
            ) from None

    def state(self) -> tuple[int, ...] | None:
        """What changes when a file is replaced; None while one is missing."""
        try:
            found = [path.stat() for path in (self.chain, self.key)]
        except OSError:
            return None
        return tuple(number for each in found for number in (each.st_mtime_ns, each.st_size))


@asynccontextmanager
async def renewing(
    context: ssl.SSLContext, files: CertificateFiles, every: float = EVERY
) -> AsyncIterator[None]:
    """Load the files again when they change; while they are wrong, the old certificate stays."""
    task = asyncio.create_task(_renew(context, files, every), name="relay certificate")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _renew(context: ssl.SSLContext, files: CertificateFiles, every: float) -> None:
    loaded = await asyncio.to_thread(files.state)
    while True:
        await asyncio.sleep(every)
        now = await asyncio.to_thread(files.state)
        if now in {loaded, None}:
            continue
        loaded = now
        try:
            # A try with a context of its own: half a pair would break the one that works.
            await asyncio.to_thread(files.load, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
            files.load(context)
        except BadCertificate as error:
            _log.warning("the certificate stays as it is: %s", error)
        else:
            _log.info("the renewed certificate is in use")
