"""`matrix-turn key`: what its commands do and print."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from turn.asking import Terms
from turn.issuing import ID_PREFIX
from turn.keys.model import (
    ID_BYTES,
    SECRET_BYTES,
    Holder,
    KeyRecord,
    KeyText,
    Scopes,
    make_id,
    make_key,
)
from turn.keys.store import KeyStore, KeyStoreError
from turn.limits.model import SECONDS, Allowance
from turn.settings_sources import SettingsError, keys_file
from turn.settings_values import REGION

DONE, FAILED, WRONG_INPUT = 0, 1, 2
ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?|https?://\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
"""RFC 6454 section 6.1, as browsers send it: no path."""
LONGEST_NAME = 100


class WrongOption(Exception):
    """Something on the command line; the text says what to write."""


@dataclass(frozen=True, slots=True)
class KeyOptions:
    """What `key make` was given."""

    name: str
    ttl: int | None
    longest_ttl: int
    regions: tuple[str, ...]
    rate: str | None
    quota: str | None
    id_prefix: str
    origins: tuple[str, ...]

    def scopes(self) -> Scopes:
        """Raises WrongOption."""
        if not self.name.strip() or len(self.name) > LONGEST_NAME or not self.name.isprintable():
            raise WrongOption(f"the name must be 1 to {LONGEST_NAME} characters of one line")
        ttl = self.longest_ttl if self.ttl is None else self.ttl
        if ttl > self.longest_ttl:
            raise WrongOption("--ttl must not be more than --longest-ttl")
        if not ID_PREFIX.fullmatch(self.id_prefix):
            raise WrongOption("--id-prefix must be at most 64 letters, digits and . _ -")
        if not all(REGION.fullmatch(region) for region in self.regions):
            raise WrongOption("--region must be the name of a region in the settings, such as eu")
        if not all(ORIGIN.fullmatch(origin) for origin in self.origins):
            raise WrongOption("--origin must be like https://meet.example.org, without a path")
        rate, quota = _allowance("--rate", self.rate), _allowance("--quota", self.quota)
        terms = Terms(ttl, self.longest_ttl, self.regions, rate, quota)
        return Scopes(terms, self.id_prefix, self.origins)


def make_command(
    options: KeyOptions, file: Path | None, config: Path | None, *, as_json: bool
) -> int:
    """Make a key and print it."""

    def work(store: KeyStore, now: int) -> None:
        scopes = options.scopes()
        holder = Holder(make_id(os.urandom(ID_BYTES)), options.name, scopes, now)
        key = _new_key()
        store.add(holder, KeyRecord(key.id, key.digest, now))
        _print_new(key, holder, None, as_json=as_json)

    return _guarded(work, file, config)


def rotate_command(
    named: str, overlap: str, file: Path | None, config: Path | None, *, as_json: bool
) -> int:
    """Print a new key, and when the old one ends."""

    def work(store: KeyStore, now: int) -> None:
        ends = now + _seconds(overlap)
        holder, _ = store.holder(named)
        key = _new_key()
        store.rotate(holder.id, KeyRecord(key.id, key.digest, now), old_ends=ends, now=now)
        _print_new(key, holder, ends, as_json=as_json)

    return _guarded(work, file, config)


def revoke_command(named: str, file: Path | None, config: Path | None, *, as_json: bool) -> int:
    """End one key or all of a holder."""

    def work(store: KeyStore, now: int) -> None:
        holder, keys = store.holder(named)
        ended = [key.id for key in keys if key.id == named]
        if ended:
            store.revoke_key(named, now)
            text = f"the key {named} of {holder.name} has ended"
        else:
            store.remove(holder.id)
            ended = [key.id for key in keys]
            text = f"{holder.name} is removed with its keys: {', '.join(ended)}"
        _write(json.dumps({"holder": holder.id, "ended": ended}) if as_json else text)

    return _guarded(work, file, config)


def list_command(file: Path | None, config: Path | None, *, as_json: bool) -> int:
    """Print everybody."""

    def work(store: KeyStore, now: int) -> None:
        everybody = store.holders()
        if as_json:
            _write(json.dumps([_fields(holder, keys, now) for holder, keys in everybody]))
        else:
            Console().print(_table(everybody, now))

    return _guarded(work, file, config)


def _guarded(work: Callable[[KeyStore, int], None], file: Path | None, config: Path | None) -> int:
    try:
        work(KeyStore(_path(file, config)), int(time.time()))
    except (WrongOption, SettingsError) as error:
        sys.stderr.write(f"matrix-turn: {error}\n")
        return WRONG_INPUT
    except KeyStoreError as error:
        sys.stderr.write(f"matrix-turn: {error}\n")
        return FAILED
    return DONE


def _path(file: Path | None, config: Path | None) -> Path:
    path = file or keys_file(config)
    if path is None:
        raise WrongOption("say which file the keys are in: --keys-file, or TURN_KEYS_FILE")
    return path


def _new_key() -> KeyText:
    return make_key(os.urandom(ID_BYTES + SECRET_BYTES))


def _allowance(option: str, text: str | None) -> Allowance | None:
    try:
        return None if text is None else Allowance.parse(text)
    except ValueError as error:
        raise WrongOption(f"{option} {error}") from None


def _seconds(text: str) -> int:
    match = re.fullmatch(r"(\d{1,6})([smhd])?", text.strip())
    if match is None:
        raise WrongOption("--overlap must be a time such as 30m, 12h or 7d")
    return int(match[1]) * SECONDS[match[2] or "s"]


def _print_new(key: KeyText, holder: Holder, old_ends: int | None, *, as_json: bool) -> None:
    if as_json:
        ends = None if old_ends is None else _time(old_ends)
        found = {"key": str(key), "id": key.id, "holder": holder.id, "name": holder.name}
        _write(json.dumps(found | {"old_keys_end": ends}))
        return
    # The key alone on stdout, so that it can go straight into a file.
    _write(str(key))
    _tell(f"This is the key of {holder.name}; it is shown once, as only its hash is kept.")
    _tell(
        f"Its holder's id, which the shapes of Twilio and Cloudflare have in the path: {holder.id}"
    )
    if old_ends is not None:
        _tell(f"The old key ends at {_time(old_ends)}.")


def _fields(holder: Holder, keys: list[KeyRecord], now: int) -> dict[str, Any]:
    scopes, terms = holder.scopes, holder.scopes.terms
    return {
        "holder": holder.id,
        "name": holder.name,
        "created": _time(holder.created),
        "ttl": terms.ttl,
        "longest_ttl": terms.longest_ttl,
        "regions": list(terms.regions),
        "rate": None if terms.rate is None else str(terms.rate),
        "quota": None if terms.quota is None else str(terms.quota),
        "id_prefix": scopes.id_prefix,
        "origins": list(scopes.origins),
        "keys": [
            {
                "id": key.id,
                "created": _time(key.created),
                "ends": None if key.ends is None else _time(key.ends),
                "valid": key.valid(now),
            }
            for key in keys
        ],
    }


def _table(everybody: list[tuple[Holder, list[KeyRecord]]], now: int) -> Table:
    table = Table(box=None, pad_edge=False)
    for head in ("name", "holder", "keys", "longest ttl", "rate", "quota", "regions"):
        table.add_column(head, overflow="fold")
    for holder, keys in everybody:
        terms = holder.scopes.terms
        table.add_row(
            holder.name,
            holder.id,
            "\n".join(_state(key, now) for key in keys),
            str(terms.longest_ttl),
            "-" if terms.rate is None else str(terms.rate),
            "-" if terms.quota is None else str(terms.quota),
            ", ".join(terms.regions) or "all",
        )
    return table


def _state(key: KeyRecord, now: int) -> str:
    if not key.valid(now):
        return f"{key.id} ended"
    return key.id if key.ends is None else f"{key.id} until {_time(key.ends)}"


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
