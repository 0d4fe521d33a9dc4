"""Whose users may ask, and settings that cannot be meant."""

from __future__ import annotations

from typing import Any

import pytest

from turn.askers.server_names import parse_server_name
from turn.askers.settings import AskerSettings


@pytest.mark.parametrize(
    ("settings", "name", "allowed"),
    [
        ({}, "example.org", False),
        ({"server_name": "example.org"}, "example.org", True),
        ({"server_name": "example.org"}, "example.org:8448", False),
        ({"allowed_servers": ("example.org",)}, "example.org", True),
        ({"allowed_servers": ("Example.org",)}, "exAMPLE.org", True),
        ({"allowed_servers": ("example.org",)}, "example.org:443", False),
        ({"allowed_servers": ("example.org:443",)}, "example.org:443", True),
        ({"allowed_servers": ("example.org",)}, "www.example.org", False),
        ({"allowed_servers": ("example.org",)}, "example.org.evil.net", False),
        ({"allowed_servers": ("*.example.org",)}, "www.example.org", True),
        ({"allowed_servers": ("*.example.org",)}, "a.b.example.org:99", True),
        ({"allowed_servers": ("*.example.org",)}, "example.org", False),
        ({"allowed_servers": ("*.example.org",)}, "evilexample.org", False),
        ({"allowed_servers": ("*",)}, "anything.example", True),
        ({"allowed_servers": ("*",)}, "8.8.8.8", True),
    ],
)
def test_the_list_of_servers(settings: dict[str, Any], name: str, allowed: bool) -> None:
    assert AskerSettings(**settings).allows(parse_server_name(name)) is allowed


def test_overrides_are_by_the_whole_name() -> None:
    settings = AskerSettings(overrides={"example.org": "http://10.0.0.5:8008"})
    assert str(settings.override(parse_server_name("example.org"))) == "http://10.0.0.5:8008"
    assert settings.override(parse_server_name("example.org:8448")) is None


def test_every_wrong_setting_is_named_at_once() -> None:
    with pytest.raises(ValueError, match="not a server name") as caught:
        AskerSettings(
            server_name="https://example.org",
            homeserver_url="example.org",
            allowed_servers=("*.org", "exam ple", "*example.org"),
            overrides={"x y": "https://ok.example", "ok.example": "ftp://ok.example"},
            nameservers=("dns.example.org", "::1"),
            within=0,
        )
    text = str(caught.value)
    assert len(text.splitlines()) == 8
    assert "'https://example.org' is not a server name" in text
    assert "'exam ple'" in text
    assert "'*example.org'" in text
    assert "'*.org'" not in text
    assert "base URL" in text


@pytest.mark.parametrize(
    "url",
    ["https://user:secret@host", "https://host/?a=secret", "https://host/#secret", "https://"],
)
def test_what_is_no_base_url_is_not_quoted(url: str) -> None:
    with pytest.raises(ValueError, match="base URL") as caught:
        AskerSettings(overrides={"example.org": url})
    assert "secret" not in str(caught.value)
