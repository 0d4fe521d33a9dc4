"""`voip recordings decrypt`: opens a copy that was sealed for a storage target."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from rich.console import Console
from rich.progress import Progress

from voip.delivery.storage.sealing import SUFFIX, SealError, read_key, unseal
from voip.service.recordings_command import complain, guarded, size, write_json
from voip.service.running import Exit
from voip.service.settings_sources import SettingsError, secret_alone


@dataclass(frozen=True, slots=True)
class DecryptOptions:
    """The command's options as they were given."""

    file: Path
    output: Path | None = None
    key_file: Path | None = None
    json: bool = False


def decrypt_command(options: DecryptOptions, config: Path | None) -> Exit:
    return guarded(lambda: _decrypt(options, config))


def _decrypt(options: DecryptOptions, config: Path | None) -> Exit:
    output = options.output or _without_suffix(options.file)
    if output is None:
        return complain(f"{options.file} does not end in {SUFFIX}: name --output", Exit.WRONG_INPUT)
    if output.exists():
        return complain(f"{output} exists, and is not written over", Exit.FAILED)
    key = _key(options, config)
    beside = output.with_name(f".{output.name}.new")
    try:
        with options.file.open("rb") as source:
            written = _write(source, beside, key)
        beside.replace(output)
    except SealError as error:
        return complain(f"{options.file}: {error}", Exit.FAILED)
    finally:
        beside.unlink(missing_ok=True)
    if options.json:
        write_json({"file": str(output), "bytes": written})
    else:
        sys.stdout.write(f"{output}  {size(written)}\n")
    return Exit.DONE


def _write(source: BinaryIO, beside: Path, key: bytes) -> int:
    """What is written is for the owner's eyes, as the recordings are. The bytes written."""
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    total = os.fstat(source.fileno()).st_size
    with (
        os.fdopen(handle, "wb") as out,
        Progress(console=Console(stderr=True), transient=True) as progress,
    ):
        task = progress.add_task("decrypting", total=total)
        for chunk in unseal(source, key):
            out.write(chunk)
            progress.update(task, completed=out.tell())
        return out.tell()


def _key(options: DecryptOptions, config: Path | None) -> bytes:
    """Raises SettingsError."""
    if options.key_file is not None:
        text = options.key_file.read_text("utf-8", errors="replace")
    else:
        text = secret_alone("store_key", config) or ""
        if not text:
            raise SettingsError(
                ["VOIP_STORE_KEY is missing: set it, or name a file with the key (--key-file)"]
            )
    try:
        return read_key(text)
    except ValueError as error:
        raise SettingsError([f"the key {error}"]) from None


def _without_suffix(path: Path) -> Path | None:
    return path.with_suffix("") if path.suffix == SUFFIX else None
