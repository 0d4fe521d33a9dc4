"""The deployment that compose.yaml describes, run: an image by the Dockerfile's steps, each service
by its command and configuration, and people who reach it from another machine by its names."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.browser import CHROMIUM, Person, chromium
from tests.e2e.deployed import Deployment, deployed
from tests.e2e.image import build_image
from tests.e2e.namespaces import NotAllowed, two_apart

PASSWORD = "sesame open"
PACKAGES = {
    "caddy": "caddy",
    "turnserver": "coturn",
    "redis-server": "redis-server",
    "setpriv": "util-linux",
}
"""Of Debian, by the command that is wanted of each."""

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    for command, package in PACKAGES.items():
        if shutil.which(command) is None:
            pytest.skip(f"the command {command} is missing: on Debian, apt-get install {package}")
    # Not pytest's own folder: PostgreSQL runs as a user who may not pass through it.
    with tempfile.TemporaryDirectory(prefix="deployed-") as made:
        folder = Path(made)
        folder.chmod(0o711)
        image = build_image(folder)
        try:
            with two_apart() as network, deployed(network, folder, image) as running:
                running.make_account("ann", PASSWORD)
                running.make_account("recorder", running.values["BOT_PASSWORD"])
                running.start_ours("bot")
                yield running
        except NotAllowed as why:
            pytest.skip(str(why))


@pytest.fixture
def browser_outside(deployment: Deployment, tmp_path: Path) -> Path:
    """On another machine; it takes the proxy's own certificates."""
    run = [str(CHROMIUM), "--ignore-certificate-errors"]
    return deployment.network.left.program(tmp_path / "chromium", *run)


@pytest.mark.parametrize("relay_only", [False, True])
async def test_a_person_calls_the_bot_and_finds_the_recording(
    deployment: Deployment, browser_outside: Path, *, relay_only: bool
) -> None:
    bot = deployment.values["BOT_USER_ID"]
    async with chromium(program=browser_outside) as browser:
        page = f"https://{deployment.values['CALL_HOST']}/"
        person = await Person.open(browser, page, relay_only=relay_only)
        await person.sign_in("ann", PASSWORD)
        await person.start_chat(bot)
        await person.call()
        await person.wait_phase("connected")
        heard = await person.wait_packets(100)
        assert (heard.route == "relayed") is relay_only
        await person.wait_call_over()  # the bot ends it: nobody speaks after the tone
        await person.wait_recording(bot)
        person.assert_clean()


async def test_the_relay_is_found_and_works_as_the_documents_have_it_checked(
    deployment: Deployment, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text(await access_token(deployment))
    wishes = ["--homeserver", f"https://{deployment.values['MATRIX_HOST']}", "--json"]
    wishes += ["--token-file", str(token), "--ca-file", str(deployment.authority)]
    done = deployment.run_ours("credentials", "check", *wishes)
    assert done.returncode == 0, done.stdout + done.stderr
    relays = json.loads(done.stdout)["relays"]
    assert {each["uri"] for each in relays} == {
        f"turn:{deployment.values['TURN_HOST']}:3478?transport={each}" for each in ("udp", "tcp")
    }


async def access_token(deployment: Deployment) -> str:
    who = {"type": "m.id.user", "user": "ann"}
    body = {"type": "m.login.password", "identifier": who, "password": PASSWORD}
    where = f"{deployment.homeserver}/_matrix/client/v3/login"
    async with aiohttp.ClientSession() as session, session.post(where, json=body) as answer:
        return str((await answer.json())["access_token"])
