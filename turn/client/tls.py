"""What a relay's TLS looks like to a client that checks it, as browsers do."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from turn.client.errors import TlsFailed, TlsFault

__all__ = ["CertificateFacts", "TlsFailed", "client_context", "facts_of", "fault_of"]

# X509_V_ERR_* of OpenSSL's x509_vfy.h; Python gives the number only.
NOT_YET_VALID, EXPIRED = 9, 10
SELF_SIGNED = {18, 19}
UNKNOWN_ISSUER = {2, 20, 21}
WRONG_NAME = {62, 64}


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """Of a certificate that was found good."""

    version: str
    """Of TLS, such as `TLSv1.3`."""
    not_after: datetime

    def days_left(self, now: float) -> int:
        """Whole days from ``now`` (Unix time, seconds) until it expires."""
        return (self.not_after - datetime.fromtimestamp(now, UTC)).days


def client_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """Checks chain and name. ``ca_file`` is trusted in addition to the system's authorities.

    Blocks on the disk. Raises OSError where the file cannot be read as certificates.
    """
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


def fault_of(error: Exception) -> TlsFault:
    if not isinstance(error, ssl.SSLCertVerificationError):
        return TlsFault.NO_TLS
    code = error.verify_code
    if code == EXPIRED:
        return TlsFault.EXPIRED
    if code == NOT_YET_VALID:
        return TlsFault.NOT_YET_VALID
    if code in WRONG_NAME:
        return TlsFault.WRONG_NAME
    if code in SELF_SIGNED:
        return TlsFault.SELF_SIGNED
    return TlsFault.UNKNOWN_ISSUER if code in UNKNOWN_ISSUER else TlsFault.OTHER_CERTIFICATE


def facts_of(ssl_object: ssl.SSLObject) -> CertificateFacts:
    """Of a finished handshake that checked the certificate."""
    certificate = ssl_object.getpeercert() or {}
    seconds = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    return CertificateFacts(ssl_object.version() or "?", datetime.fromtimestamp(seconds, UTC))
