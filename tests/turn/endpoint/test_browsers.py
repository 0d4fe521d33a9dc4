"""What a browser looks at: which pages may ask, and that nothing is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.turn.endpoint.site import TOKEN, add_key, site
from turn.keys.model import Scopes

MATRIX = "/_matrix/client/v3/voip/turnServer"
PAGE, OTHER = "https://meet.example.org", "https://evil.example.org"
WITH_PAGE = Scopes(origins=(PAGE,))


async def test_every_page_may_ask_with_a_users_token(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        for path in (MATRIX, "/ice-servers"):
            asked = {"Origin": OTHER, "Access-Control-Request-Headers": "authorization"}
            async with here.http.options(here.url + path, headers=asked) as preflight:
                assert preflight.status == 204
                assert preflight.headers["Access-Control-Allow-Origin"] == "*"
                assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]
            headers = {"Authorization": f"Bearer {TOKEN}", "Origin": OTHER}
            async with here.http.get(here.url + path, headers=headers) as response:
                assert response.headers["Access-Control-Allow-Origin"] == "*"
                assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/turn", "/ice-servers"])
async def test_a_key_works_from_its_pages_alone(tmp_path: Path, path: str) -> None:
    async with site(tmp_path) as here:
        new = add_key(here.store, scopes=WITH_PAGE)
        found = {}
        for origin in (PAGE, OTHER, "null", None):
            headers = new.bearer | ({} if origin is None else {"Origin": origin})
            async with here.http.get(here.url + path, headers=headers) as response:
                found[origin] = response
                await response.read()
    assert {origin: each.status for origin, each in found.items()} == {
        PAGE: 200,
        OTHER: 403,
        "null": 403,
        None: 200,
    }
    assert found[PAGE].headers["Access-Control-Allow-Origin"] == PAGE
    assert found[PAGE].headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Origin" not in found[None].headers


async def test_preflights_of_key_holders_shapes(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        path = f"{here.url}/turn"
        async with here.http.options(path, headers={"Origin": PAGE}) as before_any_key:
            assert before_any_key.status == 204
        add_key(here.store, scopes=WITH_PAGE)
        allowed = {}
        for origin in (PAGE, OTHER):
            async with here.http.options(path, headers={"Origin": origin}) as response:
                allowed[origin] = response.headers.get("Access-Control-Allow-Origin")
    assert "Access-Control-Allow-Origin" not in before_any_key.headers
    assert allowed == {PAGE: PAGE, OTHER: None}


async def test_a_refusal_can_be_read_by_the_page_that_may_ask(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        new = add_key(here.store, scopes=WITH_PAGE)
        headers = new.bearer | {"Origin": PAGE}
        async with here.http.get(f"{here.url}/turn?ttl=1", headers=headers) as response:
            assert response.status == 400
            assert response.headers["Access-Control-Allow-Origin"] == PAGE
            assert response.headers["Cache-Control"] == "no-store"


async def test_a_head_takes_nothing(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with here.http.head(here.url + MATRIX, headers=headers) as response:
            assert response.status == 405
