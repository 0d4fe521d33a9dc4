"""Whatever a content holds: reading it and handling it raise nothing but what is documented.

Whole calls between devices are simulated in `tests/sim`.
"""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.signalling.kit import (
    END,
    HOST,
    LIVE,
    OUR_OTHER,
    PEER,
    PEERS_OTHER,
    STRANGER,
    US,
    Direction,
    at,
    device_in,
)
from tests.signalling.tables import in_conversation
from voip.signalling.config import CallConfig
from voip.signalling.errors import ContentError
from voip.signalling.reading import parse
from voip.signalling.states import State

few = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

# --- contents -------------------------------------------------------------------------------

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["", "\ud800", "x" * 300, "offer", "answer", "v=0", -1, 0, 65536, 1e400]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "sdp", "candidate", "sdpMid", "sdpMLineIndex", "purpose", "id"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=4,
)
GOOD: Final = [
    (event.type, event.content)
    for event in (
        PEER.invite(invitee=US.user_id),
        PEER.answer(),
        PEER.candidates(HOST, END),
        PEER.select(US.party),
        PEER.reject(),
        PEER.hangup(),
        *in_conversation(PEER),
    )
]
FIELDS: Final = sorted(
    {field for _, content in GOOD for field in content}
    | {"capabilities", "sdp_stream_metadata", "target_user", "await_call", "asserted_identity"}
)


@st.composite
def damaged_contents(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A good content of which some fields are missing, replaced, or added."""
    event_type, content = draw(st.sampled_from(GOOD))
    damage = draw(st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=2))
    missing = draw(st.sets(st.sampled_from(FIELDS), max_size=1))
    damaged = {**content, **damage}
    return event_type, {name: value for name, value in damaged.items() if name not in missing}


@few
@given(st.lists(damaged_contents(), min_size=2, max_size=8))
def test_reading_raises_one_error_only_and_what_is_read_survives_writing(
    contents: list[tuple[str, dict[str, Any]]],
) -> None:
    for event_type, content in contents:
        try:
            read = parse(event_type, content)
        except ContentError:
            continue
        if read.version == 1:  # the one version that we write
            wire = json.loads(json.dumps(read.to_wire()).encode())
            assert parse(event_type, wire) == read


@few
@given(st.lists(st.tuples(st.sampled_from([name for name, _ in GOOD]), json_values), max_size=20))
def test_reading_takes_anything(contents: list[tuple[str, Any]]) -> None:
    for event_type, content in contents:
        with pytest.raises(ContentError):
            parse(event_type, content)


PARTIES_THAT_SPEAK = (PEER, PEERS_OTHER, OUR_OTHER, STRANGER, US)


@few
@given(
    st.sampled_from(LIVE),
    st.lists(
        st.tuples(
            st.sampled_from(PARTIES_THAT_SPEAK),
            damaged_contents(),
            st.sampled_from([0.0, 0.3, 61.0, 1e9, -1e9]),
        ),
        max_size=20,
    ),
)
def test_no_content_raises_or_keeps_a_call_alive(
    start: tuple[Direction, State], said: list[tuple[Any, tuple[str, dict[str, Any]], float]]
) -> None:
    device = device_in(*start)
    for party, (event_type, content), age in said:
        spoken = {**content, "party_id": content.get("party_id") and party.party_id}
        device.handle(at(party.writes(event_type, spoken), age=age))
        device.wait(0.1)
    device.handle(PEER.hangup())
    device.wait(2 * CallConfig().longest_lifetime)
    connected = {device.state()} & {State.CONNECTED}
    assert len(device.calls) == len(connected)
