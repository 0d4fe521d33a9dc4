"""A file to be copied, in parts of equal length, sealed or as it is. Any part can be read by
itself: that is how a copy goes on where it broke off. Everything here blocks."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from voip.delivery.storage.sealing import CHUNK, SUFFIX, Sealer, new_salt
from voip.store.outbox_records import Fields

PART: Final = 128 * CHUNK
"""Bytes of the file in a part: 8 MiB. S3 takes 5 MiB and more, and 10,000 parts."""


@dataclass(frozen=True, slots=True)
class Source:
    path: Path
    size: int
    modified_ns: int
    sealer: Sealer | None

    @classmethod
    def of(cls, path: Path, key: bytes | None, before: Fields | None) -> Self:
        """The file as it is now.

        :param before: what `as_fields` said in an earlier try.
        :raises OSError: it cannot be read.
        """
        stat = path.stat()
        same = before is not None and (before["size"], before["modified_ns"]) == (
            stat.st_size,
            stat.st_mtime_ns,
        )
        salt = bytes.fromhex(before["salt"]) if before is not None and same else new_salt()
        sealer = None if key is None else Sealer(key, salt)
        return cls(path, stat.st_size, stat.st_mtime_ns, sealer)

    def as_fields(self) -> dict[str, Any]:
        salt = "" if self.sealer is None else self.sealer.header[-32:].hex()
        return {"size": self.size, "modified_ns": self.modified_ns, "salt": salt}

    @property
    def suffix(self) -> str:
        return "" if self.sealer is None else SUFFIX

    @property
    def parts(self) -> int:
        """One at least."""
        return max(1, -(-self.size // PART))

    def part(self, number: int) -> bytes:
        """Raises OSError, also where the file has changed since."""
        with self.path.open("rb") as file:
            file.seek(number * PART)
            data = file.read(PART)
            stat = os.fstat(file.fileno())
        if (stat.st_size, stat.st_mtime_ns) != (self.size, self.modified_ns):
            raise OSError(0, "it has changed while it was copied")
        if self.sealer is None:
            return data
        first = number * PART // CHUNK
        chunks = [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)] or [b""]
        ends_here = number == self.parts - 1
        sealed = [
            self.sealer.seal(chunk, first + n, last=ends_here and n == len(chunks) - 1)
            for n, chunk in enumerate(chunks)
        ]
        return (self.sealer.header if number == 0 else b"") + b"".join(sealed)
