"""What every test of the media edge needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aioice import ice


@pytest.fixture(autouse=True)
def no_mdns_of_another_loop() -> Iterator[None]:
    """aioice keeps one mDNS socket for all connections, with a lock of the event loop that made it.
    Each test has a loop of its own: closing a connection fails where the lock is another's."""
    yield
    vars(ice._mdns).clear()
