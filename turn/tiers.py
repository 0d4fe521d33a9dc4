"""Which tier an id at the relay belongs to: the one thing that it tells, so that metrics can."""

from __future__ import annotations

from typing import Final

from turn.asking import Kind

MARKS: Final = {Kind.LOCAL: ".l", Kind.REMOTE: ".r", Kind.KEY: ".k"}
"""How ids end; beginnings are the key holders'."""
OTHERS: Final = "other"
"""Whoever was given credentials by somebody else: a homeserver that signs for itself, say."""
_TIERS: Final = {mark: kind.value for kind, mark in MARKS.items()}
TIERS: Final = (*_TIERS.values(), OTHERS)


def tier_of(name: str) -> str:
    """Of an id, or of a whole username."""
    return _TIERS.get(name[-2:], OTHERS)
