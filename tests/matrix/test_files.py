"""Files on their way: an upload may be cut off once its last byte has left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from nio.crypto import decrypt_attachment  # type: ignore[import-untyped]  # 0.26 ships no types

from voip.matrix.files import CHUNK, _chunks, _encrypted


@pytest.fixture(params=[1, CHUNK, 2 * CHUNK + 1])
def content(request: pytest.FixtureRequest) -> bytes:
    return bytes(index % 251 for index in range(request.param))


@pytest.fixture
def file(content: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "recording.ogg"
    path.write_bytes(content)
    return path


async def test_the_keys_are_known_before_the_last_byte_has_left(file: Path, content: bytes) -> None:
    """aiohttp asks for no more once the homeserver has answered, which it may do by then."""
    secret: dict[str, Any] = {}
    parts = aiter(_encrypted(file, secret))
    sent = b""
    while len(sent) < len(content):
        sent += await anext(parts)
    key, digest, start = secret["key"]["k"], secret["hashes"]["sha256"], secret["iv"]
    assert decrypt_attachment(sent, key, digest, start) == content


async def test_a_file_leaves_whole(file: Path, content: bytes) -> None:
    assert b"".join([part async for part in _chunks(file)]) == content
