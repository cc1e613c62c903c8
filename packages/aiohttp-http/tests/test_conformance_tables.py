"""The tables of docs/conformance*.md: each test that they name is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
DOCS = ROOT / "docs"

# The tables are of the repository; an unpacked sdist of this distribution has none.
pytestmark = pytest.mark.skipif(not DOCS.is_dir(), reason="needs the repository's docs/")

# What the page about WebSocket calls the files of tests.
SHORT_NAMES = {
    "frames": "test_websocket_frames",
    "masking": "test_websocket_masking",
    "handshake": "test_websocket_handshake",
    "writer": "test_websocket_writer",
    "session": "test_websocket_session",
    "queue": "test_websocket_message_queue",
    "heartbeat": "test_websocket_heartbeat",
    "server": "test_web_ws",
    "server handshake": "test_ws_handshake",
    "client": "test_client_ws",
}


class Row(NamedTuple):
    where: str
    proof: str


def _rows(page: str) -> Iterator[Row]:
    if not DOCS.is_dir():
        return
    for number, line in enumerate((DOCS / page).read_text("utf-8").splitlines(), 1):
        cells = line.strip().strip("|").split(" | ")
        if line.startswith("|") and len(cells) == 3 and cells[0].strip() not in ("§", "---"):
            yield Row(f"{page}:{number}", cells[2].strip())


def _tests_of(stem: str) -> str:
    """The source of the test modules of that name, in whatever distribution."""
    return "".join(path.read_text("utf-8") for path in ROOT.glob(f"packages/*/tests/{stem}.py"))


def _has_test(stem: str, name: str) -> bool:
    return re.search(rf"^(?:async )?def {name}\(", _tests_of(stem), re.MULTILINE) is not None


def _plain(title: str) -> str:
    """A title without what stands in parentheses."""
    return re.sub(r" \([^)]*\)", "", title.strip())


def _titles(page: str) -> set[str]:
    found = re.findall(r"^## (.*)$", (HERE / "corpus" / f"{page}.md").read_text("utf-8"), re.M)
    return {_plain(title) for title in found}


def _wrong_http(proof: str) -> Iterator[str]:
    """What is named in a cell of conformance.md, and is not there.

    A cell is a list, split by semicolons: ``page: title``, a further title of the same page (each
    whole, or its first words), ``test_module`` or ``test_module::test_function``.
    """
    titles: set[str] = set()
    for item in proof.split("; "):
        page, colon, title = item.partition(": ")
        if colon and (HERE / "corpus" / f"{page}.md").is_file():
            titles, item = _titles(page), title
        item = _plain(item)
        module, _, function = item.partition("::")
        if module.startswith("test_"):
            there = bool(_tests_of(module)) and (not function or _has_test(module, function))
        else:
            there = any(re.match(rf"{re.escape(item)}(?!\w)", title) for title in titles)
        if not there:
            yield item


@pytest.mark.parametrize("row", list(_rows("conformance.md")), ids=lambda row: row.where)
def test_http(row: Row) -> None:
    assert row.proof
    assert not list(_wrong_http(row.proof))


# A file, a test in it, or a case of *frames*: its title in quotes, or the number it begins with.
_NAMED = (
    r"(?<!\*)\*([a-z ]+)\*(?!\*)|`(test_\w+)\.py`|`(test_\w+)`"
    r"|\"([^\"]+)\"|(?<= |\*)([1-9](?:\.\d+)*)(?=[,;]|\Z| *$)"
)


@pytest.mark.parametrize("row", list(_rows("conformance-websocket.md")), ids=lambda row: row.where)
def test_websocket(row: Row) -> None:
    # Tests follow the name of their file; some rows say "the same" as the one above.
    assert row.proof
    stem = SHORT_NAMES["frames"]
    for name, module, test, case, number in re.findall(
        _NAMED,
        row.proof,
    ):
        if name or module:
            stem = SHORT_NAMES[name] if name else module
            assert _tests_of(stem), stem
        elif test:
            assert _has_test(stem, test), (stem, test)
        else:
            assert _has_case(case or number), case or number


def _has_case(title: str) -> bool:
    """Whether a case of frames begins so; ``…`` stands for the rest of its title."""
    start = re.escape(title.removesuffix("…").strip())
    return re.search(rf'Case\(\s*f?"{start}', _tests_of(SHORT_NAMES["frames"])) is not None


def test_there_are_tables() -> None:
    assert len(list(_rows("conformance.md"))) >= 120
    assert len(list(_rows("conformance-websocket.md"))) >= 50
