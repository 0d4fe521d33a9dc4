"""From settings to a service: opens every part, and closes each in the end."""

from __future__ import annotations

import asyncio
import contextlib
import secrets as dice
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from prometheus_client import CollectorRegistry

from turn.askers.askers import MatrixAskers
from turn.endpoint.probing import Prober
from turn.endpoint.revoking import RevokedFile
from turn.endpoint.service import Matrix, Parts, Revoke, Service
from turn.keys.ring import StoredKeys
from turn.keys.store import KeyStore
from turn.limits.memory import MemoryLimiter
from turn.limits.model import Limiter
from turn.metrics import Metrics
from turn.regions import Relays, is_turn
from turn.relay_health import RelayHealth, watch
from turn.secrets.live import LiveSecrets
from turn.secrets.model import FixedSecrets, SecretSource
from turn.secrets.places import open_store
from turn.settings import Settings, WhenAway

ID_KEY_BYTES = 32


@contextlib.asynccontextmanager
async def assembled(
    settings: Settings,
    registry: CollectorRegistry,
    *,
    revoke: Revoke | None = None,
) -> AsyncIterator[Service]:
    """A service that works until the block ends.

    :param revoke: what ends a live allocation, where the relay runs in this process.
    :raises PlaceError: the settings name no place that secrets could be in.
    """
    async with AsyncExitStack() as stack:
        relays = Relays(settings.all_relays, at_once=settings.relays_at_once)
        # Only relays: what says whether STUN alone answers is no allocation.
        uris = [uri for relay in relays.all for uri in relay.uris if is_turn(uri)]
        probing = settings.probe_seconds > 0
        health = RelayHealth(uris if probing else [], every=settings.probe_seconds)
        parts = Parts(
            secrets=await _secrets(settings, stack),
            id_key=_id_key(settings),
            relays=relays,
            health=health,
            limiter=await _limiter(settings, stack),
            metrics=Metrics(registry),
            keys=_keys(settings, stack),
            matrix=await _matrix(settings, stack),
            networks=settings.networks,
            proxies=settings.trusted_proxies,
            failed_rate=settings.failed_rate,
            revoke=revoke or _revoke(settings),
        )
        if probing:
            await stack.enter_async_context(_watching(parts))
        await _follow_coturn(settings, registry, stack)
        yield Service(parts)


async def _follow_coturn(
    settings: Settings, registry: CollectorRegistry, stack: AsyncExitStack
) -> None:
    if settings.statsdbs:
        from turn.coturn.statsdb import following  # noqa: PLC0415  # needs an extra, here alone

        urls = {region: url.get_secret_value() for region, url in settings.statsdbs.items()}
        await stack.enter_async_context(following(urls, registry))


async def _secrets(settings: Settings, stack: AsyncExitStack) -> SecretSource:
    if settings.fixed_secrets:
        return FixedSecrets(*settings.fixed_secrets)
    place = "" if settings.secrets is None else settings.secrets.get_secret_value()
    live = LiveSecrets(open_store(place, settings.realm))
    stack.push_async_callback(live.aclose)
    return live


def _id_key(settings: Settings) -> str:
    # A random one does no harm but to the relay's quotas, which `serve --check` says.
    if settings.id_key is not None:
        return settings.id_key.get_secret_value()
    return dice.token_urlsafe(ID_KEY_BYTES)


def _revoke(settings: Settings) -> Revoke | None:
    file = settings.revoked_file
    return None if file is None else RevokedFile(file).revoke


async def _limiter(settings: Settings, stack: AsyncExitStack) -> Limiter:
    if settings.redis_url is None:
        return MemoryLimiter()
    from turn.limits.redis import RedisLimiter  # noqa: PLC0415  # an extra, needed here alone

    limiter = RedisLimiter.at(
        settings.redis_url.get_secret_value(),
        open_when_away=settings.redis_away is WhenAway.ALLOW,
    )
    stack.push_async_callback(limiter.close)
    return limiter


def _keys(settings: Settings, stack: AsyncExitStack) -> StoredKeys | None:
    if settings.keys_file is None:
        return None
    keys = StoredKeys(KeyStore(settings.keys_file))
    stack.push_async_callback(keys.close)
    return keys


async def _matrix(settings: Settings, stack: AsyncExitStack) -> Matrix | None:
    if not settings.matrix:
        return None
    askers = await stack.enter_async_context(MatrixAskers(settings.askers()))
    return Matrix(askers, settings.local, settings.remote)


@contextlib.asynccontextmanager
async def _watching(parts: Parts) -> AsyncIterator[None]:
    """Probes as long as the block runs."""

    def observe(uri: str, ok: bool) -> None:
        parts.metrics.probed(uri, ok=ok)
        parts.metrics.alive(uri, alive=uri not in parts.health.dead)

    task = asyncio.create_task(
        watch(parts.health, Prober(parts.secrets).works, observe), name="relay probes"
    )
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
