"""One demo at a time in one data folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from voip.service.demo.errors import DemoError
from voip.service.demo.folder import data_folder


def test_a_second_demo_is_told_so_until_the_first_has_ended(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    with data_folder(folder) as ours:
        assert ours.stat().st_mode & 0o077 == 0
        with pytest.raises(DemoError, match="--data-dir"), data_folder(folder):
            pass
    with data_folder(folder):
        pass


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(DemoError, match=r"cannot be used.*--data-dir"),
        data_folder(tmp_path / "file"),
    ):
        pass
