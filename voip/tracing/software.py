"""Versions, for whoever reads a trace elsewhere."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Of what takes part on our side."""
    found = {}
    for name in ("matrix-voip", "aiortc", "aioice", "matrix-nio"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found
