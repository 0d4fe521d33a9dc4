"""What an operator finds in the log about a call."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from voip.bot.call_log import CallLog
from voip.media.events import Recording, RecordingEnd, RecordingEnded
from voip.signalling.commands import By, Ended, EndReason, Ignored, IgnoreReason, Incoming
from voip.signalling.ids import CallKey, Party

KEY = CallKey("!room:test", "their\nid")


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, "voip.calls")
    return caplog


def test_lines_carry_our_own_id(lines: pytest.LogCaptureFixture) -> None:
    CallLog({KEY: "ours"}.get)(Incoming(KEY, Party("@ann:test", "A"), video=True))
    (record,) = lines.records
    assert record.message == "rings: video from @ann:test"
    assert vars(record)["call"] == "ours"


def test_what_the_other_side_chose_cannot_begin_a_line(lines: pytest.LogCaptureFixture) -> None:
    end = Ended(KEY, EndReason.HANGUP, By.PEER, rang=True, wire_reason="x\nERROR all is lost")
    CallLog({KEY: "ours"}.get)(end)
    assert "\n" not in lines.records[0].message
    assert KEY.call_id not in lines.text


def test_a_full_disk_is_an_error_that_says_what_to_do(lines: pytest.LogCaptureFixture) -> None:
    recording = Recording(Path("audio.ogg"), "audio/ogg", 3.0, 100, RecordingEnd.DISK_FULL)
    CallLog({KEY: "ours"}.get)(RecordingEnded(KEY, recording))
    assert [record.levelname for record in lines.records] == ["INFO", "ERROR"]
    assert "free space" in lines.records[1].message


def test_ignored_events_are_counted_by_reason(lines: pytest.LogCaptureFixture) -> None:
    calls = CallLog(lambda key: None)
    for _ in range(3):
        calls(Ignored("!r:test", "@ann:test", "m.call.answer", IgnoreReason.UNKNOWN_CALL))
    assert calls.ignored == {IgnoreReason.UNKNOWN_CALL: 3}
    assert {record.levelname for record in lines.records} == {"DEBUG"}
