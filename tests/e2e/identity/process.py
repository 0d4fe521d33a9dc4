"""The identity provider of `provider.mjs`, as a process of a test's own."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.build_page import STATIC, install_packages, node_folder
from voip.service.demo.processes import ChildProcess

SCRIPT = Path(__file__).with_name("provider.mjs")
READY_WITHIN = 30.0


@contextmanager
def identity_provider(folder: Path, port: int, **options: Any) -> Iterator[str]:
    """Its issuer, a base URL on loopback; the log lies in ``folder``. Options: see the script."""
    node = node_folder()
    install_packages(STATIC, node)
    command = [str(node / "node"), str(SCRIPT), json.dumps({"port": port, **options})]
    process = ChildProcess("the identity provider", command, folder / "identity.log")
    issuer = f"http://127.0.0.1:{port}"
    process.start()
    try:
        process.wait_until(lambda: _answers(issuer), READY_WITHIN, "Its log says why.")
        yield issuer
    finally:
        process.stop()


def _answers(issuer: str) -> bool:
    try:
        with urllib.request.urlopen(f"{issuer}/.well-known/openid-configuration", timeout=5):  # noqa: S310  # loopback
            return True
    except (OSError, urllib.error.URLError):
        return False
