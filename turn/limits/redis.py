"""Limits that hold across replicas, in Redis: one script, so that no two can count past another.

The arithmetic is that of `turn.limits.gcra`, on the clock of Redis, which all replicas share.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from turn.limits.memory import MemoryLimiter
from turn.limits.model import Allowance, Limit, LimitsUnavailable, Reached

SCRIPT = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local rate, per = tonumber(ARGV[1]), tonumber(ARGV[2])
local most, window = tonumber(ARGV[3]), tonumber(ARGV[4])
local empty_at = now
if rate > 0 then
  local kept = tonumber(redis.call('GET', KEYS[1]) or '0')
  empty_at = math.min(math.max(kept, now), now + per) + per / rate
  local early = empty_at - now - per
  if early > 0.000001 then return {'rate', string.format('%.6f', early)} end
end
if most > 0 then
  local number = math.floor(now / window)
  local taken, at = 0, redis.call('HMGET', KEYS[2], 'window', 'taken')
  if tonumber(at[1] or '-1') == number then taken = tonumber(at[2]) end
  local left = (number + 1) * window - now
  if taken >= most then return {'quota', string.format('%.6f', left)} end
  redis.call('HSET', KEYS[2], 'window', number, 'taken', taken + 1)
  redis.call('EXPIRE', KEYS[2], math.ceil(left) + 1)
end
if rate > 0 then
  redis.call('SET', KEYS[1], string.format('%.6f', empty_at), 'EX', math.ceil(empty_at - now) + 1)
end
return {'', '0'}
"""
PREFIX = "matrix-turn:limits"
ANSWER_WITHIN = 0.5
"""Seconds for Redis; it takes less than a thousandth when all is well."""
ASK_AGAIN = 1.0
"""Seconds that a Redis which did not answer is left alone, so that requests do not queue."""

logger = logging.getLogger(__name__)


class RedisLimiter:
    """Asks Redis; while that is away counts in memory (`open_when_away`) or refuses."""

    def __init__(
        self, redis: Redis, *, open_when_away: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._redis = redis
        self._script = redis.register_script(SCRIPT)
        self._in_memory = MemoryLimiter() if open_when_away else None
        self._clock = clock
        self._away_until: float | None = None

    @classmethod
    def at(cls, url: str, *, open_when_away: bool) -> RedisLimiter:
        """For a Redis at this URL, which is not yet connected to."""
        redis = Redis.from_url(
            url, socket_timeout=ANSWER_WITHIN, socket_connect_timeout=ANSWER_WITHIN
        )
        return cls(redis, open_when_away=open_when_away)

    @property
    def away(self) -> bool:
        """Whether the last question went unanswered."""
        return self._away_until is not None

    async def take(
        self, identity: str, rate: Allowance | None, quota: Allowance | None
    ) -> Reached | None:
        """As `Limiter.take`. Raises LimitsUnavailable while Redis is away and that means no."""
        if rate is None and quota is None:
            return None
        if self._away_until is None or self._clock() >= self._away_until:
            try:
                answer = await self._ask(identity, rate, quota)
            except (RedisError, OSError, TimeoutError) as error:
                self._is_away(error)
            else:
                self._is_back()
                return answer
        if self._in_memory is None:
            raise LimitsUnavailable("the limits cannot be checked at the moment: ask again")
        return await self._in_memory.take(identity, rate, quota)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _ask(
        self, identity: str, rate: Allowance | None, quota: Allowance | None
    ) -> Reached | None:
        # Neither who asks nor anything that one could look up by guessing stands in Redis in
        # clear; the braces keep both keys on one node of a cluster.
        tag = f"{PREFIX}:{{{hashlib.sha256(identity.encode()).hexdigest()[:32]}}}"
        reply: Any = await self._script(
            keys=[f"{tag}:rate", f"{tag}:quota"], args=[*_numbers(rate), *_numbers(quota)]
        )
        limit, seconds = (part.decode() if isinstance(part, bytes) else part for part in reply)
        return Reached(Limit(limit), float(seconds)) if limit else None

    def _is_away(self, error: Exception) -> None:
        if self._away_until is None:
            instead = "are refused" if self._in_memory is None else "are counted here alone"
            # Not the error's text: it may hold the URL.
            logger.error(
                "Redis does not answer (%s): until it does, requests %s",
                type(error).__name__,
                instead,
            )
        self._away_until = self._clock() + ASK_AGAIN

    def _is_back(self) -> None:
        if self._away_until is not None:
            logger.warning("Redis answers again: limits hold across replicas")
        self._away_until = None


def _numbers(allowance: Allowance | None) -> tuple[int, int]:
    return (0, 0) if allowance is None else (allowance.count, allowance.seconds)
