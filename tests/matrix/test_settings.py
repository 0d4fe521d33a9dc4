"""Settings that cannot be meant, and secrets that stay out of sight."""

from __future__ import annotations

from pathlib import Path

import pytest

from voip.matrix.errors import SettingsError
from voip.matrix.settings import MatrixSettings


@pytest.mark.parametrize("user_id", ["bot", "@bot", "bot:example.org", "@bot:", ""])
def test_a_user_id_that_is_none(user_id: str) -> None:
    with pytest.raises(SettingsError, match="@name:server"):
        MatrixSettings("https://x", user_id, Path())


def test_by_default_people_of_our_own_server_may_invite_us() -> None:
    settings = MatrixSettings("https://x", "@bot:example.org:8448", Path())
    assert settings.invite_patterns == ("@*:example.org:8448",)


def test_secrets_are_not_shown() -> None:
    settings = MatrixSettings("https://x", "@bot:x", Path(), "hunter2", "syt_token")
    assert "hunter2" not in repr(settings)
    assert "syt_token" not in repr(settings)
