"""Observers are told in order, and one that fails harms nobody."""

from __future__ import annotations

import logging

import pytest

from voip.observers import Happening, Observers, Topic
from voip.signalling.commands import Calling
from voip.signalling.ids import CallKey

NOTICE = Calling(CallKey("!room:test", "call"))


def test_a_failing_observer_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    observers = Observers()
    seen: list[Happening] = []

    def fail(happening: Happening) -> None:
        raise ValueError("on purpose")

    observers.subscribe(Topic.CALL, fail)
    observers.subscribe(Topic.CALL, seen.append)
    with caplog.at_level(logging.ERROR):
        observers.tell(Topic.CALL, NOTICE)
        observers.tell(Topic.CALL, NOTICE)
    assert seen == [NOTICE, NOTICE]
    assert caplog.text.count("an observer failed: ValueError") == 2


def test_topics_are_apart() -> None:
    observers = Observers()
    seen: list[Happening] = []
    observers.subscribe(Topic.MEDIA, seen.append)
    observers.tell(Topic.CALL, NOTICE)
    assert seen == []
