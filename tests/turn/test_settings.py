"""The settings: file and environment, everything that is wrong at once, and no value in a text."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path

import pytest

from turn.limits.model import Allowance
from turn.regions import Relay
from turn.settings import Settings, WhenAway
from turn.settings_sources import SettingsError, keys_file, load_settings, warnings

SECRET = "hunter2-hunter2-hunter2"
TOML = """
secret = "from-the-file"
server_name = "example.org"
homeserver = "http://synapse:8008/"
remote_servers = ["*.example.com"]
remote_regions = ["us"]
local_rate = "none"
remote_quota = "5/h"
trusted_proxies = ["127.0.0.1/32"]

[[relays]]
region = "eu"
uris = ["turn:eu.example.org:3478?transport=udp", "stun:eu.example.org"]

[[relays]]
region = "us"
uris = ["turns:us.example.org:443"]

[networks]
"10.1.0.0/16" = "us"

[homeserver_overrides]
"matrix.example.com" = "https://10.0.0.5:8448"
"""


@pytest.fixture(autouse=True)
def _clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("TURN_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def set_all(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"TURN_{name.upper()}", value)


def problems() -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings()
    return caught.value.problems


def test_a_whole_file(tmp_path: Path) -> None:
    (tmp_path / "matrix-turn.toml").write_text(TOML)
    settings = load_settings()
    assert settings.all_relays[1] == Relay("us", ("turns:us.example.org:443",))
    assert settings.homeserver == "http://synapse:8008"
    assert (settings.local.rate, settings.local.ttl) == (None, 3600)
    assert settings.remote is not None
    assert (settings.remote.quota, settings.remote.regions) == (Allowance(5, 3600), ("us",))
    assert settings.networks == {ipaddress.ip_network("10.1.0.0/16"): "us"}
    assert settings.askers().allowed_servers == ("*.example.com",)


def test_the_environment_wins_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "matrix-turn.toml").write_text(TOML.replace('remote_regions = ["us"]', ""))
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    set_all(
        monkeypatch,
        secret_file="secret",
        uris="turn:a.example.org, turns:b.example.org",
        networks='{"10.0.0.0/8": "default"}',
        redis_away="refuse",
        log_level="DEBUG",
    )
    settings = load_settings()
    assert settings.secret is not None
    assert settings.secret.get_secret_value() == SECRET
    assert settings.uris == ("turn:a.example.org", "turns:b.example.org")
    assert settings.redis_away is WhenAway.REFUSE
    assert [relay.region for relay in settings.all_relays] == ["default"]


def test_nothing_set_names_everything_that_is_missing() -> None:
    text = "\n".join(problems())
    for name in ("TURN_SECRET", "TURN_URIS", "TURN_HOMESERVER", "TURN_KEYS_FILE"):
        assert name in text


def test_everything_wrong_is_said_at_once_and_no_value_is_quoted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = {
        "uris": f"turn:{SECRET}:x",
        "id_key": "short",
        "homeserver": f"https://ann:{SECRET}@example.org",
        "server_name": f"{SECRET}/x",
        "local_rate": SECRET,
        "local_ttl": SECRET,
        "networks": f'{{"{SECRET}": "eu"}}',
        "trusted_proxies": SECRET,
        "remote_servers": f"{SECRET}/y",
        "homeserver_overrides": f'{{"{SECRET}": 1',
        "relays": f'[{{"region": "{SECRET} x", "uris": []}}]',
        "redis_away": SECRET,
        "log_level": SECRET,
        "listen_port": SECRET,
    }
    set_all(monkeypatch, **wrong)
    found = problems()
    for name in wrong:
        assert any(f"TURN_{name.upper()}" in each for each in found), name
    assert SECRET not in "\n".join(found)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"secrets": "file:/x"}, "exclude each other"),
        ({"relays": '[{"region": "eu", "uris": ["turn:eu.example.org"]}]'}, "exclude each other"),
        ({"local_regions": "mars"}, "TURN_LOCAL_REGIONS names a region of no relay"),
        ({"networks": '{"10.0.0.0/8": "mars"}'}, "TURN_NETWORKS names a region of no relay"),
        ({"homeserver": "http://hs:8008"}, "TURN_SERVER_NAME is missing"),
        ({"uris": "stun:only.example.org"}, "begins with turn:"),
        ({"secret": ","}, "TURN_SECRET"),
    ],
)
def test_what_does_not_belong_together(
    monkeypatch: pytest.MonkeyPatch, more: dict[str, str], why: str
) -> None:
    set_all(monkeypatch, **({"secret": SECRET, "uris": "turn:x", "keys_file": "k"} | more))
    assert any(why in each for each in problems())


def test_unknown_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, secret=SECRET, uri="turn:x")
    assert warnings() == [
        "TURN_URI is set in the environment and is no setting; is TURN_URIS meant?"
    ]
    (tmp_path / "matrix-turn.toml").write_text('secrt = "x"\nkeys_file = "k.db"')
    assert "secrt is no setting; is secret meant?" in problems()
    assert keys_file() == Path("k.db"), "keys can be managed before the rest is set up"


def test_a_file_of_secrets_that_others_may_read(tmp_path: Path) -> None:
    file = tmp_path / "matrix-turn.toml"
    file.write_text('secret = "x"')
    file.chmod(0o644)
    assert any("chmod 600" in each for each in warnings())


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(
        monkeypatch, secret=SECRET, uris="turn:x", keys_file="k", redis_url=f"redis://:{SECRET}@r"
    )
    settings = load_settings()
    assert isinstance(settings, Settings)
    assert SECRET not in f"{settings!r} {settings}"
