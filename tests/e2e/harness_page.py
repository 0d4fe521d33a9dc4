"""Builds `harness/`, the page around matrix-js-sdk's own calls, once for each change of it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

from tools.build_page import STATIC, install_packages, node_folder

SOURCES = Path(__file__).with_name("harness")
BUILT = STATIC / "node_modules" / ".cache"
"""Where such things are kept beside packages; git ignores it, and `make clean` removes it."""


def harness_folder() -> Path:
    """The folder with the built page.

    :raises PageError: no Node, or the packages of the page cannot be installed.
    """
    node = node_folder()
    install_packages(STATIC, node)
    folder = BUILT / f"harness-{_fingerprint()}"
    if not folder.is_dir():
        _build(node, folder)
    return folder


def _fingerprint() -> str:
    """Of everything that goes into the page."""
    digest = hashlib.sha256()
    for path in [*sorted(SOURCES.iterdir()), STATIC / "package-lock.json"]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _build(node: Path, folder: Path) -> None:
    BUILT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILT) as unfinished:
        built = Path(unfinished) / "page"
        config = str(SOURCES / "vite.config.mjs")
        done = subprocess.run(
            [str(node / "npx"), "vite", "build", "--config", config, "--outDir", str(built)],
            cwd=STATIC,
            env={**os.environ, "PATH": f"{node}{os.pathsep}{os.environ.get('PATH', '')}"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"the harness was not built:\n{done.stdout}{done.stderr}")
        built.rename(folder)
