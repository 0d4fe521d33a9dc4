"""Records are frozen dataclasses in all that can be seen; they are only made faster."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest

from voip.signalling.content import Hangup
from voip.signalling.events import Change, MediaFailed, MediaProblem, SyncComplete
from voip.signalling.ids import CallKey
from voip.signalling.record import record

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
    with pytest.raises(dataclasses.FrozenInstanceError):
        FAILED.request = 7  # type: ignore[misc]  # what is tried here
    assert not hasattr(FAILED, "__dict__")


def test_what_works_with_dataclasses_works() -> None:
    assert dataclasses.replace(FAILED, request=3).request == 3
    assert pickle.loads(pickle.dumps(FAILED)) == copy.deepcopy(FAILED) == FAILED  # noqa: S301 - ours
    assert hash(FAILED) == hash(dataclasses.replace(FAILED))
    assert "MediaFailed(key=" in repr(FAILED)


def test_a_default_that_is_made_anew_each_time_is_refused() -> None:
    with pytest.raises(TypeError, match="a default is a value"):

        @record
        class _Bad:
            names: list[str] = dataclasses.field(default_factory=list)
