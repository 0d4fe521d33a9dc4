"""Whose recordings are kept how: the policy, and what is too old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.service.recordings import GOOD, crashed_call, good_call, write_call_file
from voip.bot.call_folders import read_folder
from voip.bot.erasing import erasures_of, expired, shortest_retention
from voip.bot.keeping import ConsentBy, KeepingSettings, Policy, Rule

DAY = 24 * 3600.0
BEGAN = datetime(2026, 1, 31, 12, tzinfo=UTC)
ROOM, ANN, BEN = "!r:example.org", "@ann:example.org", "@ben:example.com"


def test_later_rules_win_and_stars_stand_for_anything() -> None:
    settings = KeepingSettings(
        Policy(retention=30 * DAY),
        (
            Rule({"consent": ConsentBy.DIGIT}, user="@*:example.com"),
            Rule({"post": False, "retention": None}, room=ROOM),
            Rule({"post": True}, room=ROOM, user=BEN),
        ),
    )
    assert settings.policy_of("!o:x", ANN) == Policy(retention=30 * DAY)
    assert settings.policy_of("!o:x", BEN).consent is ConsentBy.DIGIT
    assert settings.policy_of(ROOM, ANN) == Policy(post=False)
    assert settings.policy_of(ROOM, BEN) == Policy(consent=ConsentBy.DIGIT)
    assert settings.asks_anybody
    assert shortest_retention(settings) == 30 * DAY


@pytest.mark.parametrize("pattern", ["@a.n:x", "@a[n]:x", "@an", "an:x"])
def test_nothing_but_the_star_is_special(pattern: str) -> None:
    settings = KeepingSettings(rules=(Rule({"post": False}, user=pattern),))
    assert settings.policy_of(ROOM, "@ann:x").post


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    good_call(tmp_path)
    crashed_call(tmp_path)
    return tmp_path / "recordings"


def names(recordings: Path, settings: KeepingSettings, now: datetime) -> list[str]:
    return [call.id for call in expired(recordings, settings, now)]


def test_what_is_older_than_allowed_is_found(recordings: Path) -> None:
    settings = KeepingSettings(Policy(retention=30 * DAY))
    assert names(recordings, settings, BEGAN + timedelta(days=30)) == []
    assert names(recordings, settings, BEGAN + timedelta(days=30, seconds=1)) == [GOOD]
    # The crashed one has no call.json: nobody knows whose it is, so nobody may delete it.
    assert names(recordings, settings, BEGAN + timedelta(days=3000)) == [GOOD]
    assert names(recordings, KeepingSettings(), BEGAN + timedelta(days=3000)) == []


def test_a_rule_may_keep_longer_or_shorter(recordings: Path) -> None:
    shorter = KeepingSettings(rules=(Rule({"retention": DAY}, user=ANN),))
    longer = KeepingSettings(Policy(retention=DAY), (Rule({"retention": None}, user=ANN),))
    now = BEGAN + timedelta(days=2)
    assert names(recordings, shorter, now) == [GOOD]
    assert names(recordings, longer, now) == []


def test_a_call_that_is_not_over_is_never_too_old(recordings: Path) -> None:
    (folder,) = recordings.glob(f"*{GOOD}")
    write_call_file(folder, id=GOOD, ended=None)
    settings = KeepingSettings(Policy(retention=DAY))
    assert names(recordings, settings, BEGAN + timedelta(days=300)) == []


def test_everything_of_a_call_goes_from_everywhere(recordings: Path) -> None:
    (folder,) = recordings.glob(f"*{GOOD}")
    call = read_folder(folder)
    drafts = erasures_of(call, ("disk", "s3"), "old", whole=True)
    name = folder.name
    assert {draft.key for draft in drafts} == {
        f"redaction:post:{name}/audio.ogg",
        f"redaction:notice:words:{name}",
        *(
            f"erasure:copy:{place}:{name}/{file}"
            for place in ("local", "disk", "s3")
            for file in ("audio.ogg", "call.json")
        ),
    }
    redaction, _ = [draft for draft in drafts if draft.kind == "redaction"]
    assert redaction.payload["event_id"] == "$posted"
    kept = erasures_of(call, (), "revoked", whole=False)
    assert not any("call.json" in draft.key for draft in kept)
