"""The code on a page of the documentation, as something that runs.

A page is Markdown.  What is run are its fenced blocks of ``python``, by this convention:

* The blocks under a heading of the second level are one *section*.  They run from top to bottom
  and share their names; each section begins afresh, in a loop and an empty folder of its own.
* ``await``, ``async with`` and ``async for`` may stand at the top of a block.
* A block with ``asyncio.run(...)`` is a program: it runs in a thread, which has no event loop yet.
* After ``web.run_app(app)``, and where a section has made an ``app``, ``client`` is a
  ``ClientSession`` whose base URL is that application (`tools.snippets` is told how by the test).
* A block whose first line is ``# name.ext`` is a file of that name in the section's folder, which
  other blocks may import.  What is called ``test_*.py`` is for pytest.
* A page may promise more names; its introduction says which.

Knows Markdown and how to run code; does not know aiohttp.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

from markdown_it import MarkdownIt

Namespace = dict[str, Any]

# The first line of a block that is a file: "# hello.py".
_FILE_NAME = re.compile(r"# ([\w./-]+\.\w+)\n")


@dataclass(frozen=True)
class Snippet:
    """A fenced block."""

    page: Path
    section: str  # the heading of the second level above it; "" before the first
    language: str  # the first word behind the fence
    line: int  # of its first line of code, counted from 1
    text: str

    @property
    def file_name(self) -> str | None:
        """What the block's first line calls it, if it is a file."""
        match = _FILE_NAME.match(self.text)
        return match[1] if match else None

    @property
    def is_program(self) -> bool:
        """Whether it starts an event loop of its own."""
        return "asyncio.run(" in self.text

    def mentions(self, name: str) -> bool:
        """Whether the name stands in the code."""
        return re.search(rf"(?<![\w.\"']){name}\b(?!=)", self.text) is not None

    def compile(self) -> CodeType:
        """Return its code; tracebacks point into the page."""
        source = "\n" * (self.line - 1) + self.text
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        code: CodeType = compile(source, str(self.page), "exec", flags, dont_inherit=True)
        return code


def snippets(page: Path) -> Iterator[Snippet]:
    """Yield the fenced blocks of a page, in order."""
    section, heading = "", False
    for token in MarkdownIt().parse(page.read_text("utf-8")):
        if token.type == "heading_open":
            heading = token.tag == "h2"
        elif token.type == "inline" and heading:
            section, heading = token.content, False
        elif token.type == "fence" and token.map is not None:
            language = token.info.partition(" ")[0]
            yield Snippet(page, section, language, token.map[0] + 2, token.content)


def sections(page: Path) -> dict[str, list[Snippet]]:
    """Return the Python of a page by its headings; headings without any are left out."""
    found: dict[str, list[Snippet]] = {}
    for snippet in snippets(page):
        if snippet.language == "python":
            found.setdefault(snippet.section, []).append(snippet)
    return found


def block(page: Path, language: str, containing: str = "") -> str:
    """Return the one block in a language that contains a text: a configuration under test.

    Raises:
        LookupError: there is none, or more than one.
    """
    found = [s.text for s in snippets(page) if s.language == language and containing in s.text]
    if len(found) != 1:
        raise LookupError(
            f"{page.name}: expected one block of {language} with {containing!r}; got {len(found)}"
        )
    return found[0]


async def run(
    section: list[Snippet],
    names: Namespace,
    folder: Path,
    before: Callable[[Snippet, Namespace], Awaitable[None]],
) -> None:
    """Run the blocks of a section.

    Args:
        names: what the page promises; the names that blocks define are added.
        folder: where blocks that are files are written.
        before: awaited before each block that runs: it may add names.
    """
    names.setdefault("__name__", "snippet")
    for snippet in section:
        if snippet.file_name is not None:
            (folder / snippet.file_name).write_text(snippet.text, "utf-8")
            continue
        await before(snippet, names)
        if snippet.is_program:
            await asyncio.to_thread(exec, snippet.compile(), names)
            continue
        code = snippet.compile()
        result = eval(code, names)
        if code.co_flags & inspect.CO_COROUTINE:
            await result
