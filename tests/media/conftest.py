"""What every test of the media edge needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from aioice import ice

from tests.small_disks import small_disk_at


@pytest.fixture(autouse=True)
def no_mdns_of_another_loop() -> Iterator[None]:
    """aioice keeps one mDNS socket for all connections, with a lock of the event loop that made it.
    Each test has a loop of its own: closing a connection fails where the lock is another's."""
    yield
    vars(ice._mdns).clear()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    with small_disk_at(tmp_path / "disk", 1) as folder:
        yield folder
