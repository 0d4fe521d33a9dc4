"""The record as JSON: bounded, and read leniently."""

from __future__ import annotations

import msgspec
import pytest

from voip.tracing.record import MAX_BYTES, Kind, NoTrace, Step, Trace, cut, decoded, encoded

TRACE = Trace(id="1", direction="inbound", began="2026-01-01T00:00:00.000Z")


def with_steps(count: int, chars: int) -> Trace:
    steps = [
        Step(ms=n, kind=Kind.NOTICE, what=str(n), facts={"x": "y" * chars}) for n in range(count)
    ]
    return msgspec.structs.replace(TRACE, steps=steps)


def test_it_comes_back_as_it_went() -> None:
    trace = with_steps(3, 10)
    assert decoded(encoded(trace)) == trace


def test_it_is_bounded_and_keeps_both_ends() -> None:
    data = encoded(with_steps(2000, 1000))
    assert len(data) <= MAX_BYTES
    steps = decoded(data).steps
    assert (steps[0].what, steps[-1].what) == ("0", "1999")
    (gap,) = [step for step in steps if step.kind is Kind.GAP]
    assert gap.facts["steps"] + len(steps) - 1 == 2000


def test_even_one_step_may_be_too_long() -> None:
    assert len(encoded(with_steps(2, MAX_BYTES))) <= MAX_BYTES


def test_few_steps_are_not_cut() -> None:
    steps = with_steps(4, 1).steps
    assert cut(steps, 2) == steps


def test_what_later_versions_add_is_no_obstacle() -> None:
    more = msgspec.json.decode(encoded(TRACE)) | {"news": {"a": 1}}
    assert decoded(msgspec.json.encode(more)) == TRACE


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b"\xff", b'{"id": 1, "direction": "inbound", "began": ""}', b"[" * 100_000],
)
def test_what_is_no_trace_says_so(data: bytes) -> None:
    with pytest.raises(NoTrace, match="no call trace"):
        decoded(data)
