"""Reactions, as a homeserver answers them, and as none should."""

from __future__ import annotations

from typing import Any

import pytest

from voip.matrix.reactions import read_reactions

GOOD = {"sender": "@a:b", "content": {"m.relates_to": {"key": "✅"}}}


@pytest.mark.parametrize(
    "malformed",
    [
        None,
        3,
        {},
        {"sender": "@a:b"},
        {"sender": "@a:b", "content": []},
        {"sender": "@a:b", "content": {"m.relates_to": "x"}},
        {"sender": 1, "content": {"m.relates_to": {"key": "x"}}},
        {"sender": "@a:b", "content": {"m.relates_to": {"key": 1}}},
    ],
)
def test_what_is_malformed_is_left_out(malformed: Any) -> None:
    assert read_reactions({"chunk": [malformed, GOOD]}) == [("@a:b", "✅")]


@pytest.mark.parametrize("answer", [{}, {"chunk": None}, {"chunk": {}}])
def test_an_answer_without_any_is_none(answer: Any) -> None:
    assert read_reactions(answer) == []
