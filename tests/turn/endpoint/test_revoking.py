"""The file of revoked names that the embedded relay follows."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from turn.endpoint import revoking
from turn.endpoint.refusals import CannotRevoke
from turn.endpoint.revoking import RevokedFile

NOW = 1_700_000_000


async def test_each_name_until_it_would_have_expired(tmp_path: Path) -> None:
    now = [float(NOW)]
    path = tmp_path / "revoked"
    path.write_text("# by hand\nsome-id\n")
    file = RevokedFile(path, lambda: now[0])
    await file.revoke(f"{NOW + 10}:one")
    await file.revoke(f"{NOW + 100}:two")
    await file.revoke(f"{NOW + 100}:two")
    assert path.read_text() == f"# by hand\nsome-id\n{NOW + 10}:one\n{NOW + 100}:two\n"
    now[0] += 50
    await file.revoke(f"{NOW + 200}:three")
    assert path.read_text() == f"# by hand\nsome-id\n{NOW + 100}:two\n{NOW + 200}:three\n"


async def test_many_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "revoked"
    files = [RevokedFile(path, lambda: NOW) for _ in range(4)]
    await asyncio.gather(*(files[n % 4].revoke(f"{NOW}:{n}") for n in range(40)))
    assert set(path.read_text().split()) == {f"{NOW}:{n}" for n in range(40)}


async def test_what_cannot_be_done_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CannotRevoke, match="cannot be written"):
        await RevokedFile(tmp_path / "none" / "revoked").revoke("1:x")
    monkeypatch.setattr(revoking, "MOST_BYTES", 30)
    file = RevokedFile(tmp_path / "revoked", lambda: NOW)
    await file.revoke(f"{NOW}:{'x' * 10}")
    with pytest.raises(CannotRevoke, match="too many"):
        await file.revoke(f"{NOW}:{'y' * 10}")
    assert "y" not in (tmp_path / "revoked").read_text()
