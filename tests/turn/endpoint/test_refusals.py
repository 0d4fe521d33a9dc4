"""Everything that ends without credentials: who may not, what is wrong, and what it looks like."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from tests.turn.endpoint.site import OPENID_TOKEN, TOKEN, add_key, site
from tests.turn.limits.redis_server import redis_server
from turn.askers.model import HomeserverSlow, HomeserverUnreachable, NotAllowed
from turn.asking import Terms
from turn.keys.model import Scopes
from turn.limits.model import Allowance, LimitsUnavailable, Reached
from turn.limits.redis import RedisLimiter
from turn.secrets.model import Secrets, SecretsUnavailable

MATRIX = "/_matrix/client/v3/voip/turnServer"
REMOTE = f"{MATRIX}?matrix_server_name=there.example:8448"
ONCE = Terms(rate=Allowance(1, 3600))


class NoSecrets:
    async def secrets(self) -> Secrets:
        raise SecretsUnavailable("the table at db.internal does not answer")


class NoLimits:
    async def take(
        self, identity: str, rate: Allowance | None, quota: Allowance | None
    ) -> Reached | None:
        raise LimitsUnavailable("Redis at redis.internal is away")


async def test_nobody_and_somebody_unknown(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        assert (await here.get(MATRIX))[1]["errcode"] == "M_MISSING_TOKEN"
        status, body = await here.get(MATRIX, token="wrong")
        assert (status, body["errcode"]) == (401, "M_UNKNOWN_TOKEN")
        assert (await here.get(MATRIX, headers={"Authorization": "Basic x"}))[0] == 401
        for path in ("/turn", "/turn?key=wrong", "/ice-servers"):
            assert (await here.get(path))[0] == 401
        key = add_key(here.store)
        status, body = await here.get(MATRIX, token=str(key.key))
        assert status == 401, "a key is no Matrix token"
        assert (
            here.counted(
                "turn_credentials_refused_total", reason="bad_token", tier="unknown", shape="matrix"
            )
            == 2
        )


async def test_the_rate_is_429_in_matrix_form_and_never_403(tmp_path: Path) -> None:
    async with site(tmp_path, local=ONCE) as here:
        assert (await here.get(MATRIX, token=TOKEN))[0] == 200
        async with here.http.get(
            here.url + MATRIX, headers={"Authorization": f"Bearer {TOKEN}"}
        ) as response:
            body = await response.json()
    assert (response.status, body["errcode"]) == (429, "M_LIMIT_EXCEEDED")
    assert 0 < body["retry_after_ms"] <= 3_600_001
    assert int(response.headers["Retry-After"]) * 1000 >= body["retry_after_ms"] - 1
    assert response.headers["Access-Control-Allow-Origin"] == "*"


async def test_a_holders_quota_holds_over_all_of_its_keys_and_shapes(tmp_path: Path) -> None:
    scopes = Scopes(Terms(quota=Allowance(2, 86400)))
    async with site(tmp_path) as here:
        new = add_key(here.store, scopes=scopes)
        statuses = [
            (await here.get(path, headers=new.bearer))[0]
            for path in ("/turn?username=a", "/ice-servers?user=b", "/services?user=c")
        ]
    assert statuses == [200, 200, 429]


async def test_a_rate_holds_over_two_instances_with_one_redis(tmp_path: Path) -> None:
    with redis_server() as redis:
        limiters = [RedisLimiter.at(redis.url, open_when_away=False) for _ in range(2)]
        terms = Terms(rate=Allowance(5, 3600))
        async with (
            site(tmp_path / "a", local=terms, limiter=limiters[0]) as one,
            site(tmp_path / "b", local=terms, limiter=limiters[1]) as other,
        ):
            statuses = [
                (await each.get(MATRIX, token=TOKEN))[0] for _ in range(5) for each in (one, other)
            ]
        for limiter in limiters:
            await limiter.close()
    assert statuses == [200] * 5 + [429] * 5


async def test_local_and_remote_users_have_tiers_of_their_own(tmp_path: Path) -> None:
    local, remote = Terms(ttl=7200, longest_ttl=7200), Terms(regions=("us",), rate=ONCE.rate)
    async with site(tmp_path, local=local, remote=remote) as here:
        mine = await here.get(MATRIX, token=TOKEN)
        theirs = await here.get(REMOTE, token=OPENID_TOKEN)
        again = await here.get(REMOTE, token=OPENID_TOKEN)
        home = await here.get(f"{MATRIX}?matrix_server_name=here.example", token="openid_of_ann")
        for tier, region in (("local", "eu"), ("remote", "us")):
            assert here.counted(
                "turn_credentials_issued_total", tier=tier, region=region, shape="matrix"
            )
    assert (mine[1]["ttl"], theirs[1]["ttl"]) == (7200, 3600)
    assert "us.example.org" in theirs[1]["uris"][0]
    assert again[0] == 429
    assert home[1]["username"] == mine[1]["username"], "the same person by either token"


async def test_an_openid_token_in_the_body(tmp_path: Path) -> None:
    given = {
        "access_token": OPENID_TOKEN,
        "token_type": "Bearer",
        "matrix_server_name": "there.example:8448",
        "expires_in": 3600,
    }
    async with site(tmp_path, remote=Terms()) as here:
        for body in (given, {"openid_token": given, "room": "!r:example.org"}):
            for path in (MATRIX, "/ice-servers"):
                async with here.http.post(here.url + path, json=body) as response:
                    assert response.status == 200


async def test_users_of_other_servers_where_there_is_no_tier_for_them(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        status, body = await here.get(REMOTE, token=OPENID_TOKEN)
    assert (status, body["errcode"]) == (403, "M_FORBIDDEN")


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (HomeserverUnreachable("no such host"), 502, "homeserver_unreachable"),
        (HomeserverSlow("ten seconds"), 504, "homeserver_slow"),
        (NotAllowed("guests"), 403, "not_allowed"),
    ],
)
async def test_operators_can_tell_what_failed(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    status: int,
    reason: str,
) -> None:
    caplog.set_level(logging.INFO)
    async with site(tmp_path) as here:
        here.vouched.fails = error
        found, body = await here.get(MATRIX, token=TOKEN)
        assert here.counted(
            "turn_credentials_refused_total", reason=reason, tier="unknown", shape="matrix"
        )
    assert found == status
    # What is wrong between us and a homeserver is for the operator: it may tell of our network.
    told = str(error) in body["error"]
    assert told == (status == 403)
    assert told != (str(error) in caplog.text)


async def test_an_error_nobody_thought_of_is_500_and_shows_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with site(tmp_path) as here:
        here.vouched.fails = RuntimeError("https://hs/?access_token=hunter2")
        with caplog.at_level(logging.DEBUG):
            status, body = await here.get(MATRIX, token=TOKEN)
    assert (status, body["errcode"]) == (500, "M_UNKNOWN")
    assert "RuntimeError" in caplog.text
    assert "hunter2" not in caplog.text + str(body)


@pytest.mark.parametrize("parts", [{"secrets": NoSecrets()}, {"limiter": NoLimits()}])
async def test_what_cannot_be_given_now_is_503_without_our_inside(
    tmp_path: Path, parts: dict[str, Any]
) -> None:
    async with site(tmp_path, **parts) as here:
        status, body = await here.get(MATRIX, token=TOKEN)
        health, _ = await here.get("/health")
    assert (status, "internal" in body["error"]) == (503, False)
    assert health == (503 if "secrets" in parts else 200)


async def test_without_a_file_of_keys_it_is_503_and_with_none_configured_401(
    tmp_path: Path,
) -> None:
    key = f"mvt.aaaaaaaa.{'A' * 43}"
    async with site(tmp_path) as here:
        assert (await here.get("/ice-servers", token=key))[0] == 503
    async with site(tmp_path, keys=None) as here:
        assert (await here.get("/ice-servers", token=key))[0] == 401
        assert (await here.get("/turn", token=key))[0] == 401


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("ttl=0", "lifetime"),
        ("ttl=99999999", "lifetime"),
        ("ttl=-5", "whole number"),
        ("ttl=1e3", "whole number"),
        ("ttl=٣٦٠٠", "whole number"),
        ("region=mars", "there are: eu, us"),
        ("service=stun", "service"),
        ("call=" + "x" * 2000, "too long"),
        ("&".join(f"p{n}=1" for n in range(40)), "too many"),
    ],
)
async def test_bad_parameters_say_what_would_be_good_and_cost_nothing(
    tmp_path: Path, query: str, why: str
) -> None:
    async with site(tmp_path, local=ONCE) as here:
        status, body = await here.get(f"/ice-servers?{query}", token=TOKEN)
        assert (status, body["errcode"]) == (400, "M_INVALID_PARAM")
        assert why in body["error"]
        assert (await here.get("/ice-servers", token=TOKEN))[0] == 200, "nothing was taken"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/json", 200),
        (b"{}", "application/json", 200),
        (b'{"ttl": "3600", "unknown": [1, {"x": null}], "flag": true}', "text/plain", 200),
        (b'{"ttl": 3600.5}', "application/json", 200),
        (b"[]", "application/json", 400),
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 5000, "application/json", 400),
        (b'{"a": "' + b"x" * 9000 + b'"}', "application/json", 400),
        (b"&".join(b"a%d=1" % n for n in range(50)), "application/x-www-form-urlencoded", 400),
        (b"ttl=60", "application/x-www-form-urlencoded", 200),
    ],
)
async def test_bodies_of_every_kind(tmp_path: Path, body: bytes, kind: str, status: int) -> None:
    async with site(tmp_path) as here:
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": kind}
        async with here.http.post(
            f"{here.url}/ice-servers", data=body, headers=headers
        ) as response:
            answer = await response.json()
    assert response.status == status, answer
