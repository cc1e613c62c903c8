"""A small made-up family of distributions, for the tools that read a whole tree."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.tree import DISTRIBUTIONS
from tools.versions import MARKERS

INIT = """\
from typing import TYPE_CHECKING

__version__ = "1.2.3"

_HOMES = {"Session": "client", "Stream": "streams"}
_BORROWED = {"Signal": "aiosignal"}
_DOORS = {"client": "aiohttp-client", "hdrs": "aiohttp-http", "streams": "aiohttp-http"}

if TYPE_CHECKING:
    from aiosignal import Signal as Signal

    from aiohttp import hdrs as hdrs
    from aiohttp.client import Session as Session
    from aiohttp.streams import Stream as Stream

    __all__ = ("Session", "Signal", "Stream", "hdrs")
"""

REQUIRES = {
    "aiohttp-client": '"aiohttp-http==1.2.3", "chardet>=5.0"',
    "aiohttp-web": '"aiohttp-http==1.2.3"',
    "aiohttp-testing": '"aiohttp-client==1.2.3", "aiohttp-web==1.2.3"',
    "aiohttp-gunicorn": '"aiohttp-web==1.2.3"',
    "aiohttp": '"aiohttp-client==1.2.3", "aiohttp-web==1.2.3"',
}

SOURCES = {
    "aiohttp-http/src/aiohttp/hdrs.py": 'HOST = "Host"\n',
    "aiohttp-http/src/aiohttp/streams.py": "class Stream:\n    pass\n",
    "aiohttp-client/src/aiohttp/client.py": '__all__ = ("Session",)\n\nclass Session:\n    pass\n',
}


@pytest.fixture
def family(tmp_path: Path) -> Path:
    """Return a tree of all distributions, release 1.2.3, in which every check is content."""
    (tmp_path / "VERSION").write_text("1.2.3\n")
    (tmp_path / "LICENSE").write_text("Do as you please.\n")
    for distribution in DISTRIBUTIONS:
        folder = tmp_path / "packages" / distribution
        folder.mkdir(parents=True)
        (folder / "LICENSE").write_text("Do as you please.\n")
        (folder / "pyproject.toml").write_text(
            f'[project]\nname = "{distribution}"\nversion = "1.2.3"\n'
            f"dependencies = [{REQUIRES.get(distribution, '')}]\n"
            f'[project.optional-dependencies]\nfast = ["aiohttp-http[fast]==1.2.3"]\n'
        )
        if distribution in MARKERS:
            marker = folder / "src" / "aiohttp" / MARKERS[distribution]
            marker.parent.mkdir(parents=True, exist_ok=True)
            marker.write_text('__version__ = "1.2.3"\n')
    (tmp_path / "packages/aiohttp-http/src/aiohttp/__init__.py").write_text(INIT)
    for path, source in SOURCES.items():
        (tmp_path / "packages" / path).write_text(source)
    return tmp_path
