"""Within another application, and with the relay that its credentials are for."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from aioice.stun import TransactionError
from aioice.turn import create_turn_endpoint

from tests.turn.endpoint.site import TOKEN, add_key, site
from turn.endpoint.app import build, routes
from turn.regions import Relay
from turn.secrets.model import FixedSecrets
from voip.service.demo.coturn import RelayProcess

MATRIX = "/_matrix/client/v3/voip/turnServer"


async def test_beside_other_things(tmp_path: Path) -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="a page")

    async with site(tmp_path) as here:
        app = web.Application()
        app.add_routes([web.get("/", page), *routes(here.service)])
        app.add_subapp("/relay", build(here.service))
        async with TestClient(TestServer(app)) as client:
            headers = {"Authorization": f"Bearer {TOKEN}"}
            assert await (await client.get("/")).text() == "a page"
            for path in (MATRIX, f"/relay{MATRIX}"):
                async with client.get(path, headers=headers) as response:
                    assert response.status == 200


async def test_coturn_takes_what_is_given_out(tmp_path: Path, coturn: RelayProcess) -> None:
    options = coturn.options
    uri = f"turn:{options.address}:{options.port}?transport=udp"
    async with site(
        tmp_path,
        relays=(Relay("here", (uri,)),),
        secrets=FixedSecrets(options.secret),
        clock=time.time,
    ) as here:
        new = add_key(here.store)
        answers = [
            await here.get(MATRIX, token=TOKEN),
            await here.get("/turn?username=ann&ttl=60", headers=new.bearer),
        ]
    for _, body in answers:
        assert await _allocates(options.address, options.port, body["username"], body["password"])
    _, body = answers[0]
    wrong = body["password"][::-1]
    assert not await _allocates(options.address, options.port, body["username"], wrong)


async def _allocates(address: str, port: int, username: str, password: str) -> bool:
    try:
        transport, _ = await create_turn_endpoint(
            asyncio.DatagramProtocol, (address, port), username=username, password=password
        )
    except TransactionError:
        return False
    transport.close()
    await asyncio.sleep(0)
    return True
