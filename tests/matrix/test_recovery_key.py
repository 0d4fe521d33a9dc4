"""Recovery keys as people copy them."""

from __future__ import annotations

import pytest

from voip.matrix.errors import SettingsError
from voip.matrix.recovery_key import from_text, is_recovery_key, new_key, to_text

KEY = bytes(range(32))
TEXT = "EsSz ykH7 LCZx 7Cae cmKD wcmY JRXi Ybtu 8iQ3 t8Ez nRwK pUY1"


def test_it_is_written_in_groups_of_four_and_read_again() -> None:
    assert to_text(KEY) == TEXT
    for text in (TEXT, TEXT.replace(" ", ""), f"  {TEXT}\n", TEXT.replace(" ", "\n")):
        assert from_text(text) == KEY
    other = new_key()
    assert len(other) == 32
    assert from_text(to_text(other)) == other != new_key()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "correct horse battery staple",
        TEXT[:-1] + "2",
        TEXT.replace("wcmY", "wcmy"),
        TEXT[5:],
        TEXT + " EsSz",
        TEXT.replace("1", "l"),
        "z" * 60,
        "E" * 100_000,
        "1" * 48,
    ],
)
def test_a_misspelt_key_is_told_without_quoting_it(text: str) -> None:
    assert not is_recovery_key(text)
    with pytest.raises(SettingsError, match="12 groups of four") as told:
        from_text(text)
    assert not text or text[:8] not in str(told.value)
