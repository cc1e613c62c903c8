"""Every case of corpus/*.md, on each build, however the bytes are cut."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

HERE = Path(__file__).parent

# Tests are not a package; what they share is loaded by its path.
_spec = importlib.util.spec_from_file_location("wire_events", HERE / "wire_events.py")
assert _spec is not None and _spec.loader is not None
wire_events = sys.modules.setdefault("wire_events", importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(wire_events)

# Longest input that is cut at each offset; longer ones are cut around their line ends only.
CUT_EVERYWHERE = 1500


class Case(NamedTuple):
    title: str
    mark: str
    data: bytes
    events: list[str]


def _unescape(text: str) -> str:
    return re.sub(
        r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)",
        lambda found: (
            chr(int(found[1][1:], 16))
            if found[1][0] in "xu" and len(found[1]) > 1
            else {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}[found[1]]
        ),
        text,
    )


def _expand(text: str) -> str:
    return re.sub(
        r"\[(.+?) \* (\d+)\]", lambda found: found[1] * int(found[2]), text, flags=re.DOTALL
    )


def _cases() -> Iterator[Case]:
    for path in sorted((HERE / "corpus").glob("*.md")):
        page = path.read_text("utf-8")
        for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
            title = section.partition("\n")[0]
            blocks = re.findall(r"^```([^\n]+)\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
            (mark, data), (_, events) = blocks
            joined = _unescape(_expand(data.replace("\n", "")))
            lines = [_unescape(_expand(line)) for line in events.split("\n") if line]
            yield Case(f"{path.stem}: {title}", mark, joined.encode("latin-1"), lines)


CASES = list(_cases())


def _run(build: str, case: Case, pieces: list[bytes]) -> tuple[list[str], str]:
    """The events, and the message of the error if there was one."""
    words = case.mark.split()
    sink = wire_events.Recorder(with_fields=any(e.startswith("field ") for e in case.events))
    parser: Any
    if words[0] == "request":
        parser = wire_events.request_parser(build, sink)
    else:
        method = next((w.partition("=")[2] for w in words if w.startswith("method=")), "GET")
        parser = wire_events.response_parser(
            build,
            sink,
            lenient="strict" not in words,
            method=method,
            read_until_eof="no-until-close" not in words,
        )
    for piece in pieces:
        parser.feed(piece)
        if parser.paused and "declines" in words:
            parser.resume()
    if "eof" in words:
        parser.feed_eof()
    events = list(sink.events)
    if parser.paused:
        events.append(f"tail {parser.detach().decode('latin-1')}")
    return events, "" if sink.error is None else str(sink.error)


def _offsets(data: bytes) -> list[int]:
    if len(data) <= CUT_EVERYWHERE:
        return list(range(1, len(data)))
    ends = {at for found in re.finditer(rb"\r|\n", data) for at in (found.start(), found.end())}
    limits = {at for at in range(8180, 8210) if at < len(data)}
    return sorted({1, 5, len(data) - 1} | set(sorted(ends)[:40]) | set(sorted(ends)[-8:]) | limits)


def _ways(data: bytes) -> Iterator[list[bytes]]:
    yield [data]
    yield [data[i : i + 1] for i in range(len(data))]
    for at in _offsets(data):
        yield [data[:at], data[at:]]


@pytest.mark.parametrize("build", wire_events.BUILDS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_same_events_however_the_bytes_are_cut(case: Case, build: str) -> None:
    expected = [line.rstrip() for line in case.events]
    error = ""
    if expected and expected[-1].startswith("error "):
        name, _, error = expected[-1].partition(": ")
        expected[-1] = name
    for pieces in _ways(case.data):
        events, message = _run(build, case, pieces)
        assert [line.rstrip() for line in events] == expected, [len(piece) for piece in pieces]
    # Whole, the words are those of the case.
    _, message = _run(build, case, [case.data])
    assert error in message


@pytest.mark.parametrize(
    "case",
    [
        case
        for case in CASES
        if case.mark == "request" and case.events and case.events[-1].startswith("error ")
    ],
    ids=lambda case: case.title,
)
def test_errors_of_requests_answer_400(case: Case) -> None:
    sink = wire_events.Recorder()
    wire_events.request_parser("py", sink).feed(case.data)
    assert sink.error is not None
    assert sink.error.code == 400


def test_each_page_has_cases() -> None:
    assert {case.title.partition(":")[0] for case in CASES} == {
        "request-body",
        "request-fields",
        "request-line",
        "responses",
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_error_texts_are_short_and_printable(case: Case) -> None:
    for build in wire_events.BUILDS:
        _, message = _run(build, case, [case.data])
        assert len(message) < 250
        assert message.replace("\n", " ").isprintable()
