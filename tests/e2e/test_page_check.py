"""The network test, against a real homeserver, the echo bot and a real relay."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.async_api import Browser, expect

from tests.bot.conftest import Exchange
from tests.conftest import MakeUser
from tests.e2e.browser import GRANT, SMALL_PHONE, Person, chromium
from tests.e2e.conftest import Serve
from voip.bot.runner import BotKind
from voip.service.demo.coturn import RelayProcess
from voip.service.demo.processes import free_port
from voip.service.demo.synapse import LIMITS_LIFTED, SynapseProcess
from voip.service.demo.synapse_config import SynapseOptions

# Milliseconds; a call with a greeting and five tones is in it.
ALL_STEPS = 90_000


async def run_test(person: Person) -> None:
    await person.at("check-start").click()
    steps = person.at("check-steps")
    await expect(steps.locator('[data-testid="check-echo"]')).to_be_attached()
    await expect(steps).to_have_attribute("data-running", "false", timeout=ALL_STEPS)


async def expect_step(person: Person, step: str, state: str, text: str) -> None:
    await expect(person.at(f"check-{step}")).to_have_attribute("data-state", state)
    await expect(person.at(f"check-{step}")).to_contain_text(text)


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_everything_works_and_the_echo_is_rated(
    browser: Browser, serve: Serve, synapse: SynapseProcess, exchange: Exchange, make_user: MakeUser
) -> None:
    bot, user = await exchange.bot(BotKind.ECHO), make_user()
    url = await serve(synapse.url, echo=bot.phone.user_id)
    person = await Person.open(browser, url + "#/test")
    await person.page.context.grant_permissions(
        ["microphone", "camera", "clipboard-read", "clipboard-write"]
    )
    await person.sign_in(user.localpart, user.password)
    await run_test(person)
    await expect_step(person, "microphone", "passed", "hears you")
    await expect_step(person, "camera", "passed", "640 × 360")
    await expect_step(person, "homeserver", "passed", "It answers within")
    await expect_step(person, "sync", "passed", "arrived after")
    await expect_step(person, "turn-none", "warned", "offers no TURN relay")
    await expect(person.at("check-echo")).to_contain_text("tones came back")
    await expect(person.at("check-echo")).to_contain_text("Score 4.")
    await person.at("check-copy").click()
    await expect(person.at("check-copied")).to_have_text("Copied.")
    copied = await person.page.evaluate("navigator.clipboard.readText()")
    assert "✓ Microphone: " in copied
    assert "→ Calls between two networks" in copied
    await person.page.set_viewport_size({"width": SMALL_PHONE[0], "height": SMALL_PHONE[1]})
    await person.assert_fits()
    await person.at("check-close").click()
    await expect(person.at("check")).to_have_count(0)
    person.assert_clean()


@pytest.fixture
def with_relay(
    tmp_path_factory: pytest.TempPathFactory, coturn: RelayProcess
) -> Iterator[Callable[[str], SynapseProcess]]:
    """``with_relay(secret)``: a homeserver that names the relay, and one where nothing listens."""
    started: list[SynapseProcess] = []

    def start(secret: str) -> SynapseProcess:
        closed = f"turn:127.0.0.1:{free_port()}?transport=tcp"
        options = SynapseOptions(
            tmp_path_factory.mktemp("relayed"),
            free_port(),
            turn_uris=(*coturn.uris, closed, "turn:"),
            turn_shared_secret=secret,
            extra_config=LIMITS_LIFTED,
        )
        started.append(SynapseProcess(options))
        started[-1].start()
        started[-1].register("tester", "sesame open")
        return started[-1]

    yield start
    for process in started:
        process.stop()


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_each_relay_by_itself(
    browser: Browser,
    serve: Serve,
    coturn: RelayProcess,
    with_relay: Callable[[str], SynapseProcess],
) -> None:
    homeserver = with_relay(coturn.secret)
    person = await Person.open(browser, await serve(homeserver.url) + "#/test")
    await person.sign_in("tester", "sesame open")
    await run_test(person)
    for number, uri in enumerate(coturn.uris):
        transport = "TCP" if "tcp" in uri else "UDP"
        await expect_step(person, f"turn-{number}", "passed", f"Works over {transport}")
    number = len(coturn.uris)
    await expect_step(person, f"turn-{number}", "failed", "A firewall on your side may block TCP")
    await expect_step(person, f"turn-{number + 1}", "failed", "correct turn_uris")
    await expect_step(person, "echo", "skipped", "No echo bot")


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_a_wrong_secret_and_no_devices(
    serve: Serve, with_relay: Callable[[str], SynapseProcess]
) -> None:
    homeserver = with_relay("not the relay's")
    async with chromium(devices=(GRANT,)) as bare:
        person = await Person.open(bare, await serve(homeserver.url) + "#/test")
        await person.sign_in("tester", "sesame open")
        await run_test(person)
        await expect_step(person, "microphone", "failed", "No microphone was found")
        await expect_step(person, "camera", "skipped", "voice calls work without one")
        await expect_step(person, "turn-0", "failed", "do not share a secret")
