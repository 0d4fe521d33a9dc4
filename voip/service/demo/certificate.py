"""A certificate that this machine makes for itself, so that a phone may use its microphone.

Browsers give the microphone to pages with TLS alone, and to loopback.
"""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID = timedelta(days=365)
"""Phones refuse certificates that are valid for much more than two years."""
RENEW = timedelta(days=7)


@dataclass(frozen=True)
class Certificate:
    context: ssl.SSLContext
    fingerprint: str
    """SHA-256, as browsers show it: a person can compare before trusting it."""


def certificate_for(address: str, data_dir: Path) -> Certificate:
    """The one in the data folder while it fits and lasts, else a new one. Blocks on the disk."""
    path = data_dir / "certificate.pem"
    certificate = _read(path)
    if certificate is None or not _fits(certificate, address):
        certificate = _make(address, path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return Certificate(context, certificate.fingerprint(hashes.SHA256()).hex(":").upper())


def _read(path: Path) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return None


def _fits(certificate: x509.Certificate, address: str) -> bool:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    known = names.get_values_for_type(x509.IPAddress)
    lasts = certificate.not_valid_after_utc > datetime.now(UTC) + RENEW
    return lasts and ipaddress.ip_address(address) in known


def _make(address: str, path: Path) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "voip demo")])
    now = datetime.now(UTC)
    names: list[x509.GeneralName] = [x509.IPAddress(ipaddress.ip_address(address))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # phones' clocks differ
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.touch(mode=0o600)
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return certificate
