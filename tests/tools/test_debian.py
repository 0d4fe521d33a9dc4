"""What the set-up for tests says where it can do nothing, and where there is nothing to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tools import debian


def test_what_is_there_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert debian.main(["anything=sh"]) == 0
    assert capsys.readouterr().out == ""


def test_elsewhere_than_on_debian_it_names_the_command_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert debian.main(["coturn=turnserver"]) == 0
    said = capsys.readouterr().out
    assert "turnserver" in said
    assert "not Debian" in said


def test_without_the_right_to_install_it_says_what_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "apt-get").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert debian.main(["coturn=turnserver"]) == 1
    assert "as root, then try again: apt-get install coturn" in capsys.readouterr().out
