"""The command line as it is used: processes, a real homeserver, a real call, signals."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import MakeUser, User
from voip.service.demo.coturn import own_address
from voip.service.demo.synapse import SynapseProcess
from voip.service.running import Exit

VOIP = [sys.executable, "-c", "from voip.service.cli import main; main()"]
PATIENCE = 60.0


def environment(synapse: SynapseProcess, user: User, folder: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VOIP_")}
    return kept | {
        "VOIP_HOMESERVER": synapse.url,
        "VOIP_USER_ID": user.user_id,
        "VOIP_PASSWORD": user.password,
        "VOIP_DATA_DIR": str(folder / user.localpart),
        "VOIP_LOG_LEVEL": "debug",
        **more,
    }


@contextmanager
def bot(settings: dict[str, str], log: Path) -> Iterator[subprocess.Popen[str]]:
    """A bot that is ready; killed where the test did not end it."""
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [*VOIP, "bot"], env=settings, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith(f"ready: {settings['VOIP_USER_ID']} "), log.read_text()
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def voip(settings: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*VOIP, *arguments],
        env=settings,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_a_call_to_the_echo(synapse: SynapseProcess, make_user: MakeUser, tmp_path: Path) -> None:
    """Placed, heard, recorded; the bot ends on SIGTERM; no log has anything secret in it."""
    ann, echo = make_user(), make_user()
    log, reply = tmp_path / "bot.log", tmp_path / "reply.ogg"
    settings = environment(synapse, echo, tmp_path, VOIP_BOT="echo")
    caller = environment(synapse, ann, tmp_path)
    with bot(settings, log) as process:
        target = [echo.user_id, "--say", "One two three.", "--for", "3", "--record", str(reply)]
        done = voip(caller, "call", *target, "--json")
        assert done.returncode == Exit.DONE, done.stdout + done.stderr
        (line,) = done.stdout.splitlines()
        report = json.loads(line)
        assert report["ok"] is True
        assert report["reason"] == "hung up"
        assert 0 < report["answer_ms"] <= report["connected_ms"] <= report["first_audio_ms"]
        assert 2.5 < report["seconds"] < 5
        assert report["recorded"] == str(reply)
        assert reply.read_bytes().startswith(b"OggS")

        refused = voip(caller | {"VOIP_DATA_DIR": settings["VOIP_DATA_DIR"]}, "call", *target)
        assert refused.returncode == Exit.FAILED
        assert "data folder of its own" in refused.stderr

        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == Exit.DONE
    assert_clean(log.read_text() + done.stderr, [ann, echo])


def test_a_wrong_password(synapse: SynapseProcess, make_user: MakeUser, tmp_path: Path) -> None:
    settings = environment(synapse, make_user(), tmp_path, VOIP_PASSWORD="not-the-password")
    for command in (["bot"], ["call", "@a:localhost"]):
        done = voip(settings, *command)
        assert done.returncode == Exit.FAILED
        assert "does not accept this password" in done.stderr
        assert "Traceback" not in done.stderr
        assert "not-the-password" not in done.stdout + done.stderr


def test_a_room_that_does_not_exist(
    synapse: SynapseProcess, make_user: MakeUser, tmp_path: Path
) -> None:
    settings = environment(synapse, make_user(), tmp_path)
    done = voip(settings, "call", "#nowhere:localhost", "--json")
    assert done.returncode == Exit.FAILED
    report = json.loads(done.stdout)
    assert report["ok"] is False
    assert "could not be joined" in report["reason"]


def assert_clean(log: str, users: list[User]) -> None:
    """Everything that was logged at the level that says most, over a whole call."""
    assert "is connected" in log, "the log must be that of a call"
    secrets = [own_address(), "m=audio", "a=ice", "candidate:", "ciphertext", "One two three"]
    secrets += [user.password for user in users]
    assert [secret for secret in secrets if secret in log] == []
    assert not re.search(r"sy[tr]_\w{8,}", log)
    shape = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [A-Z]+ [\w.]+ .*")
    assert [line for line in log.splitlines() if not shape.fullmatch(line)] == []
