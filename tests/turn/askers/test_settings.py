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


def test_every_wrong_setting_is_named_at_once_and_none_is_quoted() -> None:
    with pytest.raises(ValueError, match="the server name is none") as caught:
        AskerSettings(
            server_name="secret?",
            homeserver_url="secret",
            allowed_servers=("*.org", "sec ret", "*secret"),
            overrides={"sec ret": "https://ok.example", "ok.example": "secret://ok.example"},
            nameservers=("::1", "secret"),
            within=0,
        )
    text = str(caught.value)
    named = ("the homeserver's URL", "allowed server 2", "allowed server 3", "override 1", "DNS")
    assert all(each in text for each in named)
    assert len(text.splitlines()) == 8
    assert "allowed server 1" not in text
    assert "sec" not in text


@pytest.mark.parametrize(
    "url",
    ["https://user:secret@host", "https://host/?a=secret", "https://host/#secret", "https://"],
)
def test_what_is_no_base_url_is_not_quoted(url: str) -> None:
    with pytest.raises(ValueError, match="base URL") as caught:
        AskerSettings(overrides={"example.org": url})
    assert "secret" not in str(caught.value)
