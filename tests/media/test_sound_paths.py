"""What is spoken, and what is taken for the path of a sound file."""

from __future__ import annotations

from pathlib import Path

import pytest

from voip.media.sound_paths import is_path, text_or_file


@pytest.mark.parametrize("text", ["./hello", "/var/hello.ogg", "Hello.OGG", "../a b.wav", "a.m4a"])
def test_paths(text: str) -> None:
    assert is_path(text)
    with pytest.raises(ValueError, match="no such file"):
        text_or_file(text)


@pytest.mark.parametrize("text", ["Hello.", "Hello hello.ogg", "Dial 1/2.", "one.two", "..."])
def test_texts(text: str) -> None:
    assert not is_path(text)
    assert text_or_file(text) == text


def test_a_file_that_is_there(tmp_path: Path) -> None:
    file = tmp_path / "hello.Wav"
    file.touch()
    assert text_or_file(str(file)) == str(file)
