"""Which releases count as newer, and that a venv with another one in front is what tests see."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tools import newest

ROOT = Path(newest.__file__).resolve().parent.parent


def report(**versions: str) -> dict[str, object]:
    return {
        "install": [{"metadata": {"name": name, "version": at}} for name, at in versions.items()]
    }


def test_what_differs_is_newer() -> None:
    installed = {"aiortc": "1.16.0", "pyOpenSSL": "26.0", "av": "18.1.0"}
    found = report(aiortc="1.17.0", pyopenssl="26.1", av="18.1.0", cffi="3")
    assert newest.newer_than(installed, found) == {"aiortc": "1.17.0", "pyOpenSSL": "26.1"}
    assert newest.newer_than(installed, report()) == {}


def test_every_test_is_there() -> None:
    for name in newest.TESTS:
        assert (ROOT / "tests" / "media" / name).exists()


def test_without_an_index_it_says_so_and_ends_well() -> None:
    nowhere = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull}
    done = subprocess.run(
        (sys.executable, "tools/newest.py"),
        cwd=ROOT,
        env=os.environ | nowhere,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Skipped: the package index cannot be reached")


def test_the_tests_run_with_what_lies_in_front(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package of our own stands for a newer release; no index is asked."""
    wheel = tmp_path / "aioice-999-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("aioice.py", "NEWER = True\n")
        about = "aioice-999.dist-info"
        file.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: aioice\nVersion: 999\n")
        kind = "Wheel-Version: 1.0\nGenerator: us\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        file.writestr(f"{about}/WHEEL", kind)
        file.writestr(f"{about}/RECORD", "")
    seen = tmp_path / "test_seen.py"
    seen.write_text(
        "import aioice, importlib.metadata, voip\n"
        "def test_it(): assert aioice.NEWER and importlib.metadata.version('aioice') == '999'\n"
    )
    monkeypatch.setattr(newest, "TESTS", (str(seen),))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert newest.run_with(["--no-deps", str(wheel)], tmp_path / "venv") == 0
