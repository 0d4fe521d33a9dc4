"""Whether a certificate and its key can be used by a relay, before it is started with them."""

from __future__ import annotations

import ssl
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from cryptography import x509


def tls_problems(certificate: Path, key: Path, now: datetime) -> list[str]:
    """A sentence for each thing to put right. Reads both files; blocking."""
    try:
        return [*_of_key(key), *_of_pair(certificate, key), *_of_dates(certificate, now)]
    except OSError as error:
        return [f"{error.filename} cannot be read: {error.strerror}"]


def _of_key(key: Path) -> Iterator[str]:
    if key.stat().st_mode & (stat.S_IRWXO | stat.S_IWGRP):
        yield (
            f"{key} is a private key, and other users of this machine may read or change it:"
            f" chmod 640 {key}, with the relay's group"
        )


def _of_pair(certificate: Path, key: Path) -> Iterator[str]:
    certificate.open("rb").close()  # ssl's own errors name no file
    key.open("rb").close()
    try:
        # coturn would need the password in its configuration: an empty one is tried, and no other.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        reason = (error.reason or "").replace("_", " ").lower() or "an encrypted key"
        yield (
            f"{certificate} and {key} do not go together ({reason}): give the full chain in PEM,"
            " and its own key without a password"
        )


def _of_dates(certificate: Path, now: datetime) -> Iterator[str]:
    try:
        first = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    except ValueError:
        yield f"{certificate} is no certificate in PEM"
        return
    if now > first.not_valid_after_utc:
        yield f"{certificate} ended on {first.not_valid_after_utc:%Y-%m-%d}: renew it"
    if now < first.not_valid_before_utc:
        yield f"{certificate} begins only on {first.not_valid_before_utc:%Y-%m-%d}"
