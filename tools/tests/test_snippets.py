"""The blocks of a page, found and run."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from tools.snippets import Namespace, Snippet, block, run, sections, snippets

PAGE = """\
# Title

```python
first = 1
```

## One

```python
import asyncio

await asyncio.sleep(0)
seen.append("await")
```

    ```python
    indented code is no fence
    ```

```python
async def numbers():
    yield 1

seen.extend([number async for number in numbers()])
```

### Below One

```nginx
listen 80;
```

## Two `x`

```python
# part.py
value = 42
```

```python
import asyncio
import part

async def main():
    seen.append(part.value)

asyncio.run(main())
```
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.md"
    path.write_text(PAGE, "utf-8")
    return path


async def nothing(snippet: Snippet, names: Namespace) -> None:
    pass


def test_blocks_are_found_with_their_lines(page: Path) -> None:
    found = [(s.section, s.language, s.line, s.file_name) for s in snippets(page)]
    assert found == [
        ("", "python", 4, None),
        ("One", "python", 10, None),
        ("One", "python", 21, None),
        ("One", "nginx", 30, None),
        ("Two `x`", "python", 36, "part.py"),
        ("Two `x`", "python", 41, None),
    ]
    lines = PAGE.splitlines()
    for snippet in snippets(page):
        assert lines[snippet.line - 1] == snippet.text.splitlines()[0]


def test_sections_are_of_python(page: Path) -> None:
    assert {name: len(found) for name, found in sections(page).items()} == {
        "": 1,
        "One": 2,
        "Two `x`": 2,
    }


def test_one_block(page: Path) -> None:
    assert block(page, "nginx") == "listen 80;\n"
    with pytest.raises(LookupError, match=r"page\.md: expected one block of python with ''; got 5"):
        block(page, "python")
    with pytest.raises(LookupError, match="got 0"):
        block(page, "nginx", "443")


async def test_blocks_share_names_and_may_await(page: Path, tmp_path: Path) -> None:
    names: Namespace = {"seen": []}
    await run(sections(page)["One"], names, tmp_path, nothing)
    assert names["seen"] == ["await", 1]


async def test_files_and_programs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    names: Namespace = {"seen": []}
    await run(sections(page)["Two `x`"], names, tmp_path, nothing)
    assert names["seen"] == [42]


async def test_before_each_block(page: Path, tmp_path: Path) -> None:
    async def promise(snippet: Snippet, names: Namespace) -> None:
        if snippet.mentions("seen"):
            names.setdefault("seen", [])

    names: Namespace = {}
    await run(sections(page)["One"], names, tmp_path, promise)
    assert names["seen"] == ["await", 1]


async def test_errors_point_into_the_page(tmp_path: Path) -> None:
    page = tmp_path / "wrong.md"
    page.write_text("## Wrong\n\n```python\nfine = 1\n1 / 0\n```\n", "utf-8")
    with pytest.raises(ZeroDivisionError) as caught:
        await run(sections(page)["Wrong"], {}, tmp_path, nothing)
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (last.filename, last.lineno) == (str(page), 5)


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("await client.get('/')", True),
        ("f(client)", True),
        ("app.client.get()", False),
        ("f(client=1)", False),
        ("'client'", False),
        ("clients", False),
    ],
)
def test_mentions(text: str, mentioned: bool) -> None:
    assert Snippet(Path("page.md"), "", "python", 1, text).mentions("client") is mentioned
