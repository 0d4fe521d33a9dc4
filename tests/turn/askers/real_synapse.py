"""A Synapse whose federation API is on TLS, for users of ``matrix.test``; guests are let in."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.turn.askers.authority import Authority
from voip.service.demo.processes import free_port
from voip.service.demo.synapse import LIMITS_LIFTED, SynapseProcess
from voip.service.demo.synapse_config import SynapseOptions

HOST = "127.0.0.1"
NAME = "matrix.test"
DELEGATED = "fed.matrix.test"


class RealSynapse(SynapseProcess):
    """Its certificate is for ``matrix.test``, ``fed.matrix.test`` and its address."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        port, self.tls_port = free_port(), free_port()
        certificate = str(authority.issue([NAME, DELEGATED, HOST]))
        extra: dict[str, Any] = {
            **LIMITS_LIFTED,
            "allow_guest_access": True,
            "tls_certificate_path": certificate,
            "tls_private_key_path": certificate,
            "listeners": [
                _listener(port, ["client"], tls=False),
                _listener(self.tls_port, ["federation"], tls=True),
            ],
        }
        super().__init__(
            SynapseOptions(folder, port, server_name=NAME, federation=True, extra_config=extra)
        )

    async def user(self, localpart: str) -> tuple[str, str]:
        """A new account: its user id and access token."""
        token = await asyncio.to_thread(self.register, localpart, "a password of no use")
        return f"@{localpart}:{NAME}", token

    async def guest(self) -> tuple[str, str]:
        path = "/_matrix/client/v3/register?kind=guest"
        made = await asyncio.to_thread(self.request, "POST", path, {})
        return str(made["user_id"]), str(made["access_token"])

    async def openid_token(self, user_id: str, access_token: str) -> dict[str, Any]:
        """What a client posts to third parties."""
        path = f"/_matrix/client/v3/user/{quote(user_id, safe='')}/openid/request_token"
        return await asyncio.to_thread(self.request, "POST", path, {}, token=access_token)

    async def log_out(self, access_token: str) -> None:
        path = "/_matrix/client/v3/logout"
        await asyncio.to_thread(self.request, "POST", path, {}, token=access_token)


def _listener(port: int, names: list[str], *, tls: bool) -> dict[str, Any]:
    return {
        "port": port,
        "bind_addresses": [HOST],
        "type": "http",
        "tls": tls,
        "resources": [{"names": names}],
    }
