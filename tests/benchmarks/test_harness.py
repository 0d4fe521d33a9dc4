from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import _plot
from benchmarks.__main__ import GROUPS, names
from benchmarks.harness import Medians, Row, SpoiledRound, alternate, table, write


def test_a_ratio_meets_its_goal_or_misses_it() -> None:
    met = Row.against("a", 1.0, 4.0, peer_name="p", unit="s", goal=0.25)
    assert (met.ratio, met.met) == (0.25, True)
    assert Row.against("a", 1.1, 4.0, peer_name="p", unit="s", goal=0.25).met is False
    assert Row.against("a", 1.0, 0.0, peer_name="p", unit="s", goal=0.25).met is False
    assert Row.against("a", 1.0, 4.0, peer_name="p", unit="s").met is None


def test_an_absolute_goal_looks_at_ours_alone() -> None:
    assert Row.within("a", 0.9, unit="s", goal=1.0).met is True
    row = Row.within("a", 1.1, unit="s", goal=1.0, peer=100.0, peer_name="p")
    assert row.met is False
    assert row.ratio == pytest.approx(0.011)


def test_rounds_alternate_and_medians_are_given() -> None:
    order: list[str] = []
    ours, peer = iter([5.0, 1.0, 2.0]), iter([30.0, 10.0, 20.0])

    def mine() -> float:
        order.append("ours")
        return next(ours)

    def theirs() -> float:
        order.append("peer")
        return next(peer)

    medians = alternate("x", mine, theirs, rounds=3)
    assert order == ["ours", "peer", "peer", "ours", "ours", "peer"]
    assert (medians.ours, medians.peer) == (2.0, 20.0)


def test_the_file_has_the_agreed_shape(tmp_path: Path) -> None:
    row = Row.against("a thing", 1.0, 4.0, peer_name="p", unit="s", goal=0.2)
    content = json.loads(write("x", [row], tmp_path / "out").read_text())
    assert set(content) == {"name", "rows"}
    assert set(content["rows"][0]) == {
        "what",
        "ours",
        "peer",
        "peer_name",
        "unit",
        "ratio",
        "goal",
        "met",
    }
    assert "a thing" in table("x", [row])
    assert "NO" in table("x", [row])


def test_the_command_lists_what_there_is_and_refuses_what_is_not() -> None:
    assert {"recording", "crash"} <= set(names())
    command = [sys.executable, "-m", "benchmarks"]
    shown = subprocess.run([*command, "--help"], capture_output=True, text=True, check=True)
    assert "python -m benchmarks recording" in shown.stdout
    wrong = subprocess.run([*command, "nothing"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "there are: " in wrong.stderr


def test_a_spoiled_round_is_measured_again() -> None:
    results: Iterator[SpoiledRound | float] = iter([SpoiledRound("busy"), 2.0, 2.0, 2.0])

    def measure() -> float:
        result = next(results)
        if isinstance(result, SpoiledRound):
            raise result
        return result

    assert alternate("x", measure, lambda: 4.0, rounds=3) == Medians(2.0, 4.0)


def test_a_machine_that_never_keeps_up_gives_no_result() -> None:
    def measure() -> float:
        raise SpoiledRound("busy")

    with pytest.raises(SpoiledRound):
        alternate("x", measure, lambda: 4.0)


def test_a_group_has_benchmarks_alone() -> None:
    for parts in GROUPS.values():
        assert set(parts) <= set(names())


def test_a_plot_is_well_formed_and_has_every_line(tmp_path: Path) -> None:
    lines = {"ours & theirs": [(0.0, 0.0), (10.0, 2.0)], "other": [(0.0, 0.0), (10.0, 4.0)]}
    _plot.write(tmp_path / "a.svg", "A title", "calls", "%", lines)
    root = ElementTree.fromstring((tmp_path / "a.svg").read_text())  # noqa: S314 - our own
    texts = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"A title", "calls", "%", *lines} <= set(texts)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}polyline"))) == 1 + len(lines)
