from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.media.audio import names
from voip.media import file_lock
from voip.media.condition import Condition, condition
from voip.media.repair import repair
from voip.media.sound_errors import StillWritten

HOLDS = """
import sys
from pathlib import Path
from voip.media import file_lock
file = file_lock.create(Path(sys.argv[1]))
file.write(b"OggS and more")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held_elsewhere(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process creates the file and keeps it open."""
    command = [sys.executable, "-c", HOLDS, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        assert child.stdout.readline() == b"held\n"
        try:
            yield child
        finally:
            child.kill()


async def test_what_another_process_writes_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "audio.ogg"
    with held_elsewhere(path):
        assert condition(path) is Condition.WRITTEN
        with pytest.raises(StillWritten, match="is being written"):
            await repair(path)
        assert path.read_bytes() == b"OggS and more"
        assert names(tmp_path) == {"audio.ogg"}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_lock_ends_with_its_process(tmp_path: Path, number: signal.Signals) -> None:
    path = tmp_path / "audio.ogg"
    with held_elsewhere(path) as child:
        child.send_signal(number)
        child.wait()
        assert not file_lock.is_written(path)
        with file_lock.alone_with(path):
            pass


def test_a_program_that_the_writer_starts_does_not_inherit_it(tmp_path: Path) -> None:
    path = tmp_path / "audio.ogg"
    with file_lock.create(path) as file:
        file.write(b"x")
        sleeper = subprocess.Popen(["sleep", "60"])
    try:
        assert not file_lock.is_written(path)
    finally:
        sleeper.kill()
        sleeper.wait()


def test_two_do_not_repair_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "audio.ogg"
    path.write_bytes(b"x")
    with file_lock.alone_with(path):
        assert file_lock.is_written(path)
        with pytest.raises(StillWritten), file_lock.alone_with(path):
            pass


def test_who_looks_at_an_empty_file_does_not_take_the_writers_lock(tmp_path: Path) -> None:
    """Else the file of a recording that has just begun could be left unlocked."""
    path = tmp_path / "audio.ogg"
    path.touch()
    with file_lock.alone_with(path):
        assert not file_lock.is_written(path)
        with path.open("rb") as file:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "audio.ogg")
    (tmp_path / "video.webm").symlink_to("/etc/hostname")
    (tmp_path / "screen.mkv").mkdir()
    for name in names(tmp_path):
        assert condition(tmp_path / name) is Condition.UNREADABLE
        with pytest.raises(OSError, match=r"is no file|Too many levels"):
            file_lock.is_written(tmp_path / name)
