"""The short way reads what the long way reads, and leaves to it whatever is not as specified."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voip.signalling import reading, wellformed
from voip.signalling.content import METADATA_KEYS, CallContent
from voip.signalling.errors import ContentError

COMMON: Final = {"call_id": "call", "party_id": "PHONE", "version": "1"}
STREAMS: Final = {"stream": {"purpose": "m.usermedia", "audio_muted": True, "more": 1}}
WHOLE: Final[dict[str, dict[str, Any]]] = {
    "m.call.invite": COMMON
    | {
        "offer": {"type": "offer", "sdp": "v=0"},
        "lifetime": 60000,
        "invitee": "@us:example.org",
        "sdp_stream_metadata": STREAMS,
        "capabilities": {"m.call.transferee": True, "m.call.dtmf": False},
    },
    "m.call.answer": COMMON
    | {"answer": {"type": "answer", "sdp": "v=0"}, "sdp_stream_metadata": STREAMS},
    "m.call.candidates": COMMON
    | {
        "candidates": [
            {"candidate": "candidate:1", "sdpMid": "0", "sdpMLineIndex": 0},
            {"candidate": "candidate:2", "sdpMLineIndex": 1},
            {"candidate": ""},
        ]
    },
}
ODD: Final[st.SearchStrategy[Any]] = st.sampled_from(
    [
        *(None, True, 0, 1, 1.0, -1, 1e400, 60000.0, 10**13, 65536, "", "1", "offer", "answer"),
        *("v=0", "\ud800", "Grüße", "x" * 256, "x" * 1025, [], {}, [None], [{}], {"sdp": "v=0"}),
        *({"type": "answer", "sdp": 1}, {"s": None}, {"s": {}}, {"s": {"purpose": "\ud800"}}),
        *({"s": {"purpose": "m.usermedia", "audio_muted": 1}}, {"m.call.dtmf": "yes"}),
        *([{"candidate": "c", "sdpMid": "0"}], [{"candidate": "c"}], [{"candidate": 1}]),
        *([{"candidate": "c", "sdpMLineIndex": -1}], [{"candidate": "c", "sdpMLineIndex": 1.0}]),
    ]
)
NAMES: Final = (
    *("call_id", "party_id", "version", "offer", "answer", "lifetime", "invitee", "candidates"),
    *("capabilities", *METADATA_KEYS, "of no meaning"),
)


def _the_long_way(event_type: str, content: dict[str, Any]) -> CallContent | None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wellformed, "take", lambda *_: None)
        try:
            return reading.parse(event_type, content)
        except ContentError:
            return None


@pytest.mark.parametrize("event_type", WHOLE)
def test_what_is_as_specified_goes_the_short_way(event_type: str) -> None:
    taken = wellformed.take(event_type, WHOLE[event_type])
    assert taken is not None
    assert taken == _the_long_way(event_type, WHOLE[event_type])


@settings(max_examples=1500, deadline=None)
@given(
    st.sampled_from(sorted(WHOLE)),
    st.dictionaries(st.sampled_from(NAMES), ODD, max_size=3),
    st.sets(st.sampled_from(NAMES), max_size=2),
)
def test_whatever_is_odd_both_ways_agree(
    event_type: str, odd: dict[str, Any], missing: set[str]
) -> None:
    content = {k: v for k, v in (WHOLE[event_type] | odd).items() if k not in missing}
    taken = wellformed.take(event_type, content)
    if taken is not None:
        assert taken == _the_long_way(event_type, content)


def test_other_kinds_and_what_is_no_object_are_left_to_the_long_way() -> None:
    assert wellformed.take("m.call.hangup", COMMON) is None
    assert wellformed.take("m.call.invite", [1]) is None  # type: ignore[arg-type]  # as it may come
