"""compose.yaml against the Compose schema, against our settings, and against what it starts."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.deployment import COMPOSE, ROOT, compose, example, variables
from turn.settings_sources import load_settings, warnings
from voip.service.bot_service import ENDS_WITHIN
from voip.service.settings import Settings

SERVICES: dict[str, Any] = compose()["services"]
CONFIGS: dict[str, Any] = compose()["configs"]


def test_it_is_what_compose_reads() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run(
        [*command, str(COMPOSE)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_has_each_variable_and_no_other() -> None:
    assert set(example()) == variables()


@pytest.mark.parametrize("name", SERVICES)
def test_images_have_a_version_and_no_digest(name: str) -> None:
    image = SERVICES[name]["image"]
    if SERVICES[name].get("build") is None:
        assert re.fullmatch(r"[a-z0-9./-]+:v?\d+(\.\d+)+", image)


def test_what_is_ours_can_write_nothing_and_do_little() -> None:
    ours = [service for service in SERVICES.values() if "build" in service]
    assert len(ours) == 3
    for service in ours:
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
    text = (ROOT / "Dockerfile").read_text()
    assert re.findall(r"^USER (\w+)$", text, re.MULTILINE) == ["voip"]
    sources = {
        word
        for line in re.findall(r"^COPY (?!--)(.+)$", text, re.MULTILINE)
        for word in line.split()[:-1]
    }
    assert all(list(ROOT.glob(each)) for each in sources), sources


def test_who_is_waited_for_says_when_it_is_healthy() -> None:
    for service in SERVICES.values():
        for other, condition in service.get("depends_on", {}).items():
            if condition["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other], other


def test_every_config_is_used_and_there() -> None:
    used = {each["source"] for service in SERVICES.values() for each in service.get("configs", [])}
    assert used == set(CONFIGS)


def test_the_bot_takes_its_settings() -> None:
    given = SERVICES["bot"]["environment"]
    Settings(**{name.removeprefix("VOIP_").lower(): value for name, value in given.items()})


def test_the_bot_is_asked_how_it_is_and_given_time_to_end() -> None:
    bot = SERVICES["bot"]
    settings = Settings(
        **{name.removeprefix("VOIP_").lower(): value for name, value in bot["environment"].items()}
    )
    assert f":{settings.admin_port}/health/ready" in bot["healthcheck"]["test"][-1]
    grace = float(bot["stop_grace_period"].removesuffix("s"))
    assert grace >= settings.drain_seconds + ENDS_WITHIN


def test_the_credential_endpoint_takes_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SERVICES["credentials"]["environment"].items():
        monkeypatch.setenv(name, str(value))
    settings = load_settings()
    assert settings.matrix
    assert not warnings()


def test_the_homeserver_takes_its_settings(tmp_path: Path) -> None:
    """The real one: it makes its key, as the deployment has it do."""
    text = CONFIGS["synapse"]["content"].replace("/data/", f"{tmp_path}/data/")
    config, log = tmp_path / "homeserver.yaml", tmp_path / "log.yaml"
    config.write_text(text.replace("/config/", f"{tmp_path}/"))
    log.write_text(CONFIGS["synapse-log"]["content"])
    (tmp_path / "data").mkdir()
    command = [sys.executable, "-m", "synapse.app.homeserver", f"--config-path={config}"]
    done = subprocess.run(
        [*command, "--generate-keys"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "data" / "signing.key").read_text().startswith("ed25519 ")


def test_the_relay_has_what_we_would_write_for_it(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    given = example() | {"PUBLIC_IPV4": "45.3.0.1"}  # that of the example is nobody's, and refused
    secret.write_text(given["TURN_SECRET"])
    config = tmp_path / "turnserver.conf"
    version = SERVICES["relay"]["image"].partition(":")[2]
    wishes = ["--realm", given["TURN_HOST"], "--external-ip", given["PUBLIC_IPV4"], "--offline"]
    wishes += ["--secrets", f"file:{secret}", "--relay-ports", "49160-51159"]
    wishes += ["--coturn-version", version, "-o", str(config)]
    done = subprocess.run(
        [sys.executable, "-c", "from turn.cli import main; main()", "config", *wishes],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    ours = compose(given)["configs"]["relay"]["content"]
    assert set(options(ours)) == set(options(config.read_text()))


def options(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and line[0] != "#"]


@pytest.mark.skipif(
    shutil.which("caddy") is None, reason="the command caddy is missing: apt-get install caddy"
)
def test_the_proxy_takes_its_settings(tmp_path: Path) -> None:
    caddyfile = tmp_path / "Caddyfile"
    caddyfile.write_text(CONFIGS["proxy"]["content"])
    done = subprocess.run(
        ["caddy", "adapt", "--config", str(caddyfile), "--adapter", "caddyfile"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for name in ("synapse:8008", "credentials:8790", "page:8080"):
        assert f'"dial":"{name}"' in done.stdout
