"""Twenty points in the life of a recorded call at which a bot's process may be killed.

A point is a function of the program, and whether the kill falls before or after it. Nothing in the
program knows of them: `killed_bot` wraps the function in its own process.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from voip.bot.call_file import NAME
from voip.bot.deliveries import Deliveries
from voip.bot.phone import Phone
from voip.matrix import files
from voip.matrix.edge import MatrixEdge
from voip.media.events import Connected
from voip.media.ogg import OggOpusWriter
from voip.media.opus import SAMPLE_RATE
from voip.media.recorder import Recorder
from voip.media.take import Take
from voip.signalling.commands import Ended
from voip.signalling.content import Answer
from voip.store.journal import Journal
from voip.store.outbox import Outbox
from voip.store.outbox_records import Kind

When = Callable[..., bool]
"""Given what the function was called with, without `self`."""
ORDER: Final = "killed-at"
"""The file in the working folder that names the point at which the process is to die."""


@dataclass(frozen=True)
class Point:
    name: str
    set_trap: Callable[[str], None]
    """Given the name."""
    sound: bool
    """Whether something was said before it that must not be lost."""


def die_if_told(name: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        if Path(ORDER).read_text() == name:
            os.kill(os.getpid(), signal.SIGKILL)


def always(*_: object) -> bool:
    return True


def before(owner: Any, function: str, when: When = always) -> Callable[[str], None]:
    return functools.partial(_wrap, owner, function, when, False)


def after(owner: Any, function: str, when: When = always) -> Callable[[str], None]:
    return functools.partial(_wrap, owner, function, when, True)


def _wrap(owner: Any, function: str, when: When, afterwards: bool, name: str) -> None:
    original = getattr(owner, function)

    @functools.wraps(original)
    def trapped(self: Any, *args: Any, **kw: Any) -> Any:
        here = when(*args)
        if here and not afterwards:
            die_if_told(name)
        result = original(self, *args, **kw)
        if inspect.iscoroutine(result):
            return awaited(result, here)
        if here and afterwards:
            die_if_told(name)
        return result

    async def awaited(work: Any, here: bool) -> Any:
        result = await work
        if here and afterwards:
            die_if_told(name)
        return result

    setattr(owner, function, trapped)


class HalfFile:
    """Dies when half of a page is written."""

    def __init__(self, file: Any, name: str) -> None:
        self._file, self._name = file, name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, data: bytes) -> int:
        half = int(self._file.write(data[: (len(data) + 1) // 2]))
        die_if_told(self._name)
        return half


def in_the_middle_of_a_write(name: str) -> None:
    """Half of a page is in the file, after some whole ones."""
    original = OggOpusWriter._page

    def half(self: OggOpusWriter, flags: int, granule: int, packets: list[bytes]) -> None:
        if self._number == WHOLE_PAGES:
            self._file = HalfFile(self._file, name)  # type: ignore[assignment]  # all that is asked for
        original(self, flags, granule, packets)

    OggOpusWriter._page = half  # type: ignore[method-assign]


def in_the_upload(name: str) -> None:
    """Some of it has left, and there is more."""
    chunks = files._chunks

    async def cut(file: Path) -> Any:
        async for chunk in chunks(file):
            yield chunk[: len(chunk) // 2]
            die_if_told(name)
            yield chunk[len(chunk) // 2 :]

    files._chunks = cut


def a_second(_: int, granule: int, *__: object) -> bool:
    return granule >= SAMPLE_RATE


def answers(send: Any) -> bool:
    return bool(send.type == Answer.event_type)


def is_a(kind: type) -> When:
    return lambda what, *_: isinstance(what, kind)


def puts(kind: Kind) -> When:
    return lambda drafts: any(draft.kind is kind for draft in drafts)


def uploaded(_: str, progress: Any) -> bool:
    return "content" in progress


def recording(_: str, content: Any, *__: Any) -> bool:
    return bool(content["msgtype"] == "m.audio")


def call_json(target: Path) -> bool:
    return target.name == NAME


def of_a_recording(entry: Any, *_: Any) -> bool:
    return entry.kind is Kind.POST


WHOLE_PAGES: Final = 6
"""Two of them headers (RFC 7845, 3); then there is one four times a second."""
SAID, UNSAID = True, False

POINTS: Final = [
    Point("an invite has come", before(Phone, "_ring"), UNSAID),
    Point("the call is in the journal", after(Journal, "call_began"), UNSAID),
    Point("the answer is in the journal", after(Journal, "send_began", answers), UNSAID),
    Point("the answer has left", after(MatrixEdge, "send", answers), UNSAID),
    Point("media flow", before(Phone, "_on_media", is_a(Connected)), UNSAID),
    Point("call.json is half there", before(Path, "replace", call_json), UNSAID),
    Point("the first packet has come", before(Recorder, "audio"), UNSAID),
    Point("the notice waits", after(Outbox, "put", puts(Kind.NOTICE)), UNSAID),
    Point("in the middle of a write", in_the_middle_of_a_write, SAID),
    Point("a second is recorded", after(OggOpusWriter, "_page", a_second), SAID),
    Point("the caller has hung up", before(Phone, "on_notice", is_a(Ended)), SAID),
    Point("the file is to be closed", before(Take, "finish"), SAID),
    Point("call.json has the end", before(Deliveries, "hand_over"), SAID),
    Point("the post waits", after(Outbox, "put", puts(Kind.POST)), SAID),
    Point("the call is forgotten", after(Journal, "call_ended"), SAID),
    Point("in the upload", in_the_upload, SAID),
    Point("it is uploaded", before(Outbox, "keep_progress", uploaded), SAID),
    Point("the post is to leave", before(MatrixEdge, "post", recording), SAID),
    Point("the post has left", after(MatrixEdge, "post", recording), SAID),
    Point("all is done", before(Deliveries, "_on_over", of_a_recording), SAID),
]
BY_NAME: Final = {point.name: point for point in POINTS}
