"""Files: what only they can get wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turn.secrets.file_store import MAX_BYTES, FileSecrets, FileStore
from turn.secrets.model import Secrets, SecretsUnavailable
from turn.secrets.rotation import AT_ONCE, Change, Pace, Snapshot, advance, begin, secrets_of

PACE = Pace(60, 3600)


def written(path: Path, content: str | bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


async def values_of(path: Path) -> tuple[str, ...]:
    return (await FileStore(path).read()).values


async def test_the_first_line_signs_and_all_are_accepted(tmp_path: Path) -> None:
    file = written(tmp_path / "secrets", "# of the relay in Paris\n\nnew \r\nold\nnew\n")
    source = FileSecrets(file)
    assert await source.secrets() == Secrets("new", ("new", "old"))


async def test_a_folder_in_the_order_of_its_names(tmp_path: Path) -> None:
    written(tmp_path / "10-old", "old\n")
    written(tmp_path / "00-new", "new\n", 0o440)
    written(tmp_path / ".hidden", "no\n", 0o644)
    assert await values_of(tmp_path) == ("new", "old")


async def test_a_folder_is_not_rotated(tmp_path: Path) -> None:
    written(tmp_path / "a", "one\n")
    store = FileStore(tmp_path)
    before = await store.read()
    with pytest.raises(SecretsUnavailable, match="is a folder, which is read only here"):
        await store.commit(before, begin(before, "another", PACE))


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o620, 0o666])
async def test_files_that_others_can_read_are_refused(tmp_path: Path, mode: int) -> None:
    file = written(tmp_path / "secrets", "one\n", mode)
    with pytest.raises(SecretsUnavailable, match="chmod 600"):
        await values_of(file)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("good\nnot good\n", "line 2 of .* is no secret"),
        ("good\nb\x00d\n", "line 2 of .* is no secret"),
        (b"\xff\xfe", "not a text in UTF-8"),
        ("x" * (MAX_BYTES + 1), "too long"),
        ("\n".join(f"secret-{number}" for number in range(65)), "more than 64 secrets"),
    ],
)
async def test_what_is_no_file_of_secrets(
    tmp_path: Path, content: str | bytes, complaint: str
) -> None:
    file = written(tmp_path / "secrets", content)
    with pytest.raises(SecretsUnavailable, match=complaint) as caught:
        await values_of(file)
    assert "good" not in str(caught.value)


async def test_a_device_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "secrets").symlink_to("/dev/zero")
    with pytest.raises(SecretsUnavailable, match="is not a file"):
        await values_of(tmp_path / "secrets")


async def test_who_puts_another_secret_on_top_by_hand_is_obeyed(tmp_path: Path) -> None:
    """Also in the middle of a rotation, and nothing is removed then."""
    file = written(tmp_path / "secrets", "one\n")
    store = FileStore(file)
    before = await store.read()
    await store.commit(before, begin(before, "two", AT_ONCE))
    written(file, f"by-hand\n{file.read_text()}")
    by_hand = await store.read()
    assert secrets_of(by_hand, "").signing == "by-hand"
    assert advance(by_hand, 0) is None
    assert set(by_hand.values) == {"by-hand", "one", "two"}
    await store.commit(by_hand, begin(by_hand, "three", PACE))
    assert set(await values_of(file)) == {"by-hand", "one", "two", "three"}


async def test_comments_mode_and_owner_outlive_a_rotation(tmp_path: Path) -> None:
    file = written(tmp_path / "secrets", "# of the relay in Paris\none\n", 0o640)
    if os.geteuid() == 0:
        os.chown(file, 1234, 1234)
    store = FileStore(file)
    one = await store.read()
    await store.commit(one, begin(one, "two", AT_ONCE))
    for _ in range(4):
        before = await store.read()
        change = advance(before, 0)
        assert isinstance(change, Change)
        await store.commit(before, change)
    assert file.read_text() == "# of the relay in Paris\ntwo\n"
    assert file.stat().st_mode & 0o777 == 0o640
    assert file.stat().st_uid == (1234 if os.geteuid() == 0 else os.geteuid())
    assert os.listdir(tmp_path) == ["secrets"]  # noqa: PTH208 - no waiting in a test


async def test_a_new_file_is_the_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "secrets"
    await FileStore(file).commit(Snapshot(()), begin(Snapshot(()), "one", PACE))
    assert file.stat().st_mode & 0o777 == 0o600


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_secrets_or_a_typed_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = written(tmp_path_factory.getbasetemp() / "any-bytes", content)
    try:
        snapshot = FileStore(file)._read()
    except SecretsUnavailable:
        return
    assert all(value and " " not in value for value in snapshot.values)
