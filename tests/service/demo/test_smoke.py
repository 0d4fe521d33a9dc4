"""The smoke test itself: that it passes for the right reason, and names the step that fails."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from voip.service import web
from voip.service.demo.smoke import ALIKE, run_smoke

KEYS = (
    "ok",
    "answer_ms",
    "connected_ms",
    "first_audio_ms",
    "recorded_s",
    "speech_match",
    "posted",
)


def children() -> set[int]:
    """The processes that we started and that have not ended."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rsplit(") ")[1].split()[:2]
        except FileNotFoundError:
            continue
        if int(parent) == os.getpid() and state != "Z":
            found.add(int(stat.parent.name))
    return found


async def test_a_sentence_goes_to_the_recorder_and_comes_back_from_the_room() -> None:
    before = children()
    said: list[str] = []
    report = await run_smoke(said.append)
    assert tuple(report.as_json()) == KEYS, report.failed
    assert report.ok
    assert report.posted
    assert report.speech_match is not None
    assert report.speech_match >= ALIKE
    assert report.answer_ms is not None
    assert report.connected_ms is not None
    assert report.first_audio_ms is not None
    assert 0 < report.answer_ms <= report.connected_ms < 10_000
    assert 0 < report.first_audio_ms < 10_000
    assert report.recorded_s is not None
    assert 2 < report.recorded_s < 10
    assert any("the recording in the room" in line for line in said)
    assert children() == before, "something was left running"


@pytest.mark.long
async def test_another_sentence_is_noticed() -> None:
    report = await run_smoke(said="Please bring the red umbrella when it rains tomorrow.")
    assert not report.ok
    assert report.posted
    assert report.speech_match is not None
    assert report.speech_match < 0.5
    assert report.failed is not None
    assert report.failed.startswith("comparing it with what was said")


async def test_a_demo_that_does_not_start_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "BUILT_INTO_THE_WHEEL", tmp_path)
    monkeypatch.setattr(web, "BUILT_IN_A_CHECKOUT", tmp_path)
    report = await run_smoke(lambda _: None)
    assert not report.ok
    assert report.failed == (
        "starting the demo: The page is not built: run `make page` in the checkout."
    )
    assert report.as_json()["failed"] == report.failed
