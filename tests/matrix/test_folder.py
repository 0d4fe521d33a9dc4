"""The small files: private, whole, and honest when they are damaged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from voip.matrix.errors import DataFolderError
from voip.matrix.folder import Folder, StoredSession, write_private

SESSION = StoredSession("https://x", "@bot:x", "BOTS", "syt_access", "syr_refresh")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "data")
    made.prepare()
    return made


def test_the_session_comes_back_and_is_private(folder: Folder) -> None:
    assert folder.session() is None
    folder.keep_session(SESSION)
    assert folder.session() == SESSION
    assert folder.session_file.stat().st_mode & 0o777 == 0o600
    assert folder.crypto.stat().st_mode & 0o777 == 0o700


def test_secrets_stay_out_of_its_repr() -> None:
    assert "sy" not in repr(SESSION)


def test_a_damaged_session_says_what_to_do(folder: Folder) -> None:
    folder.session_file.write_text('{"user_id"')
    with pytest.raises(DataFolderError, match="Move it away"):
        folder.session()


def test_the_position_belongs_to_a_device(folder: Folder) -> None:
    assert folder.position("BOTS") is None
    folder.keep_position("BOTS", "s1")
    assert folder.position("BOTS") == "s1"
    assert folder.position("ANOTHER") is None
    folder.position_file.write_text("nonsense")
    assert folder.position("BOTS") is None


def test_the_pickle_key_is_made_once_and_private(folder: Folder) -> None:
    key = folder.pickle_key()
    assert folder.pickle_key() == key
    assert len(key) >= 32
    assert (folder.crypto / "pickle.key").stat().st_mode & 0o777 == 0o600


def test_a_write_that_fails_leaves_the_old_file(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_private(folder.session_file, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_private(folder.session_file, b"new", durable=True)
    assert folder.session_file.read_bytes() == b"old"
    assert sorted(file.name for file in folder.path.iterdir()) == ["crypto", "session.json"]


def test_one_at_a_time(folder: Folder) -> None:
    held = folder.lock()
    with pytest.raises(DataFolderError, match="in use by another process"):
        folder.lock()
    held.close()
    folder.lock().close()


def test_a_folder_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFolderError, match="Choose another one"):
        Folder(tmp_path / "file" / "data").prepare()
