"""Records have what a frozen dataclass with slots has; they are only made faster."""

from __future__ import annotations

import copy
import pickle

import msgspec
import pytest

from voip.signalling.content import Hangup
from voip.signalling.events import Change, MediaFailed, MediaProblem, SyncComplete
from voip.signalling.ids import CallKey

KEY = CallKey("!room:example.org", "call")
FAILED = MediaFailed(KEY, MediaProblem.LOST)


def test_fields_are_given_by_place_by_name_or_by_default() -> None:
    assert MediaFailed(key=KEY, problem=MediaProblem.LOST, request=None) == FAILED
    assert MediaFailed(KEY, MediaProblem.LOST, 1) != FAILED
    assert (Change().hold, Change(True).hold) == (None, True)
    assert SyncComplete() == SyncComplete()


def test_keywords_alone_where_it_says_so() -> None:
    hangup = Hangup(call_id="call", party_id=None)
    assert (hangup.version, hangup.reason) == (1, "user_hangup")
    with pytest.raises(TypeError):
        Hangup("call", None)  # type: ignore[call-arg]  # what is tried here
    with pytest.raises(TypeError):
        Hangup(call_id="call")  # type: ignore[call-arg]  # what is tried here


def test_nothing_can_be_changed_or_added() -> None:
    with pytest.raises(AttributeError):
        FAILED.request = 7  # type: ignore[misc]  # what is tried here
    assert not hasattr(FAILED, "__dict__")


def test_copied_pickled_compared_and_shown() -> None:
    changed = msgspec.structs.replace(FAILED, request=3)
    assert (changed.request, changed.key) == (3, KEY)
    assert pickle.loads(pickle.dumps(FAILED)) == copy.deepcopy(FAILED) == FAILED  # noqa: S301 - ours
    assert hash(FAILED) == hash(msgspec.structs.replace(FAILED))
    assert "MediaFailed(key=" in repr(FAILED)
    match FAILED:
        case MediaFailed(key, problem):
            assert (key, problem) == (KEY, MediaProblem.LOST)
        case _:
            pytest.fail("a record matches by place")
