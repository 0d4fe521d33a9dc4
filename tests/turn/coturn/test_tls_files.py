from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.turn.coturn.certificates import NOW, make_certificate
from turn.coturn.tls_files import tls_problems


def test_a_good_pair(tmp_path: Path) -> None:
    assert tls_problems(*make_certificate(tmp_path), NOW) == []


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o660])
def test_a_key_that_others_can_read(tmp_path: Path, mode: int) -> None:
    certificate, key = make_certificate(tmp_path)
    key.chmod(mode)
    [found] = tls_problems(certificate, key, NOW)
    assert "chmod 640" in found


def test_another_ones_key(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    certificate, _ = make_certificate(tmp_path)
    _, key = make_certificate(tmp_path / "other")
    [found] = tls_problems(certificate, key, NOW)
    assert "do not go together (key values mismatch)" in found


def test_a_key_with_a_password(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path, password=b"hunter2")
    [found] = tls_problems(certificate, key, NOW)
    assert "do not go together" in found


@pytest.mark.parametrize(("days", "complaint"), [(31, "renew it"), (-2, "begins only on")])
def test_a_certificate_of_another_time(tmp_path: Path, days: int, complaint: str) -> None:
    [found] = tls_problems(*make_certificate(tmp_path), NOW + timedelta(days=days))
    assert complaint in found


def test_files_that_are_not_there_or_nothing_of_the_kind(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    [found] = tls_problems(tmp_path / "nothing", key, NOW)
    assert "nothing cannot be read: No such file" in found
    certificate.write_text("hello")
    found = " ".join(tls_problems(certificate, key, datetime.now(UTC)))
    assert "is no certificate in PEM" in found
