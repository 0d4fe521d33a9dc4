"""A plot of a few lines over the number of calls, as an SVG that any browser shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 400, 60, 50, 40
COLOURS: Final = ("#0b6e4f", "#c1440e", "#3b5bdb", "#7a4fa3")
Line = Sequence[tuple[float, float]]


def write(path: Path, title: str, across: str, up: str, lines: Mapping[str, Line]) -> None:
    """Draw `lines`, by their names; both axes begin at 0."""
    most_x = max(x for line in lines.values() for x, _ in line)
    most_y = max(y for line in lines.values() for _, y in line)
    right, high = WIDTH - LEFT - 20, HEIGHT - BOTTOM - TOP

    def place(x: float, y: float) -> tuple[float, float]:
        return LEFT + x / most_x * right, HEIGHT - BOTTOM - y / most_y * high

    parts = [
        _text(WIDTH / 2, 22, title, size=15),
        _text(WIDTH / 2, HEIGHT - 10, across),
        f'<text transform="translate(16 {HEIGHT / 2}) rotate(-90)" text-anchor="middle">'
        f"{escape(up)}</text>",
        _stroke([place(0, most_y), place(0, 0), place(most_x, 0)], "#888"),
    ]
    for step in range(5):
        x, y = most_x * step / 4, most_y * step / 4
        parts.append(_text(place(x, 0)[0], HEIGHT - BOTTOM + 18, f"{x:.0f}"))
        parts.append(_text(LEFT - 8, place(0, y)[1] + 4, f"{y:.3g}", anchor="end"))
    for (name, line), colour in zip(lines.items(), COLOURS, strict=False):
        points = [place(x, y) for x, y in line]
        parts.append(_stroke(points, colour))
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        x, y = points[-1]
        parts.append(_text(x, y - 8, name, colour=colour, anchor="end"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>'
        f"{''.join(parts)}</svg>\n",
        encoding="utf-8",
    )


def _stroke(points: Sequence[tuple[float, float]], colour: str) -> str:
    text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{text}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _text(
    x: float, y: float, text: str, *, size: int = 12, colour: str = "#222", anchor: str = "middle"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" '
        f'text-anchor="{anchor}">{escape(text)}</text>'
    )
