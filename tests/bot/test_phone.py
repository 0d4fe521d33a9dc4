"""What a phone gives to others: its ids."""

from __future__ import annotations

import re

from voip.bot.phone import Phone


def test_new_ids_are_opaque_and_differ() -> None:
    """Client-server API, "Grammar for VoIP IDs"."""
    ids = {Phone.new_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(re.fullmatch(r"[0-9A-Za-z._~-]{8,255}", one) for one in ids)
