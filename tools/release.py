"""Makes a release, or rehearses one: nothing is uploaded unless that is asked for.

    python -m tools.release             rehearse: build, check, install everywhere, smoke-test
    python -m tools.release --upload    the same from a clean, tagged commit; then twine upload

The wheels are built twice and have to be the same both times.  They are then installed from a
folder, together with what they require of others, in each combination that users install.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.changelog import git
from tools.environments import Environment, build_wheels
from tools.finding import report
from tools.tree import DISTRIBUTIONS, ROOT, release
from tools.versions import findings as version_findings
from tools.versions import wheel_findings
from tools.wheelhouse import Variant, Wheelhouse, build_one, files

CLIENT = "import aiohttp; aiohttp.ClientSession; aiohttp.CookieJar"
SERVER = "from aiohttp import web; web.Application(); web.run_app"
TESTING = "from aiohttp.test_utils import TestClient, TestServer"
WORKER = "import aiohttp; aiohttp.GunicornWebWorker"
EVERYTHING = "; ".join((CLIENT, SERVER, TESTING))

NO_CLIENT = """
try:
    aiohttp.ClientSession
except ModuleNotFoundError as error:
    assert "pip install aiohttp-client" in str(error), error
else:
    raise SystemExit("the client is there, and nothing here requires it")
"""

NO_SERVER = """
try:
    from aiohttp import web
except ModuleNotFoundError as error:
    assert "pip install aiohttp-web" in str(error), error
else:
    raise SystemExit("the server is there, and nothing here requires it")
"""

# Whatever of ours is installed has to be of one release, and of this one.
LOCKSTEP = """
import importlib.metadata, sys, aiohttp
for distribution in importlib.metadata.distributions():
    if distribution.name.partition("-")[0] == "aiohttp":
        assert distribution.version == sys.argv[1], (distribution.name, distribution.version)
assert aiohttp.__version__ == sys.argv[1], aiohttp.__version__
"""


@dataclass(frozen=True)
class Combination:
    """What users install together, and what they do with it first."""

    requirements: tuple[str, ...]
    smoke: str


COMBINATIONS = (
    Combination(("aiohttp-client",), f"{CLIENT}\n{NO_SERVER}"),
    Combination(("aiohttp-client[speedups]",), f"{CLIENT}; import aiodns, brotli"),
    Combination(("aiohttp-web",), f"import aiohttp; {SERVER}\n{NO_CLIENT}"),
    Combination(("aiohttp-web[speedups]",), f"{SERVER}; import brotli"),
    Combination(("aiohttp-testing",), EVERYTHING),
    Combination(("aiohttp-testing[pytest]",), f"{EVERYTHING}; import aiohttp.pytest_plugin"),
    Combination(("aiohttp-gunicorn",), f"{SERVER}; {WORKER}\n{NO_CLIENT}"),
    Combination(("aiohttp",), EVERYTHING),
    Combination(("aiohttp[gunicorn]",), f"{EVERYTHING}; {WORKER}"),
    Combination(("aiohttp[speedups]",), f"{EVERYTHING}; import aiodns, brotli"),
    Combination(("aiohttp-client", "aiohttp-web"), f"{CLIENT}; {SERVER}"),
)


def step(what: str) -> None:
    print(f"* {what}", flush=True)


def everything(house: Wheelhouse) -> list[Path]:
    return [*house.wheels, *(house.sdist(name) for name in DISTRIBUTIONS)]


def reproducible(house: Wheelhouse, python: Path) -> Iterator[str]:
    """Yield the files that come out otherwise when they are built once more."""
    with tempfile.TemporaryDirectory() as folder:
        again = Wheelhouse(Path(folder))
        for distribution in DISTRIBUTIONS:
            build_one(python, distribution, again.path, Variant.COMPILED)
            pairs = (
                (house.wheel(distribution), again.wheel(distribution)),
                (house.sdist(distribution), again.sdist(distribution)),
            )
            yield from (a.name for a, b in pairs if a.read_bytes() != b.read_bytes())


def installs(house: Wheelhouse, combination: Combination) -> bool:
    """Install a combination into a new environment, as users do but from our files; try it."""
    with tempfile.TemporaryDirectory() as folder:
        environment = Path(folder)
        venv.create(environment, with_pip=True, symlinks=os.name != "nt")
        python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
        wanted = ["-m", "pip", "install", "--quiet", *files(house, combination.requirements)]
        code = f"{LOCKSTEP}\n{combination.smoke}"
        commands = (
            wanted,
            ["-m", "pip", "check", "--quiet"],
            ["-W", "error", "-c", code, release()],
        )
        quiet = subprocess.DEVNULL
        runs = (subprocess.run([str(python), *c], cwd=folder, stdout=quiet) for c in commands)
        return all(run.returncode == 0 for run in runs)


def rehearse() -> list[str]:
    """Do everything but the upload; return what is wrong."""
    wrong = []
    environment = Environment("release").make()
    step(f"building aiohttp {release()}")
    house = build_wheels()
    step("one release everywhere")
    if report([*version_findings(), *wheel_findings(house.path)], "versions"):
        wrong.append("the versions differ")
    step("metadata")
    if environment.run("-m", "twine", "check", "--strict", *map(str, everything(house))):
        wrong.append("twine check refuses the metadata")
    step("the same once more")
    wrong += [
        f"{name} differs when it is built again" for name in reproducible(house, environment.python)
    ]
    for combination in COMBINATIONS:
        names = " ".join(combination.requirements)
        step(f"pip install {names}")
        if not installs(house, combination):
            wrong.append(f"pip install {names}: does not install, or does not work")
    return wrong


def not_ready() -> Iterator[str]:
    """Yield what stands against an upload of this commit."""
    if git("status", "--porcelain"):
        yield "the tree has changes that are not committed"
    if git("describe", "--tags", "--exact-match") != f"v{release()}":
        yield f"this commit is not tagged v{release()}"
    if not (ROOT / "tools" / "api" / f"aiohttp-{release()}.json").is_file():
        yield f"the interface of {release()} is not recorded: make record"
    if f"## {release()} " not in (ROOT / "CHANGES.md").read_text("utf-8"):
        yield f"CHANGES.md has no section for {release()}: towncrier build"


def upload() -> int:
    """Collect the files of this interpreter's build and give them to twine."""
    house = build_wheels()
    target = ROOT / "dist" / release()
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for path in everything(house):
        shutil.copy2(path, target)
    python = Environment("release").make()
    return python.run("-m", "twine", "upload", *(str(p) for p in sorted(target.iterdir())))


def main() -> int:
    parser = argparse.ArgumentParser(description="rehearse a release, or make one")
    parser.add_argument("--upload", action="store_true", help="after that, upload with twine")
    options = parser.parse_args()
    wrong = [*rehearse(), *(not_ready() if options.upload else ())]
    for sentence in wrong:
        print(f"WRONG: {sentence}")
    if wrong:
        return 1
    print(f"aiohttp {release()} can be released")
    return upload() if options.upload else 0


if __name__ == "__main__":
    sys.exit(main())
