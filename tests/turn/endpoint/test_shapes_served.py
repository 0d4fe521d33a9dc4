"""Each shape over HTTP, asked as its clients ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import encode_basic_auth

from tests.turn.endpoint.site import EU, ID_KEY, NOW, SECRET, SERVER, TOKEN, NewKey, add_key, site
from turn.asking import Terms
from turn.credentials import relay_id_of, sign
from turn.keys.model import Scopes

MATRIX = "/_matrix/client/v3/voip/turnServer"
HOUR = Scopes(Terms(longest_ttl=86400))


def basic(user: str, new: NewKey) -> dict[str, str]:
    return {"Authorization": encode_basic_auth(user, str(new.key))}


def check_signed(username: str, password: str, ttl: int) -> str:
    """The relay would take it, and for longer than was told; gives the id."""
    assert password == sign(SECRET, username)
    expiry, _, id_ = username.partition(":")
    assert int(expiry) >= NOW + ttl * 1.2
    return id_


@pytest.mark.parametrize("version", ["v3", "r0"])
async def test_matrix(tmp_path: Path, version: str) -> None:
    async with site(tmp_path) as here:
        status, body = await here.get(MATRIX.replace("v3", version), token=TOKEN)
    assert (status, set(body)) == (200, {"username", "password", "uris", "ttl"})
    assert body["uris"] == list(EU.uris[1:]), "stun: has no place in this shape"
    assert body["ttl"] == 3600
    ann = relay_id_of(ID_KEY, f"@ann:{SERVER}")
    assert check_signed(body["username"], body["password"], 3600) == f"{ann}.l"


async def test_w3c(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        key = add_key(here.store)
        status, body = await here.get("/ice-servers?user=ann", headers=key.bearer)
        of_a_user = await here.get("/ice-servers", token=TOKEN)
    stun, turn = body["iceServers"]
    assert (status, stun, turn["urls"]) == (200, {"urls": [EU.uris[0]]}, list(EU.uris[1:]))
    check_signed(turn["username"], turn["credential"], body["ttl"])
    assert of_a_user[0] == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_rest_as_janus_asks(tmp_path: Path, method: str) -> None:
    async with site(tmp_path) as here:
        key = add_key(here.store).key
        asked = {"service": "turn", "api": str(key), "key": str(key), "username": "ann"}
        more: dict[str, Any] = {"params" if method == "GET" else "data": asked}
        async with here.http.request(method, f"{here.url}/turn", **more) as response:
            body = await response.json()
    assert (response.status, body["uris"]) == (200, list(EU.uris[1:]))
    assert "ann" not in body["username"]
    check_signed(body["username"], body["password"], body["ttl"])


async def test_twilio(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        new = add_key(here.store, scopes=HOUR)
        url = f"{here.url}/2010-04-01/Accounts/{new.holder.id}/Tokens.json"
        right, wrong = (basic(user, new) for user in (new.holder.id, "other"))
        async with here.http.post(url, headers=right, data={"Ttl": "7200"}) as response:
            body = await response.json()
        async with here.http.post(url, headers=wrong) as response2:
            error = await response2.json()
    assert (response.status, body["ttl"], body["account_sid"]) == (201, "7200", new.holder.id)
    assert body["date_created"] == "Tue, 14 Nov 2023 22:13:20 +0000"
    assert [each["url"] for each in body["ice_servers"]] == list(EU.uris)
    assert [set(each) for each in body["ice_servers"]] == [
        {"url", "urls"},
        {"url", "urls", "username", "credential"},
        {"url", "urls", "username", "credential"},
    ]
    check_signed(body["username"], body["password"], 7200)
    assert (response2.status, error["code"], error["status"]) == (401, 20003, 401)


async def test_cloudflare(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        new = add_key(here.store, scopes=HOUR)
        url = f"{here.url}/v1/turn/keys/{new.holder.id}/credentials/generate-ice-servers"
        async with here.http.post(url, json={"ttl": 86400}, headers=new.bearer) as response:
            body = await response.json()
        wrong = f"{here.url}/v1/turn/keys/other/credentials/generate-ice-servers"
        async with here.http.post(wrong, json={"ttl": 60}, headers=new.bearer) as refused:
            error = await refused.json()
    assert (response.status, set(body)) == (201, {"iceServers"})
    turn = body["iceServers"][1]
    check_signed(turn["username"], turn["credential"], 86400)
    assert (refused.status, error["success"], error["errors"][0]["code"]) == (401, False, 401)


async def test_services_end_when_the_client_is_told(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        status, body = await here.get("/services?ttl=3600", token=TOKEN)
    stun, turn, turns = body["services"]
    assert status == 200
    assert stun == {
        "type": "stun",
        "host": "eu.example.org",
        "port": 3478,
        "transport": "udp",
    }
    assert (turns["type"], turns["port"], turns["transport"]) == ("turns", 443, "tcp")
    assert turn["expires"] == "2023-11-14T23:13:20Z"
    check_signed(turn["username"], turn["password"], 3600)


async def test_revoking_reaches_the_relay_for_ones_own_credentials_alone(tmp_path: Path) -> None:
    ended: list[str] = []

    async def revoke(username: str) -> None:
        ended.append(username)

    async with site(tmp_path, revoke=revoke) as here:
        one, other = add_key(here.store, "one"), add_key(here.store, "other")
        _, body = await here.get("/ice-servers", headers=one.bearer)
        username = body["iceServers"][1]["username"]
        statuses = []
        for key in (other, one):
            path = f"/v1/turn/keys/{key.holder.id}/credentials/{username}/revoke"
            async with here.http.post(here.url + path, headers=key.bearer) as response:
                statuses.append(response.status)
    assert (statuses, ended) == ([404, 204], [username])


async def test_revoking_says_where_no_relay_can(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        one = add_key(here.store)
        _, body = await here.get("/ice-servers", headers=one.bearer)
        username = body["iceServers"][1]["username"]
        path = f"/v1/turn/keys/{one.holder.id}/credentials/{username}/revoke"
        async with here.http.post(here.url + path, headers=one.bearer) as response:
            error = await response.json()
    assert response.status == 501
    assert "only when its time is over" in error["errors"][0]["message"]
