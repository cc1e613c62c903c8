"""Which wheels an installation of some distributions needs."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from tools.wheelhouse import Wheelhouse, files

REQUIRES = {
    "aiohttp-http": [],
    "aiohttp-client": ["aiohttp-http (==1.0)", "chardet (>=5.0)"],
    "aiohttp-web": ["aiohttp-http (==1.0)"],
    "aiohttp-testing": ["aiohttp-client (==1.0)", "aiohttp-web (==1.0)"],
    "aiohttp-gunicorn": ["aiohttp-web (==1.0)", "gunicorn"],
    "aiohttp": [
        "aiohttp-client (==1.0)",
        'aiohttp-gunicorn (==1.0) ; extra == "gunicorn"',
        'aiohttp-web[speedups] (==1.0) ; extra == "speedups"',
    ],
}


@pytest.fixture
def house(tmp_path: Path) -> Wheelhouse:
    for distribution, required in REQUIRES.items():
        name = distribution.replace("-", "_")
        with zipfile.ZipFile(tmp_path / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
            lines = "".join(f"Requires-Dist: {requirement}\n" for requirement in required)
            wheel.writestr(f"{name}-1.0.dist-info/METADATA", lines)
    return Wheelhouse(tmp_path)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (["aiohttp-http"], "http"),
        (["aiohttp-client"], "http client"),
        (["aiohttp-testing"], "http client web testing"),
        (["aiohttp"], "http client aiohttp"),
        (["aiohttp[gunicorn]"], "http client web gunicorn aiohttp"),
        (["aiohttp[speedups]"], "http client web aiohttp"),
        (["aiohttp-web", "aiohttp-client"], "http client web"),
    ],
)
def test_the_closure_is_what_the_wheels_declare(
    house: Wheelhouse, wanted: list[str], expected: str
) -> None:
    names = [
        wheel.name.partition("-")[0].replace("aiohttp_", "") for wheel in house.closure(wanted)
    ]
    assert names == expected.split()


def test_pip_is_given_files_with_the_extras_that_were_asked_for(house: Wheelhouse) -> None:
    given = [name.rpartition("/")[2] for name in files(house, ["aiohttp[gunicorn]"])]
    assert given[0] == "aiohttp_http-1.0-py3-none-any.whl"
    assert given[-1] == "aiohttp-1.0-py3-none-any.whl[gunicorn]"


def test_a_wheel_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"one file aiohttp_web-\*\.whl, and holds 0"):
        Wheelhouse(tmp_path).wheel("aiohttp-web")
