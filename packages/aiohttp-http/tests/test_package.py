"""The front door: names are found when asked for, and missing distributions explain themselves.

Each test runs in an interpreter of its own: what is imported, and from where, is the subject.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import aiohttp

HOME = Path(aiohttp.__file__).parent


def run(code: str, *paths: Path) -> str:
    """Run code in a fresh interpreter, with ``paths`` before all others; return what it prints."""
    lines = [f"import sys; sys.path[:0] = {[str(path) for path in paths]!r}", code]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(lines)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def wire_alone(tmp_path: Path) -> Path:
    """Lay out what ``pip install aiohttp-http`` alone gives."""
    package = tmp_path / "alone" / "aiohttp"
    package.mkdir(parents=True)
    rooms = ("_fields", "_h1", "_websocket", "payload", "_multipart")
    for entry in HOME.iterdir():
        foreign = entry.is_dir() and entry.name not in rooms
        if foreign or entry.name in ("client.py", "web.py", "worker.py", "test_utils.py"):
            continue
        (package / entry.name).symlink_to(entry)
    return package.parent


def test_import_is_light() -> None:
    loaded = json.loads(run("import aiohttp, json; print(json.dumps(sorted(sys.modules)))"))
    heavy = {"ssl", "asyncio", "socket", "aiodns", "aiohttp.client", "aiohttp.web"}
    assert not heavy & set(loaded)


def test_a_name_is_found_once() -> None:
    code = "import aiohttp; a = aiohttp.BasicAuth; print(a is vars(aiohttp)['BasicAuth'])"
    assert run(code) == "True"


def test_unknown_name() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'ClientSesion'"):
        aiohttp.ClientSesion  # type: ignore[attr-defined]  # noqa: B018


def test_submodules_are_names() -> None:
    assert aiohttp.hdrs.HOST == "Host"
    assert aiohttp.http_exceptions.BadHttpMessage.code == 400


def test_dir_and_all_agree() -> None:
    assert set(aiohttp.__all__) <= set(dir(aiohttp))
    for name in aiohttp.__all__:
        assert getattr(aiohttp, name) is not None


@pytest.mark.parametrize(
    ("statement", "distribution"),
    [
        ("aiohttp.ClientSession", "aiohttp-client"),
        ("from aiohttp import ClientSession", "aiohttp-client"),
        ("from aiohttp import web", "aiohttp-web"),
        ("aiohttp.web", "aiohttp-web"),
        ("from aiohttp import test_utils", "aiohttp-testing"),
        ("aiohttp.GunicornWebWorker", "aiohttp-gunicorn"),
    ],
)
def test_a_missing_distribution_says_what_to_install(
    tmp_path: Path, statement: str, distribution: str
) -> None:
    code = f"""
sys.path_importer_cache.clear()
import aiohttp
aiohttp.__path__[:] = aiohttp.__path__[:1]
try:
    {statement}
except ModuleNotFoundError as error:
    print(error)
"""
    answer = run(code, wire_alone(tmp_path))
    assert answer.endswith(
        f"is part of {distribution}, which is not installed: pip install {distribution}"
    )


def test_all_names_only_what_is_installed(tmp_path: Path) -> None:
    code = """
import aiohttp
aiohttp.__path__[:] = aiohttp.__path__[:1]
print('ClientSession' in aiohttp.__all__, 'BasicAuth' in aiohttp.__all__, 'web' in dir(aiohttp))
"""
    assert run(code, wire_alone(tmp_path)) == "False True False"


@pytest.mark.parametrize("statement", ["aiohttp.ClientSession", "import aiohttp._client"])
def test_mixed_releases_are_refused(tmp_path: Path, statement: str) -> None:
    alone = wire_alone(tmp_path)
    room = alone / "aiohttp" / "_client"
    room.mkdir()
    (room / "__init__.py").write_text(
        "from aiohttp._releases import require_one_release\n"
        '__version__ = "3.14.9"\n'
        'require_one_release("aiohttp-client", __version__)\n'
    )
    code = f"""
import aiohttp
aiohttp.__path__[:] = aiohttp.__path__[:1]
try:
    {statement}
except ImportError as error:
    print(error)
"""
    answer = run(code, alone)
    assert "aiohttp-client 3.14.9 is installed beside aiohttp-http" in answer
    assert answer.endswith(f"pip install aiohttp-client=={aiohttp.__version__}")
