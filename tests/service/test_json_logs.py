"""The log as JSON: a line is an object with the call's id, and nobody's name is in it."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.bot.conftest import Exchange
from tests.bot.conftest import exchange as exchange  # noqa: PLC0414 - a fixture of that folder
from tests.conftest import MakeUser
from tests.service.test_cli_live import PATIENCE, bot, environment
from tests.service.test_logs import log as log  # noqa: PLC0414 - a fixture
from voip.bot.caller import CallOrder, place_call
from voip.media.sounds import Speech
from voip.redaction import without_matrix_ids
from voip.service.demo.coturn import own_address
from voip.service.demo.synapse import SynapseProcess
from voip.service.logs import set_up_logging
from voip.service.running import Exit


@pytest.fixture
def lines(log: io.StringIO) -> io.StringIO:
    set_up_logging("debug", log, as_json=True)
    return log


def entries(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_line_is_an_object(lines: io.StringIO) -> None:
    logging.getLogger("voip.x").info('first\n"second"', extra={"call": "3f2a9c01d4e5b6a7"})
    try:
        raise ValueError("bad\nthing for @ann:example.org")  # noqa: TRY301 - to be logged
    except ValueError:
        logging.getLogger("voip.x").exception("failed")
    first, second = entries(lines.getvalue())
    assert first == first | {
        "level": "info",
        "logger": "voip.x",
        "call": "3f2a9c01d4e5b6a7",
        "text": 'first\n"second"',
    }
    assert "call" not in second
    assert "ValueError: bad\nthing for [user]" in second["text"]


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("call from @ann:example.org.", "call from [user]"),
        ("'@Ann/=_:[::1]:8448' called", "'[user]' called"),
        ("in !abc:example.org:80, #lobby:x", "in [room], [room]"),
        ("in !2NZBmGmcuHcqyT7nFlz-lagBRuR2Epw9-1cKe12VEHA now", "in [room] now"),
        ("a@b.example is no id; 10:30 neither! yes", "a@b.example is no id; 10:30 neither! yes"),
    ],
)
def test_matrix_ids_are_taken_out(text: str, clean: str) -> None:
    assert without_matrix_ids(text).rstrip(".") == clean.rstrip(".")


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_the_log_of_a_whole_call_has_nobody_in_it(
    exchange: Exchange, synapse: SynapseProcess, make_user: MakeUser, tmp_path: Path
) -> None:
    """At the level that says most, for a call that was taken and one that was declined."""
    ann, eve, echo = await exchange.phone("ann"), await exchange.phone("eve"), make_user()
    more = {"VOIP_BOT": "echo", "VOIP_LOG_FORMAT": "json", "VOIP_DENY_CALLS": eve.user_id}
    errors = tmp_path / "bot.log"
    with bot(environment(synapse, echo, tmp_path, **more), errors) as process:
        order = CallOrder(echo.user_id, play=Speech("One two three."), seconds=2)
        taken, declined = await place_call(ann, order), await place_call(eve, order)
        assert (taken.ok, declined.ok) == (True, False), (taken.reason, declined.reason)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, PATIENCE) == Exit.DONE
    text = errors.read_text()
    found = entries(text)
    calls = {entry["call"] for entry in found if "call" in entry}
    assert len(calls) == 2
    assert {"is connected", "declined: denied"} <= {entry["text"] for entry in found}
    secrets = [own_address(), "m=audio", "a=ice", "candidate:", "ciphertext", "One two three"]
    secrets += [ann.user_id, eve.user_id, echo.user_id, echo.password]
    assert [secret for secret in secrets if secret in text] == []
    assert "syt_" not in text
