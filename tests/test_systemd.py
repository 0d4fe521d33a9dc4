"""The systemd unit against systemd's own check, and against what the bot needs."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from voip.service.bot_service import ENDS_WITHIN
from voip.service.settings import Settings

UNIT = Path(__file__).parents[1] / "docs" / "systemd" / "voip-bot.service"


@pytest.fixture
def service() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as the documentation has it
    parser.read_string(UNIT.read_text())
    return parser["Service"]


def test_systemd_takes_it(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is missing: on Debian, apt-get install systemd")
    # The program has to be there: one that surely is takes its place.
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/matrix-voip/bin/voip", sys.executable))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert UNIT.name not in done.stderr, done.stderr


def test_it_waits_for_the_drain(service: configparser.SectionProxy) -> None:
    drain = Settings.model_fields["drain_seconds"].default
    assert int(service["TimeoutStopSec"]) >= drain + ENDS_WITHIN
    assert service["KillSignal"] == "SIGTERM"
    assert service["KillMode"] == "mixed", "media workers end with their parent, not before it"
    assert service["Type"] == "notify"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("DynamicUser", "yes"),
        ("ProtectSystem", "strict"),
        ("NoNewPrivileges", "yes"),
        ("CapabilityBoundingSet", ""),
        ("StateDirectory", "matrix-voip"),
    ],
)
def test_it_may_do_little(service: configparser.SectionProxy, key: str, value: str) -> None:
    assert service[key] == value
