"""`voip doctor` against the real homeserver and the real relay, healthy and not."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from tests.bot.conftest import Exchange, eventually
from tests.bot.conftest import exchange as exchange  # noqa: PLC0414 - a fixture of that folder
from tests.conftest import MakeUser, User
from tests.service.test_cli_live import environment, voip
from voip.matrix.identity import IdentityState
from voip.service.demo.processes import free_port
from voip.service.demo.synapse import SynapseProcess
from voip.service.demo.synapse_config import SynapseOptions
from voip.service.doctor.command import DoctorOptions, _print, doctor_command
from voip.service.doctor.homeserver import _clock
from voip.service.doctor.model import Result, failed, ok
from voip.service.doctor.wakeups import judged
from voip.service.running import Exit


def examined(settings: dict[str, str], *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit status, and each check with what was found, but for how well this machine wakes."""
    done = voip(settings, "doctor", "--json", *arguments)
    assert "Traceback" not in done.stderr, done.stderr
    found = json.loads(done.stdout)["findings"]
    assert all(each["reason"] for each in found)
    assert all("remedy" in each for each in found if each["result"] in {"warning", "failed"})
    checks = {each["check"]: each for each in found}
    assert checks.pop("wake-ups")["result"] in {"ok", "warning"}
    return done.returncode, checks


def results(found: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {name: each["result"] for name, each in found.items()}


HERE = {"settings": "ok", "codec Opus": "ok", "codec VP8": "ok", "codec H.264": "ok", "disk": "ok"}


def test_a_new_account(synapse: SynapseProcess, make_user: MakeUser, tmp_path: Path) -> None:
    user = make_user()
    settings = environment(synapse, user, tmp_path, VOIP_BOT="echo")
    status, found = examined(settings, "--burst", "40")
    assert status == Exit.DONE
    assert results(found) == HERE | {
        "homeserver": "ok",
        "clock": "ok",
        "sync": "ok",
        "device": "skipped",
        "recovery": "warning",
        "key backup": "warning",
        "rate limits": "ok",
        "TURN": "warning",
    }
    assert "voip" not in devices(synapse, user), "it has logged out again"


def devices(synapse: SynapseProcess, user: User) -> list[str | None]:
    login = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": user.user_id},
        "password": user.password,
        "initial_device_display_name": "the test",
    }
    token = synapse.request("POST", "/_matrix/client/v3/login", login)["access_token"]
    found = synapse.request("GET", "/_matrix/client/v3/devices", token=token)["devices"]
    return [device["display_name"] for device in found]


async def test_a_bot_that_runs_is_looked_at_and_goes_on(exchange: Exchange) -> None:
    phone = await exchange.phone("bot")

    async def signed() -> bool:
        return phone.matrix.identity.state is IdentityState.SIGNED

    await eventually(signed)
    matrix = phone.settings.matrix
    settings = {
        "VOIP_HOMESERVER": matrix.homeserver,
        "VOIP_USER_ID": matrix.user_id,
        "VOIP_PASSWORD": "not needed: its session is still good",
        "VOIP_DATA_DIR": str(phone.settings.data_dir),
        "VOIP_BOT": "echo",
    }
    status, found = await asyncio.to_thread(examined, settings)
    assert status == Exit.DONE, found
    assert found["device"]["result"] == found["recovery"]["result"] == "ok"


@contextmanager
def strict_homeserver(folder: Path) -> Iterator[SynapseProcess]:
    """One with Synapse's own limits."""
    process = SynapseProcess(SynapseOptions(folder, free_port(), extra_config={}))
    process.start()
    try:
        yield process
    finally:
        process.stop()


@pytest.mark.long
def test_a_homeserver_that_limits_the_rate(tmp_path: Path) -> None:
    with strict_homeserver(tmp_path / "synapse") as synapse:
        synapse.register("bot", "password")
        user = User("bot", "password", f"@bot:{synapse.server_name}")
        settings = environment(synapse, user, tmp_path, VOIP_BOT="echo")
        _, found = examined(settings, "--burst", "30")
        limits = found["rate limits"]
        assert limits["result"] in {"warning", "failed"}
        assert "asks to wait" in limits["reason"]
        assert f"/users/{user.user_id}/override_ratelimit" in limits["remedy"]


def test_what_does_not_work(
    synapse: SynapseProcess,
    make_user: MakeUser,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In this process, for each of its own takes seconds to begin."""
    for name, value in environment(
        synapse, make_user(), tmp_path, VOIP_BOT="echo", VOIP_PASSWORD="wrong"
    ).items():
        if name.startswith("VOIP_"):
            monkeypatch.setenv(name, value)

    def found() -> tuple[int, dict[str, dict[str, Any]]]:
        status = doctor_command(None, DoctorOptions(as_json=True))
        return status, {
            each["check"]: each for each in json.loads(capsys.readouterr().out)["findings"]
        }

    status, checks = found()
    assert status == Exit.FAILED
    assert "does not accept this password" in checks["login"]["reason"]
    monkeypatch.setenv("VOIP_HOMESERVER", "http://127.0.0.1:1")
    status, checks = found()
    assert status == Exit.FAILED
    assert (checks["homeserver"]["result"], checks["login"]["result"]) == ("failed", "skipped")
    monkeypatch.setenv("VOIP_BOT", "singer")
    status, checks = found()
    assert status == Exit.WRONG_INPUT
    assert results(checks) == {"settings": "failed"}


def test_the_table_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    findings = [ok("disk", "fine", 0.5), failed("TURN", "no answer", "open the port")]
    _print(findings, DoctorOptions())
    out = capsys.readouterr().out
    assert "fine (0.50 s)" in out
    assert "→ open the port" in out
    assert "1 of 2 checks failed" in out


@pytest.mark.parametrize(
    ("late", "result"),
    [
        ([0.0001] * 100, "ok"),
        ([0.0001] * 98 + [0.011] * 2, "ok"),
        ([0.0001] * 97 + [0.011] * 3, "warning"),
        ([0.0001] * 99 + [0.041], "warning"),
    ],
)
def test_a_machine_that_wakes_up_late_is_told(late: list[float], result: str) -> None:
    finding = judged(late)
    assert finding.result == result
    assert f"the latest {max(late) * 1000:.0f} ms" in finding.reason
    assert bool(finding.remedy) == (result == "warning")


@pytest.mark.parametrize(("ahead", "result"), [(0, "ok"), (-300, "warning"), (300, "warning")])
def test_clocks(ahead: float, result: str) -> None:
    now = time.time()
    finding = _clock(formatdate(now + ahead, usegmt=True), now, 0.1)
    assert finding.result.value == result
    assert _clock(None, now, 0.1).result is Result.SKIPPED
    assert _clock("nonsense", now, 0.1).result is Result.SKIPPED
