"""Each of the four places where a public name is told, out of step with the others."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.exports import findings

INIT = "aiohttp-http/src/aiohttp/__init__.py"


def test_a_tree_in_step_is_silent(family: Path) -> None:
    assert not list(findings(family))


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        (INIT, ', "Stream": "streams"', "", "Stream is in the typed twin and not in the table"),
        (INIT, ', "Stream", "hdrs")', ', "hdrs")', "Stream is in the table and not in __all__"),
        (INIT, '"Stream", "hdrs")', '"Stream", "Stream", "hdrs")', "__all__ names something twice"),
        (
            INIT,
            "    from aiohttp.streams import Stream as Stream\n",
            "",
            "Stream is in the table and not in the typed twin",
        ),
        (
            INIT,
            "from aiohttp.streams import",
            "from aiohttp.client import",
            "Stream is of aiohttp.streams in the table and of aiohttp.client in the typed twin",
        ),
        (INIT, '"Session": "client"', '"Session": "cliant"', "there is no such module"),
        (
            "aiohttp-http/src/aiohttp/streams.py",
            "class Stream:",
            "class Brook:",
            "Stream should be in aiohttp.streams, which does not define it",
        ),
        (
            "aiohttp-http/src/aiohttp/streams.py",
            "class Stream:\n    pass",
            "from aiohttp.hdrs import HOST as Stream",
            "Stream should be in aiohttp.streams, which does not define it",
        ),
        (INIT, '"client": "aiohttp-client", ', "", "the table of doors says client is of None"),
        (
            INIT,
            '"streams": "aiohttp-http"',
            '"streams": "aiohttp-web"',
            "the table of doors says streams is of aiohttp-web, and it is of aiohttp-http",
        ),
        (
            "aiohttp-client/src/aiohttp/client.py",
            '("Session",)',
            '("Session", "Ghost")',
            "__all__ names Ghost, which is not there",
        ),
    ],
)
def test_a_place_out_of_step_is_named(
    family: Path, path: str, old: str, new: str, expected: str
) -> None:
    file = family / "packages" / path
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))

    sentences = [finding.sentence for finding in findings(family)]

    assert any(expected in sentence for sentence in sentences), sentences


def test_a_door_may_have_a_name_from_a_room(family: Path) -> None:
    streams = family / "packages/aiohttp-http/src/aiohttp/streams.py"
    streams.write_text("from aiohttp._brook import Stream\n")

    assert not list(findings(family))


def test_a_package_defines_what_its_own_modules_give_it(family: Path) -> None:
    streams = family / "packages/aiohttp-http/src/aiohttp/streams.py"
    streams.unlink()
    package = streams.with_suffix("")
    package.mkdir()
    (package / "__init__.py").write_text("from .brook import Stream\n")
    (package / "brook.py").write_text("class Stream:\n    pass\n")

    assert not list(findings(family))


def test_a_door_may_show_a_name_of_another_project(family: Path) -> None:
    streams = family / "packages" / "aiohttp-http" / "src" / "aiohttp" / "streams.py"
    streams.write_text("from brooks import Stream\n")
    assert [f.sentence for f in findings(family)] == [
        "Stream should be in aiohttp.streams, which does not define it"
    ]
    streams.write_text('from brooks import Stream\n\n__all__ = ("Stream",)\n')
    assert not list(findings(family))
