"""`matrix-turn relay`: reads what was asked for, and serves until a signal."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry

from turn.peers import Network
from turn.relay.certificates import BadCertificate, CertificateFiles, renewing
from turn.relay.limits import Limits
from turn.relay.options import BadOptions, RelayOptions
from turn.relay.revocations import following
from turn.relay.serve import Relay
from turn.relay.status import serving_status
from turn.secrets.live import LiveSecrets
from turn.secrets.model import SecretsUnavailable
from turn.secrets.places import PlaceError, open_store
from turn.stun.values import Address

DONE, FAILED, WRONG_INPUT = 0, 1, 2
MBIT: Final = 125_000
"""Bytes a second."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The command line, as it was written."""

    listen: tuple[str, ...]
    listen_tls: tuple[str, ...]
    realm: str
    secret_file: Path | None
    secrets: str | None
    cert: Path | None
    key: Path | None
    relay_addresses: tuple[str, ...]
    external: tuple[str, ...]
    ports: str
    allow_peer: tuple[str, ...]
    user_quota: int
    total_quota: int
    bandwidth: float
    total_bandwidth: float
    revoked_file: Path | None
    metrics: str | None

    def __repr__(self) -> str:  # the place of the secrets may hold a password
        return f"Wanted(realm={self.realm!r})"


def relay_command(wanted: Wanted, *, as_json: bool) -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    try:
        options = options_of(wanted)
        secrets = _secrets(wanted)
        status = address_of(wanted.metrics) if wanted.metrics else None
    except (BadCertificate, BadOptions, PlaceError) as error:
        return _complain(str(error), WRONG_INPUT)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(wanted, options, secrets, status, as_json=as_json))
    except SecretsUnavailable as error:
        return _complain(str(error), FAILED)
    except OSError as error:
        return _complain(f"the relay cannot start: {error.strerror or error}", FAILED)
    return DONE


def options_of(wanted: Wanted) -> RelayOptions:
    """What the relay is made of, its certificate too. Raises BadOptions, BadCertificate."""
    try:
        limits = Limits(
            per_id=wanted.user_quota,
            total=wanted.total_quota,
            allocation_bandwidth=wanted.bandwidth * MBIT or None,
            total_bandwidth=wanted.total_bandwidth * MBIT or None,
        )
    except ValueError as error:
        raise BadOptions(str(error)) from None
    return RelayOptions(
        listen=tuple(map(address_of, wanted.listen)),
        realm=wanted.realm,
        listen_tls=tuple(map(address_of, wanted.listen_tls)),
        tls=_tls(_certificate(wanted)),
        relay_addresses=wanted.relay_addresses,
        external=wanted.external,
        ports=_ports(wanted.ports),
        allowed=tuple(map(_network, wanted.allow_peer)),
        limits=limits,
    )


def address_of(text: str) -> Address:
    """`203.0.113.7:3478` or `[2001:db8::7]:3478`. Raises BadOptions."""
    ip, colon, port = text.rpartition(":")
    bracketed = ip.startswith("[") and ip.endswith("]")
    if not colon or not port.isdecimal() or int(port) > 65535 or (":" in ip and not bracketed):
        raise BadOptions(f"{text!r} is no address with a port, such as 203.0.113.7:3478")
    return ip[1:-1] if bracketed else ip, int(port)


def _ports(text: str) -> range:
    first, dash, last = text.partition("-")
    if not dash or not first.isdecimal() or not last.isdecimal():
        raise BadOptions(f"{text!r} is no range of ports, such as 49152-65535")
    return range(int(first), int(last) + 1)


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError:
        raise BadOptions(f"{text!r} is no network, such as 10.0.0.0/24") from None


def _certificate(wanted: Wanted) -> CertificateFiles | None:
    if not wanted.listen_tls:
        return None
    if wanted.cert is None or wanted.key is None:
        raise BadOptions("--listen-tls needs --cert and --key")
    return CertificateFiles(wanted.cert, wanted.key)


def _tls(files: CertificateFiles | None) -> ssl.SSLContext | None:
    if files is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    files.load(context)
    return context


def _secrets(wanted: Wanted) -> LiveSecrets:
    if (wanted.secret_file is None) is (wanted.secrets is None):
        raise BadOptions("give the shared secrets with one of --secret-file and --secrets")
    place = wanted.secrets or f"file:{wanted.secret_file}"
    return LiveSecrets(open_store(place, wanted.realm), read_every=1.0)


async def _serve(
    wanted: Wanted,
    options: RelayOptions,
    secrets: LiveSecrets,
    status: Address | None,
    *,
    as_json: bool,
) -> None:
    registry = CollectorRegistry()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(secrets.aclose)
        stopped = await stack.enter_async_context(_signals())
        relay = await stack.enter_async_context(Relay(options, secrets, registry))
        if wanted.revoked_file is not None:
            await stack.enter_async_context(following(relay, wanted.revoked_file))
        certificate = _certificate(wanted)
        if certificate is not None and options.tls is not None:
            await stack.enter_async_context(renewing(options.tls, certificate))
        bound = None
        if status is not None:
            bound = await stack.enter_async_context(serving_status(registry, status))
        _ready(relay, bound, as_json=as_json)
        await stopped.wait()
        _log.info("the relay stops; %d allocations end", relay.allocations)


def _ready(relay: Relay, status: str | None, *, as_json: bool) -> None:
    _log.info("the relay is ready: %s", " ".join(relay.uris))
    if status is not None:
        _log.info("metrics are at %s", status)
    if as_json:
        line = {"ready": True, "uris": relay.uris, "metrics": status}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


@asynccontextmanager
async def _signals() -> AsyncIterator[asyncio.Event]:
    """Set by SIGINT and SIGTERM."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, stopped.set)
    try:
        yield stopped
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, which is faster, where it is installed."""
    try:
        import uvloop  # noqa: PLC0415 - not on every system
    except ImportError:
        return None
    return uvloop.new_event_loop


def _complain(text: str, status: int) -> int:
    sys.stderr.write(f"error: {text}\n")
    return status
