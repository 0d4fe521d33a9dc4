"""Other sides of a call for tests: bare aiortc, with what real clients do differently."""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiortc import (
    AudioStreamTrack,
    RTCBundlePolicy,
    RTCCertificate,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from OpenSSL import SSL


class RsaCertificate(RTCCertificate):
    """As GStreamer's dtlsenc makes one: RSA, and no ECDSA cipher suite is offered for it."""

    def __init__(self) -> None:
        key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "rsa peer")])
        now = datetime.datetime.now(tz=datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .sign(key, hashes.SHA256())
        )
        super().__init__(key=key, cert=certificate)  # type: ignore[arg-type]  # aiortc types EC

    def _create_ssl_context(self, srtp_profiles: Any) -> SSL.Context:
        context = super()._create_ssl_context(srtp_profiles)
        context.set_cipher_list(b"ECDHE+aRSA:DHE+aRSA:ECDHE+aECDSA")
        return context


class BareClient:
    """A bare aiortc connection that sends silence."""

    def __init__(self, certificate: RTCCertificate | None = None) -> None:
        # Else aiortc leaves a second video on a transport of its own, though all are bundled.
        bundle = RTCBundlePolicy.MAX_BUNDLE
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=bundle))
        if certificate is not None:
            self.pc._RTCPeerConnection__certificates = [certificate]  # type: ignore[attr-defined]
        self.track = AudioStreamTrack()
        self.pc.addTrack(self.track)

    async def offer(self) -> str:
        await self.pc.setLocalDescription()
        return self.pc.localDescription.sdp

    async def answered(self, answer: str) -> None:
        await self.pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def answer(self, offer: str) -> str:
        await self.pc.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await self.pc.setLocalDescription()
        return self.pc.localDescription.sdp


@asynccontextmanager
async def bare_client(certificate: RTCCertificate | None = None) -> AsyncIterator[BareClient]:
    client = BareClient(certificate)
    try:
        yield client
    finally:
        client.track.stop()
        await client.pc.close()
