from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turn.secrets.model import SecretsUnavailable
from turn.secrets.rotation import Pace, Phase, Rotation
from turn.secrets.rotation_text import dump, load

PRINTS = st.text("0123456789abcdef", min_size=12, max_size=12)
WHOLE = st.integers(0, 2**40)


@st.composite
def rotations(draw: st.DrawFn) -> Rotation:
    phase = draw(st.sampled_from(Phase))
    return Rotation(
        phase,
        draw(PRINTS),
        draw(PRINTS) if phase is Phase.SPREADING else None,
        draw(PRINTS) if phase is Phase.RETIRING else None,
        draw(st.none() | WHOLE),
        Pace(draw(WHOLE), draw(WHOLE)),
    )


@settings(deadline=None)
@given(rotations())
def test_there_and_back(rotation: Rotation) -> None:
    assert load(dump(rotation), "here") == rotation
    assert "\n" not in dump(rotation)


GOOD = json.loads(dump(Rotation(Phase.SPREADING, "a", "b", None, 1, Pace(60, 3600))))


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{}", "x", "[" * 5000]
    + [
        json.dumps({**GOOD, name: value})
        for name, value in [
            ("phase", "asleep"),
            ("phase", "steady"),
            ("signing", ""),
            ("signing", 3),
            ("fresh", None),
            ("since", "now"),
            ("since", True),
            ("spread", -1),
            ("lifetime", 1.5),
        ]
    ],
)
def test_a_damaged_state_is_said_to_be_so_and_nothing_is_guessed(text: str) -> None:
    with pytest.raises(SecretsUnavailable, match="here holds a state of rotation that is damaged"):
        load(text, "here")


def test_the_state_of_a_newer_version() -> None:
    with pytest.raises(SecretsUnavailable, match="newer version"):
        load(json.dumps({**GOOD, "version": 2}), "here")
