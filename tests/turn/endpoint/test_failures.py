"""Whoever guesses tokens is not heard for a while; whoever has one is."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from tests.turn.endpoint.site import TOKEN, Site, add_key, site
from turn.endpoint.failures import Failures, source_of
from turn.endpoint.refusals import TooManyFailures
from turn.limits.model import Allowance
from turn.settings import Settings

MATRIX = "/_matrix/client/v3/voip/turnServer"
TWICE = Allowance(2, 3600)
LOCALHOST = (ipaddress.ip_network("127.0.0.0/8"),)


async def status(here: Site, token: str, client: str = "203.0.113.7") -> tuple[int, Any]:
    told = {"Authorization": f"Bearer {token}", "X-Forwarded-For": client}
    return await here.get(MATRIX, headers=told)


async def test_too_many_unknown_tokens_are_429_and_nobody_is_asked_any_more(tmp_path: Path) -> None:
    async with site(tmp_path, failed_rate=TWICE, proxies=LOCALHOST) as here:
        for number in range(2):
            assert (await status(here, f"guess{number}"))[0] == 401
        here.vouched.tokens["guess2"] = here.vouched.tokens[TOKEN]
        code, body = await status(here, "guess2")
        assert (code, body["errcode"]) == (429, "M_LIMIT_EXCEEDED"), "even a good one is not tried"
        assert 1_700_000 < body["retry_after_ms"] <= 1_800_001
        assert (await status(here, TOKEN, "203.0.113.8"))[0] == 200, "another client"
        labels = {"reason": "failures", "tier": "unknown", "shape": "matrix"}
        assert here.counted("turn_credentials_refused_total", **labels) == 1


async def test_every_shape_and_revoking_count_together(tmp_path: Path) -> None:
    async with site(tmp_path, failed_rate=TWICE, proxies=LOCALHOST) as here:
        key = add_key(here.store)
        base = f"{here.url}/v1/turn/keys/{key.holder.id}/credentials"
        from_there = {"X-Forwarded-For": "203.0.113.7"}
        for path in ("/generate-ice-servers", "/name/revoke"):
            bad = {"Authorization": "Bearer mvt.wrong"} | from_there
            async with here.http.post(base + path, headers=bad) as response:
                assert response.status == 401
        async with here.http.post(
            f"{base}/name/revoke", headers=key.bearer | from_there
        ) as response:
            assert response.status == 429


async def test_what_is_no_guess_is_not_counted(tmp_path: Path) -> None:
    async with site(tmp_path, failed_rate=TWICE, proxies=LOCALHOST) as here:
        for _ in range(5):
            assert (await here.get(MATRIX, headers={"X-Forwarded-For": "203.0.113.7"}))[0] == 401
            assert (await status(here, TOKEN))[0] == 200


async def test_a_client_that_nobody_knows_is_not_counted(tmp_path: Path) -> None:
    async with site(tmp_path, failed_rate=TWICE) as here:  # no proxy is trusted
        for number in range(5):
            assert (await status(here, f"guess{number}"))[0] == 401


@pytest.mark.parametrize(
    ("remote", "forwarded", "trusted", "source"),
    [
        ("203.0.113.7", None, (), None),  # for documentation, so not public
        ("198.41.0.4", None, (), "198.41.0.4"),
        ("198.41.0.4", "192.5.6.30", (), "198.41.0.4"),  # anybody can say that
        ("10.0.0.1", "192.5.6.30", (), None),
        ("127.0.0.1", "10.0.0.7", LOCALHOST, "10.0.0.7"),
        ("::ffff:198.41.0.4", None, (), "198.41.0.4"),
        ("2001:503:ba3e:1:2::30", None, (), "2001:503:ba3e:1::/64"),
        ("127.0.0.1", "nonsense", LOCALHOST, None),
    ],
)
def test_whom_failures_are_counted_for(
    remote: str, forwarded: str | None, trusted: Any, source: str | None
) -> None:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    request = make_mocked_request("GET", "/", headers=headers).clone(remote=remote)
    assert source_of(request, trusted) == source


def test_failures_are_forgotten_with_time_and_their_number_is_bounded() -> None:
    now = [1000.0]
    failures = Failures(Allowance(1, 60), most=10, clock=lambda: now[0])
    failures.failed("one")
    with pytest.raises(TooManyFailures) as caught:
        failures.check("one")
    assert caught.value.retry_after == pytest.approx(60)
    now[0] += 60
    failures.check("one")
    for number in range(1000):
        failures.failed(str(number))
    assert len(failures._counted) <= 11


def test_none_is_no_limit() -> None:
    assert Settings.model_fields["failed_rate"].default == Allowance(60, 60)
    failures = Failures(None)
    for _ in range(1000):
        failures.failed("one")
        failures.check("one")
