"""Run the tests of aiortc's private parts against the newest releases: ``python tools/newest.py``.

`voip/media/private` touches what aiortc and its libraries do not promise to keep. requirements.lock
pins them; this says early what the next ones break. Whatever is newer goes into a venv of its own,
in front of everything else that is installed here. Where nothing is newer, or the package index
cannot be reached, it says so and ends well.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = ("aiortc", "aioice", "pylibsrtp", "pyOpenSSL", "av")
TESTS = (
    # What moved is named by the first; the others are a smoke test of what depends on it.
    *("test_private.py", "test_consent.py", "test_path.py", "test_engine.py", "test_peer.py"),
    *("test_renegotiation.py", "test_shared_port.py", "test_stats.py", "test_interruption.py"),
    *("test_keys.py", "test_player.py", "test_recorder.py", "test_video.py"),
)
ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    report = newest()
    if report is None:
        print("Skipped: the package index cannot be reached, so nothing is known of newer releases")
        return 0
    installed = {name: version(name) for name in PACKAGES}
    newer = newer_than(installed, report)
    if not newer:
        same = ", ".join(f"{name} {number}" for name, number in installed.items())
        print(f"Skipped: nothing is newer than what the tests run with anyway: {same}")
        return 0
    told = ", ".join(f"{name} {installed[name]} -> {number}" for name, number in newer.items())
    print(f"Newer releases: {told}", flush=True)
    with tempfile.TemporaryDirectory(prefix="voip-newest-") as folder:
        return run_with([f"{name}=={number}" for name, number in newer.items()], Path(folder))


def newest() -> Mapping[str, Any] | None:
    """What pip would install where nothing is installed; None where it cannot say."""
    asked = subprocess.run(
        (*pip(sys.executable), "--dry-run", "--ignore-installed", "--report", "-", *PACKAGES),
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        return None
    report: Mapping[str, Any] = json.loads(asked.stdout)
    return report


def newer_than(installed: Mapping[str, str], report: Mapping[str, Any]) -> dict[str, str]:
    """Those of `installed` of which pip's report has another version."""
    found = {
        canonical(item["metadata"]["name"]): item["metadata"]["version"]
        for item in report["install"]
    }
    return {
        name: found[canonical(name)]
        for name, number in installed.items()
        if found.get(canonical(name), number) != number
    }


def canonical(name: str) -> str:
    return name.lower().replace("_", "-")


def run_with(requirements: Iterable[str], folder: Path) -> int:
    """The tests, in a venv that has `requirements` in front of what is installed here."""
    subprocess.run((sys.executable, "-m", "venv", str(folder)), check=True)
    python = str(folder / "bin" / "python")
    own = sysconfig.get_path("purelib", vars={"base": str(folder)})
    here = sysconfig.get_path("purelib")
    (Path(own) / "beneath.pth").write_text(f"{here}\n", encoding="utf-8")
    subprocess.run((*pip(python), *requirements), check=True)
    paths = [str(ROOT / "tests" / "media" / name) for name in TESTS]
    tests = subprocess.run(
        (python, "-m", "pytest", *paths),
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
    )
    return tests.returncode


def pip(python: str) -> tuple[str, ...]:
    return (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")


if __name__ == "__main__":
    sys.exit(main())
