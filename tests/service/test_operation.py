"""A bot as its operator sees it: a real one, called once, then scraped and asked how it is."""

from __future__ import annotations

import json
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from tests.bot.conftest import Exchange, eventually
from tests.bot.conftest import exchange as exchange  # noqa: PLC0414 - a fixture of that folder
from tests.conftest import MakeUser
from tests.service.dashboard import expressions, named, scraped
from voip.bot.caller import CallOrder, place_call
from voip.matrix.identity import IdentityState
from voip.service.bot_service import operated_bot
from voip.service.demo.processes import free_port
from voip.service.demo.synapse import SynapseProcess
from voip.service.settings import BotName, Settings
from voip.service.supervisor import Supervisor


@pytest.fixture
def settings(synapse: SynapseProcess, make_user: MakeUser, tmp_path: Path) -> Settings:
    user = make_user()
    return Settings(
        homeserver=synapse.url,
        user_id=user.user_id,
        password=SecretStr(user.password),
        data_dir=tmp_path / "operated",
        bot=BotName.ECHO,
        admin_port=free_port(),
        drain_seconds=0,
        deny_calls=("@eve:localhost",),
    )


async def get(port: int | None, where: str) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"http://127.0.0.1:{port}{where}") as response,
    ):
        return response.status, await response.text()


async def test_a_bot_is_watched(exchange: Exchange, settings: Settings) -> None:
    """Every metric that the dashboard and the alert rules name is in a real scrape."""
    said: list[str] = []

    class Ear(Supervisor):
        def say(self, words: str) -> None:
            said.append(words)

    async with operated_bot(settings, Ear()) as bot:
        assert said == ["READY=1"]
        alice = await exchange.phone()
        report = await place_call(alice, CallOrder(bot.phone.user_id, seconds=0.5))
        assert report.ok, report.reason

        async def signed() -> bool:
            return bot.phone.matrix.identity.state is IdentityState.SIGNED and not bot.live

        await eventually(signed)
        status, text = await get(settings.admin_port, "/metrics")
        assert status == 200
        assert sorted(named() - scraped(text)) == []
        assert 'voip_calls_total{by="peer",connected="yes",direction="inbound"' in text
        assert "voip_calls_live 0.0" in text
        assert "voip_device_signed 1.0" in text
        assert "@" not in text, "no Matrix ids"
        status, text = await get(settings.admin_port, "/health/ready")
        assert (status, json.loads(text)["ok"]) == (200, True), text
        bot.door.draining = True
        status, _ = await get(settings.admin_port, "/health/ready")
        assert status == 503
        assert (await get(settings.admin_port, "/health/live"))[0] == 200
    assert said[1].startswith("STOPPING=1\nEXTEND_TIMEOUT_USEC=")


def test_the_dashboard_asks_for_something() -> None:
    assert len(expressions()) > 40
    assert "voip_calls_live" in named()
