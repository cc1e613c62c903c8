"""The table of ratios; what is measured is another matter."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.bench.compare import Line, compare
from tools.bench.measuring import Bench, Row

OURS, THEIRS = Path("ours"), Path("theirs")


@pytest.mark.parametrize(
    ("bar", "ours", "theirs", "expected"),
    [
        (">2.0", [200.0, 220.0, 100.0], [100.0, 100.0, 100.0], "yes"),
        (">2.0", [199.0], [100.0], "NO"),
        ("<0.5", [50.0], [100.0], "yes"),
        ("<0.5", [51.0], [100.0], "NO"),
        ("", [1.0], [100.0], ""),
    ],
)
def test_the_median_ratio_decides(
    bar: str, ours: list[float], theirs: list[float], expected: str
) -> None:
    assert Line("row", "unit", bar, ours, theirs).passes == expected


def test_a_line_shows_medians_and_the_spread_of_ratios() -> None:
    line = str(Line("row", "ms", "<0.5", [10.0, 20.0, 30.0], [40.0, 40.0, 40.0]))
    assert line.split() == ["row", "ms", "40.0", "20.0", "0.25", "0.50", "0.75", "<0.5", "yes"]


def test_rounds_are_taken_in_turn_and_change_the_order() -> None:
    order = []

    def measure(python: Path, bench: Bench) -> dict[str, float]:
        order.append(python)
        return {"rate": {OURS: 3.0, THEIRS: 2.0}[python]}

    row = Row("row", measure, {"rate": ("requests/s", ">1.0")})
    (line,) = compare(row, OURS, THEIRS, Bench(1, OURS), 3)

    assert order == [OURS, THEIRS, THEIRS, OURS, OURS, THEIRS]
    assert line.ratios == [1.5, 1.5, 1.5]
