"""Makes a release, or rehearses one: nothing is uploaded unless that is asked for.

    python -m tools.release             rehearse: build, check, install everywhere, smoke-test
    python -m tools.release --upload    the same from a clean, tagged commit; then twine upload

The wheels are built twice and have to be the same both times.  They are then installed from a
folder, together with what they require of others, in each combination that users install, and over
the aiohttp of before there was a family: docs/stability.md says what becomes of that.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.changelog import git
from tools.environments import PREDECESSOR, Environment, build_wheels
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


@dataclass(frozen=True)
class Fresh:
    """A new environment, as a user would make one."""

    path: Path

    @property
    def python(self) -> str:
        return str(self.path / ("Scripts" if os.name == "nt" else "bin") / "python")

    def succeeds(self, *arguments: str) -> bool:
        command = [self.python, *arguments]
        return subprocess.run(command, cwd=self.path, stdout=subprocess.DEVNULL).returncode == 0

    def installs(self, *requirements: str) -> bool:
        return self.succeeds("-m", "pip", "install", "--quiet", *requirements)

    def works(self, smoke: str) -> bool:
        """Say whether what is installed fits together, is of this release, and does something."""
        code = f"{LOCKSTEP}\n{smoke}"
        return self.succeeds("-m", "pip", "check", "--quiet") and self.succeeds(
            "-W", "error", "-c", code, release()
        )

    def complaint(self, code: str) -> str:
        """Return what code says in which something goes wrong; nothing, if nothing does."""
        command = [self.python, "-c", code]
        return subprocess.run(command, cwd=self.path, capture_output=True, text=True).stderr


@contextmanager
def fresh() -> Iterator[Fresh]:
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True, symlinks=os.name != "nt")
        yield Fresh(Path(folder))


def installs(house: Wheelhouse, combination: Combination) -> bool:
    """Install a combination into a new environment, as users do but from our files; try it."""
    with fresh() as environment:
        return environment.installs(*files(house, combination.requirements)) and environment.works(
            combination.smoke
        )


# --- Over an older aiohttp ------------------------------------------------------------------------


def replaces(house: Wheelhouse) -> bool:
    """Uninstall the predecessor, then install this release."""
    with fresh() as environment:
        return (
            environment.installs(PREDECESSOR)
            and environment.succeeds("-m", "pip", "uninstall", "--quiet", "--yes", "aiohttp")
            and environment.installs(*files(house, ["aiohttp"]))
            and environment.works(EVERYTHING)
        )


def repairs(house: Wheelhouse) -> bool:
    """Install this release over the predecessor; do as the first import says."""
    with fresh() as environment:
        ours = files(house, ["aiohttp"])
        if not (environment.installs(PREDECESSOR) and environment.installs(*ours)):
            return False
        command = repair_command(environment.complaint("import aiohttp"))
        # The command is for an index that has this release: here, the folder of the wheels.
        index = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(house.path)}
        return (
            bool(command)
            and subprocess.run([*command, "--quiet"], env=index).returncode == 0
            and environment.works(EVERYTHING)
        )


def repair_command(complaint: str) -> list[str]:
    """Return the words of the command that an incomplete installation tells its user to run."""
    told = (line for line in complaint.splitlines() if " -m pip install --force-reinstall" in line)
    return shlex.split(next(told, ""))


UPGRADES = {
    f"pip uninstall aiohttp; pip install aiohttp, after {PREDECESSOR}": replaces,
    f"pip install aiohttp over {PREDECESSOR}, and the repair that it asks for": repairs,
}


# --- All of it ------------------------------------------------------------------------------------


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
    for what, succeeds in UPGRADES.items():
        step(what)
        if not succeeds(house):
            wrong.append(f"{what}: does not install, or does not work")
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
