"""The table of ratios; what is measured is another matter."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.bench import compare as program
from tools.bench.compare import Line, compare, named_interpreter, wanted
from tools.bench.measuring import Bench, Missing, Row

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


def nothing(python: Path, bench: Bench) -> dict[str, float]:
    return {}


@pytest.mark.parametrize(
    ("word", "everything", "expected"),
    [
        ("", False, ["server", "client"]),
        ("", True, ["server", "client", "client, pure"]),
        ("client", False, ["client", "client, pure"]),
    ],
)
def test_details_are_measured_when_they_are_asked_for(
    word: str, everything: bool, expected: list[str]
) -> None:
    rows = [
        Row("server", nothing, {}),
        Row("client", nothing, {}),
        Row("client, pure", nothing, {}, detail=True),
    ]
    assert [row.name for row in rows if wanted(row, word, everything)] == expected


def test_a_row_that_cannot_be_measured_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(python: Path, bench: Bench) -> dict[str, float]:
        raise Missing("sanic is not installed")

    def broken(python: Path, bench: Bench) -> dict[str, float]:
        raise RuntimeError("the server did not listen")

    def fine(python: Path, bench: Bench) -> dict[str, float]:
        return {"rate": 2.0}

    def rows() -> Iterator[Row]:
        columns = {"rate": ("requests/s", ">1.0")}
        yield Row("missing", missing, columns)
        yield Row("fine", fine, columns)
        if failing:
            yield Row("broken", broken, columns)

    monkeypatch.setattr(program, "rows", rows)
    monkeypatch.setattr("signal.signal", lambda number, handler: None)
    monkeypatch.setattr("shutil.which", lambda name: name)
    monkeypatch.setattr("sys.argv", ["compare", "ours", "theirs", "--rounds", "1"])
    for failing in (False, True):
        assert program.main() == int(failing)
        out = capsys.readouterr().out
        assert "left out: sanic is not installed" in out
        assert "2.0          2.0    1.00" in out
        assert ("could not be measured: the server did not listen" in out) == failing


def test_a_run_that_is_terminated_ends_what_it_has_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended = []

    def terminated(python: Path, bench: Bench) -> dict[str, float]:
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            ended.append(python)
        return {}

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(program, "rows", lambda: [Row("row", terminated, {})])
    monkeypatch.setattr("shutil.which", lambda name: name)
    monkeypatch.setattr("sys.argv", ["compare", "ours", "theirs"])
    try:
        with pytest.raises(SystemExit) as stopped:
            program.main()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert stopped.value.code == 128 + signal.SIGTERM
    assert ended == [OURS]


def test_an_interpreter_has_a_name() -> None:
    assert named_interpreter("sanic=/a/b=c") == ("sanic", Path("/a/b=c"))
    with pytest.raises(argparse.ArgumentTypeError, match="expected NAME=PYTHON"):
        named_interpreter("/a/b")
