"""A relay on loopback, in the test's own loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from tests.turn.relay.clients import SECRET
from turn.relay.options import RelayOptions
from turn.relay.serve import Relay
from turn.secrets.model import FixedSecrets, SecretSource
from voip.service.demo.certificate import certificate_for

HERE = "127.0.0.1"
HERE6 = "::1"
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))

StartRelay = Callable[..., Awaitable[Relay]]


@pytest.fixture
async def start_relay(tmp_path: Path) -> AsyncIterator[StartRelay]:
    """``await start_relay(**options)``: on both families, UDP, TCP and TLS."""

    async def start(
        secrets: SecretSource | None = None,
        registry: CollectorRegistry | None = None,
        **changed: Any,
    ) -> Relay:
        options: dict[str, Any] = {
            "listen": ((HERE, 0), (HERE6, 0)),
            "listen_tls": ((HERE, 0),),
            "tls": certificate_for(HERE, tmp_path).context,
            "realm": "example.org",
            "allowed": LOOPBACK,
            **changed,
        }
        relay = Relay(RelayOptions(**options), secrets or FixedSecrets(SECRET), registry)
        return await stack.enter_async_context(relay)

    async with AsyncExitStack() as stack:
        yield start
