"""The tree of links."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.merged import merge


def test_the_links_lead_to_the_sources(family: Path) -> None:
    merged = merge(family)

    assert (merged / "aiohttp/client.py").read_text().startswith("__all__")
    assert (merged / "aiohttp/_web/__init__.py").is_symlink()


def test_it_is_made_anew(family: Path) -> None:
    merge(family)
    (family / "packages/aiohttp-client/src/aiohttp/client.py").unlink()

    assert not (merge(family) / "aiohttp/client.py").is_symlink()


def test_a_file_of_two_distributions_is_an_error(family: Path) -> None:
    (family / "packages/aiohttp-web/src/aiohttp/client.py").write_text("")

    with pytest.raises(FileExistsError, match=r"client\.py is shipped by another distribution"):
        merge(family)
