"""Which TLS versions a relay accepts that nobody should speak any more (RFC 8996)."""

from __future__ import annotations

import asyncio
import ssl
import warnings

from turn.audit.model import Finding, Verdict
from turn.client.errors import Closed, NoAnswer, RelayError, TlsFailed
from turn.client.links import Address, open_tcp, start_tls

OLD = (
    (ssl.TLSVersion.TLSv1, "TLS 1.0", "no-tlsv1"),
    (ssl.TLSVersion.TLSv1_1, "TLS 1.1", "no-tlsv1_1"),
)


async def old_versions(address: Address, host: str, timeout: float) -> list[Finding]:
    found = await asyncio.gather(*(_version(address, host, each, timeout) for each in OLD))
    return list(found)


async def _version(
    address: Address, host: str, old: tuple[ssl.TLSVersion, str, str], timeout: float
) -> Finding:
    version, name, close = old
    try:
        context = await asyncio.to_thread(_only, version)
    except (ssl.SSLError, ValueError):
        return Finding(name, Verdict.UNKNOWN, "this machine's OpenSSL does not speak it")
    try:
        link = await open_tcp(address, timeout)
    except RelayError as error:
        return Finding(name, Verdict.UNKNOWN, str(error))
    try:
        await start_tls(link, context, host, timeout)
    except (TlsFailed, Closed):
        return Finding(name, Verdict.CLOSED, "refused")
    except NoAnswer:  # to a new version the same port has answered
        return Finding(name, Verdict.CLOSED, "not answered")
    except RelayError as error:
        return Finding(name, Verdict.UNKNOWN, str(error))
    link.close()
    return Finding(name, Verdict.OPEN, "accepted", (close,))


def _only(version: ssl.TLSVersion) -> ssl.SSLContext:
    """Of the certificate nothing is checked: nothing is said over this connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that it is old is the point
        context.minimum_version = context.maximum_version = version
    # OpenSSL offers the old versions only below its first security level.
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context
