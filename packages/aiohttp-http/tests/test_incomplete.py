"""What ``import aiohttp`` says where an installer has removed files of ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

MODULE = Path(__file__).parents[1] / "aiohttp.py"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a folder with two distributions installed, as pip does it."""
    (tmp_path / "aiohttp.py").write_bytes(MODULE.read_bytes())
    files = {"aiohttp-http": ["__init__", "hdrs"], "aiohttp-client": ["client/__init__", "tracing"]}
    for name, modules in files.items():
        for module in modules:
            path = tmp_path / "aiohttp" / f"{module}.py"
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_text("")
        info = tmp_path / f"{name.replace('-', '_')}-9.8.7.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 9.8.7\n")
        (info / "RECORD").write_text("".join(f"aiohttp/{m}.py,,\n" for m in modules))
    return tmp_path


def importing(*path: Path) -> subprocess.CompletedProcess[str]:
    """Import aiohttp where nothing is on the path but the standard library and these folders."""
    code = "import sys; sys.path[:0] = sys.argv[1:]; import aiohttp; print(aiohttp.__file__)"
    command = [sys.executable, "-I", "-S", "-c", code, *map(str, path)]
    return subprocess.run(command, capture_output=True, text=True)


def test_a_whole_package_goes_before_it(site: Path) -> None:
    assert importing(site).stdout.strip() == str(site / "aiohttp" / "__init__.py")


def test_what_is_missing_is_told_and_what_to_do(site: Path) -> None:
    for name in ("__init__", "hdrs", "tracing"):
        (site / "aiohttp" / f"{name}.py").unlink()
    done = importing(site)
    assert "ImportError: aiohttp is installed incompletely" in done.stderr
    assert "of aiohttp-client 9.8.7, aiohttp-http 9.8.7, 3 files are missing" in done.stderr
    command = "-m pip install --force-reinstall --no-deps aiohttp-client==9.8.7 aiohttp-http==9.8.7"
    assert f"{sys.executable} {command}\n" in done.stderr


def test_distributions_that_are_whole_are_not_named(site: Path) -> None:
    (site / "aiohttp" / "__init__.py").unlink()
    done = importing(site)
    assert "--no-deps aiohttp-http==9.8.7\n" in done.stderr
    assert "aiohttp-client" not in done.stderr


def test_it_makes_way_for_a_package_further_on(site: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    clone.mkdir()
    (clone / "aiohttp.py").write_bytes(MODULE.read_bytes())
    assert importing(clone, site).stdout.strip() == str(site / "aiohttp" / "__init__.py")
