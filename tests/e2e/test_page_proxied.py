"""The page under a path behind a real proxy, which passes the path on or takes it off."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.bot.conftest import Exchange
from tests.conftest import MakeUser
from tests.e2e.browser import Person
from tests.e2e.conftest import Serve
from tests.turn.databases import Server, listens
from voip.bot.runner import BotKind
from voip.service.demo.processes import ChildProcess, free_port
from voip.service.demo.synapse import SynapseProcess

CADDYFILE = """
{{
  admin off
}}
http://127.0.0.1:{port} {{
  {handle} /calls/* {{
    reverse_proxy {upstream}
  }}
}}
"""
READY_WITHIN = 20.0

Proxy = Callable[[str, str], str]


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[Proxy]:
    """``proxied(handle, page)``: where the page is found, under /calls/."""
    if shutil.which("caddy") is None:
        pytest.skip("the command caddy is missing: apt-get install caddy")
    port, config = free_port(), tmp_path / "Caddyfile"
    run = ["env", f"XDG_DATA_HOME={tmp_path}", "caddy", "run", "--config", str(config)]
    caddy = ChildProcess("Caddy", [*run, "--adapter", "caddyfile"], tmp_path / "caddy.log")

    def start(handle: str, page: str) -> str:
        upstream = page.removeprefix("http://").partition("/")[0]
        config.write_text(CADDYFILE.format(port=port, handle=handle, upstream=upstream))
        caddy.start()
        caddy.wait_until(lambda: listens(Server("127.0.0.1", port)), READY_WITHIN, "See its log.")
        return f"http://127.0.0.1:{port}/calls/"

    yield start
    caddy.stop()


@pytest.mark.long
@pytest.mark.parametrize(
    ("handle", "path"), [("handle", "calls/"), ("handle_path", "")], ids=["passed on", "taken off"]
)
async def test_a_link_leads_to_a_call(
    *,
    browser: Browser,
    serve: Serve,
    proxied: Proxy,
    exchange: Exchange,
    synapse: SynapseProcess,
    make_user: MakeUser,
    handle: str,
    path: str,
) -> None:
    bot, user = await exchange.bot(BotKind.ECHO), make_user()
    url = proxied(handle, await serve(synapse.url, path=path))
    person = await Person.open(browser, f"{url}#/call/{bot.phone.user_id}")
    await person.sign_in(user.localpart, user.password)
    await person.at("link-voice").click()
    await person.wait_phase("connected")
    await person.hang_up()
    await person.wait_call_over()
    worker = "navigator.serviceWorker.ready.then((found) => found.scope)"
    assert await person.page.evaluate(worker) == url
    await person.page.reload()
    await person.wait_online()
    person.assert_clean()
