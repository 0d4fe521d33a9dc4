"""Lighthouse in Debian's Chromium: what it thinks of the sign-in."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

from tests.e2e.browser import CHROMIUM, FLAGS
from tools.build_page import install_packages, node_folder

PACKAGE = Path(__file__).with_name("lighthouse")
CATEGORIES = ("performance", "accessibility")


def scores(url: str) -> dict[str, float]:
    """0 to 100 for each category, as a telephone with a slow network sees the page.

    :raises RuntimeError: it did not run.
    """
    node = node_folder()
    install_packages(PACKAGE, node)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        done = subprocess.run(
            [
                str(node / "npx"),
                "lighthouse",
                url,
                "--quiet",
                "--output=json",
                f"--output-path={out}",
                f"--only-categories={','.join(CATEGORIES)}",
                f"--chrome-flags=--headless=new {' '.join(FLAGS)}",
            ],
            cwd=PACKAGE,
            env={
                **os.environ,
                "CHROME_PATH": str(CHROMIUM),
                "PATH": f"{node}{os.pathsep}{os.environ.get('PATH', '')}",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        if not out.exists():
            raise RuntimeError(f"Lighthouse failed:\n{done.stdout}{done.stderr}")
        report = json.loads(out.read_text())
    return {name: 100 * report["categories"][name]["score"] for name in CATEGORIES}
