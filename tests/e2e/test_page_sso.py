"""Signing in elsewhere: single sign-on through Synapse, and OAuth 2.0, against real servers."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.browser import Person
from tests.e2e.conftest import Serve
from tests.e2e.identity.process import identity_provider
from voip.service.demo.processes import free_port
from voip.service.demo.synapse import LIMITS_LIFTED, SynapseProcess
from voip.service.demo.synapse_config import SynapseOptions


@pytest.fixture(scope="module")
def with_sso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SynapseProcess]:
    """A homeserver without passwords that sends people to an OpenID Connect provider."""
    folder = tmp_path_factory.mktemp("sso")
    port, provider_port = free_port(), free_port()
    client = {
        "client_id": "synapse",
        "client_secret": secrets.token_urlsafe(16),
        "redirect_uris": [f"http://127.0.0.1:{port}/_synapse/client/oidc/callback"],
    }
    issuer = f"http://127.0.0.1:{provider_port}"
    provider = {
        "idp_id": "house",
        "idp_name": "House",
        "issuer": issuer,
        "client_id": client["client_id"],
        "client_secret": client["client_secret"],
        "scopes": ["openid", "profile"],
        "user_mapping_provider": {
            "config": {
                "localpart_template": "{{ user.preferred_username }}",
                "display_name_template": "{{ user.name }}",
            }
        },
        # The provider keeps the claims of `profile` for its own endpoint.
        "user_profile_method": "userinfo_endpoint",
    }
    extra = {
        **LIMITS_LIFTED,
        "oidc_providers": [provider],
        "password_config": {"enabled": False},
    }
    options = SynapseOptions(folder / "synapse", port, extra_config=extra)
    with ExitStack() as stack:
        stack.enter_context(identity_provider(folder, provider_port, client=client))
        process = SynapseProcess(options)
        process.start()
        stack.callback(process.stop)
        yield process


@pytest.fixture(scope="module")
def with_oauth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a homeserver whose accounts an OAuth 2.0 server keeps."""
    folder = tmp_path_factory.mktemp("oauth")
    port, provider_port, secret = free_port(), free_port(), secrets.token_urlsafe(16)
    issuer = f"http://127.0.0.1:{provider_port}"
    delegated = {"enabled": True, "endpoint": issuer, "secret": secret}
    extra = {
        **LIMITS_LIFTED,
        "matrix_authentication_service": delegated,
        "password_config": {"enabled": False},
    }
    options = SynapseOptions(folder / "synapse", port, public_url=issuer, extra_config=extra)
    synapse = {"url": f"http://127.0.0.1:{port}", "secret": secret}
    with ExitStack() as stack:
        process = SynapseProcess(options)
        process.start()
        stack.callback(process.stop)
        stack.enter_context(identity_provider(folder, provider_port, synapse=synapse, lifetime=20))
        yield issuer


async def log_in_there(person: Person, name: str) -> None:
    """The provider's own page: it believes every name."""
    await person.page.locator('input[name="login"]').fill(name)
    await person.page.locator('input[name="password"]').fill("any")
    await person.page.locator('button[type="submit"]').click()


async def test_single_sign_on_and_back(
    browser: Browser, serve: Serve, with_sso: SynapseProcess
) -> None:
    person = await Person.open(browser, await serve(with_sso.url))
    await expect(person.at("password")).to_have_count(0)  # It is known that there are none.
    await expect(person.at("sso")).to_have_text("Continue with House")
    await person.at("sso").click()
    await log_in_there(person, "ada")
    await person.page.get_by_role("link", name="Continue").click()  # Synapse's "do you trust"
    await person.wait_online()
    await expect(person.at("me")).to_have_text("ada")
    assert "loginToken" not in person.page.url
    assert await person.page.evaluate("sessionStorage.length") == 0


async def test_oauth_from_registration_to_revocation(
    browser: Browser, serve: Serve, with_oauth: str
) -> None:
    person = await Person.open(browser, await serve(with_oauth))
    await expect(person.at("password")).to_have_count(0)
    await person.at("oauth").click()
    await log_in_there(person, "grace")
    await person.wait_online()
    await expect(person.at("me")).to_have_text("grace")
    assert "code=" not in person.page.url
    await person.page.reload()
    await person.wait_online()
    await person.at("menu").click()
    async with person.page.expect_response(lambda answer: "/oauth2/revoke" in answer.url) as told:
        await person.at("sign-out").click()
    assert (await told.value).ok
    await expect(person.at("oauth")).to_be_visible()
    assert await person.page.evaluate("Object.keys(localStorage)") == []
