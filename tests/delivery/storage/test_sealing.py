"""Sealed files: what opens, and everything that must not."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from voip.delivery.storage import source as module
from voip.delivery.storage.sealing import CHUNK, HEADER, TAG, SealError, read_key, unseal
from voip.delivery.storage.source import Source

KEY, OTHER = bytes(range(32)), bytes(32)
SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 5 * CHUNK + 7)


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PART", 2 * CHUNK)


def file(tmp_path: Path, size: int) -> Path:
    path = tmp_path / "audio.ogg"
    path.write_bytes(os.urandom(size))
    return path


def sealed(path: Path, key: bytes = KEY) -> bytes:
    source = Source.of(path, key, None)
    return b"".join(source.part(number) for number in range(source.parts))


def opened(data: bytes, key: bytes = KEY) -> bytes:
    return b"".join(unseal(io.BytesIO(data), key))


@pytest.mark.parametrize("size", SIZES)
def test_what_is_sealed_opens_again(tmp_path: Path, size: int) -> None:
    path = file(tmp_path, size)
    data = sealed(path)
    assert opened(data) == path.read_bytes()
    chunks = max(1, -(-size // CHUNK))
    assert len(data) == HEADER + size + chunks * TAG


@pytest.mark.parametrize("size", SIZES)
def test_what_is_not_sealed_is_the_file(tmp_path: Path, size: int) -> None:
    path = file(tmp_path, size)
    source = Source.of(path, None, None)
    data = b"".join(source.part(number) for number in range(source.parts))
    assert data == path.read_bytes()
    assert source.suffix == ""


def test_each_change_is_found(tmp_path: Path) -> None:
    data = sealed(file(tmp_path, 3 * CHUNK))
    body, one = data[HEADER:], CHUNK + TAG
    first, second, third = (body[at : at + one] for at in range(0, 3 * one, one))
    head = data[:HEADER]
    flipped = bytearray(data)
    flipped[HEADER + 5] ^= 1
    salted = bytearray(data)
    salted[HEADER - 1] ^= 1
    for changed in (
        head + second + first + third,  # chunks in another order
        head + first + third,  # one left out
        head + first + first + second + third,  # one twice
        head + first + second,  # cut between chunks
        data[:-1],
        data + b"\0",
        data + sealed(file(tmp_path, CHUNK))[HEADER:],  # of another file
        head,
        bytes(flipped),
        bytes(salted),
    ):
        with pytest.raises(SealError, match="changed or cut"):
            opened(changed)
    with pytest.raises(SealError, match="not the key"):
        opened(data, OTHER)
    for foreign in (b"", b"OggS" + bytes(100), b"MVOIPv1\n"):
        with pytest.raises(SealError, match="no sealed recording"):
            opened(foreign)


def test_two_sealings_have_nothing_in_common(tmp_path: Path) -> None:
    path = file(tmp_path, CHUNK)
    one, other = sealed(path), sealed(path)
    assert one[8:] != other[8:]
    assert one[HEADER : HEADER + 64] != other[HEADER : HEADER + 64]


def test_a_later_try_goes_on_with_the_same_salt_unless_the_file_changed(tmp_path: Path) -> None:
    path = file(tmp_path, 5 * CHUNK)
    first = Source.of(path, KEY, None)
    again = Source.of(path, KEY, first.as_fields())
    assert [again.part(n) for n in range(3)] == [first.part(n) for n in range(3)]
    path.write_bytes(os.urandom(5 * CHUNK))
    os.utime(path, ns=(1, 1))
    changed = Source.of(path, KEY, first.as_fields())
    assert changed.as_fields()["salt"] != first.as_fields()["salt"]
    with pytest.raises(OSError, match="changed"):
        first.part(0)


@pytest.mark.parametrize("text", ["", "short", "a" * 44, "AAAA", "é" * 44])
def test_a_key_that_is_none_is_not_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="openssl rand") as caught:
        read_key(text)
    assert not text or text not in str(caught.value)


def test_a_key_of_openssl_is_one() -> None:
    assert read_key("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n") == KEY
