"""Settings of what is kept: strict, in words, and secrets never quoted."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.service.test_settings import _empty_environment, problems, set_environment, toml
from voip.bot.keeping import ConsentBy, Policy
from voip.delivery.storage.s3 import S3Settings
from voip.service.keeping import keeping_settings
from voip.service.settings_sources import load_settings

__all__ = ["_empty_environment"]

KEY = base64.b64encode(bytes(range(32))).decode()
BEGIN = 'homeserver = "http://localhost:8008"\nuser_id = "@bot:example.org"\npassword = "secret"\n'


def test_nothing_is_kept_elsewhere_or_told_unless_set(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch)
    keeping = keeping_settings(load_settings())
    assert (keeping.targets, keeping.webhook, keeping.rules) == ((), None, ())
    assert keeping.policy == Policy()


def test_policies_are_tables_of_the_file(tmp_path: Path) -> None:
    file = toml(
        tmp_path / "my.toml",
        BEGIN
        + "retention_days = 30\n"
        + '[[policy]]\nroom = "!ops:example.org"\nretention_days = 0\npost = false\n'
        + '[[policy]]\nuser = "@*:example.com"\nconsent = "digit"\nstore = false\n',
    )
    keeping = keeping_settings(load_settings(file))
    month = 30 * 24 * 3600
    assert keeping.policy_of("!ops:example.org", "@a:x") == Policy(post=False)
    assert keeping.policy_of("!o:x", "@a:example.com") == Policy(
        consent=ConsentBy.DIGIT, store=False, retention=month
    )


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('room = "!a:b"\nretention_day = 3', "table 1: retention_day is no setting of a policy"),
        ('room = "!a:b"\nretention_day = 3', "is retention_days meant?"),
        ("post = false", "neither a room nor a user"),
        ('room = "#a:b"', "room must be a room id"),
        ('user = "ann"', "user must be a Matrix id"),
        ('user = "@a:b"\npost = "no"', "post input should be a valid boolean"),
        ('user = "@a:b"\nretention_days = -1', "greater than or equal to 0"),
        ('user = "@a:b"\nconsent = "maybe"', "'staying' or 'digit'"),
    ],
)
def test_a_wrong_policy_is_told_with_its_table(tmp_path: Path, table: str, told: str) -> None:
    (problem,) = problems(toml(tmp_path / "my.toml", f"{BEGIN}[[policy]]\n{table}\n"))
    assert told in problem


def test_policies_are_not_for_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, VOIP_POLICY='[{"room": "!a:b"}]')
    (problem,) = problems()
    assert "tables of the settings file" in problem


def test_targets_and_webhooks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("sixteen characters\n")
    set_environment(
        monkeypatch,
        VOIP_STORE_DIR=str(tmp_path),
        VOIP_S3_URL="https://s3.example.org/bucket/some/calls/",
        VOIP_S3_ACCESS_KEY="AKIA",
        VOIP_S3_SECRET_KEY="s3cret",
        VOIP_STORE_KEY=KEY,
        VOIP_WEBHOOK_URL="https://hooks.example.org/voip?x=1",
        VOIP_WEBHOOK_SECRET_FILE=str(secret),
    )
    keeping = keeping_settings(load_settings())
    assert keeping.targets == ("disk", "s3")
    assert keeping.s3 == S3Settings(
        "https://s3.example.org", "bucket", "some/calls/", "us-east-1", "AKIA", "s3cret"
    )
    assert keeping.key == bytes(range(32))
    assert keeping.webhook is not None
    assert keeping.webhook.secret == "sixteen characters"
    for text in ("s3cret", "AKIA", "sixteen", "hooks.example.org"):
        assert text not in repr(keeping)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"VOIP_S3_URL": "https://s3.example.org/b"}, "VOIP_S3_ACCESS_KEY, VOIP_S3_SECRET_KEY"),
        ({"VOIP_S3_URL": "https://s3.example.org"}, "must name a bucket"),
        ({"VOIP_S3_URL": "s3://bucket"}, "starts with https://"),
        ({"VOIP_WEBHOOK_URL": "https://h.example.org"}, "need each other"),
        ({"VOIP_WEBHOOK_SECRET": "sixteen characters"}, "need each other"),
        ({"VOIP_WEBHOOK_SECRET": "hunter3"}, "16 characters"),
        ({"VOIP_STORE_KEY": "hunter3"}, "openssl rand"),
        ({"VOIP_WEBHOOK_URL": "https://u:hunter3@h.example.org"}, "without a user"),
        ({"VOIP_RETENTION_DAYS": "-1"}, "greater than or equal to 0"),
        ({"VOIP_CONSENT": "maybe"}, "'staying' or 'digit'"),
    ],
)
def test_what_does_not_fit_together_is_told(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], told: str
) -> None:
    set_environment(monkeypatch, **values)
    found = " ".join(problems())
    assert told in found
    assert "hunter3" not in found
