"""Virtual environments under ``.venv/``, made when they are asked for and kept while they fit.

    python -m tools.environments test [--pure] [pytest arguments]   build, install, run all tests
    python -m tools.environments run                                serve the demo
    python -m tools.environments scrape [URL]                       crawl it with the client alone
    python -m tools.environments check PROGRAM [arguments]          run a check on the sources
    python -m tools.environments wheels [--pure]                    build all, print their files
    python -m tools.environments install [--pure] NAME...           install into this environment
    python -m tools.environments pytest [arguments]                 run tests in this environment
    python -m tools.environments tox [arguments]                    run tox
    python -m tools.environments bench [arguments]                  ours and aiohttp 3.14 in turn

This is where a fresh clone starts: the standard library of a bare Python has to be enough.  What
an environment holds is named by dependency groups in ``pyproject.toml``; how a wheel is built is
the business of ``tools.wheelhouse``.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from tools import wheelhouse
from tools.tree import DISTRIBUTIONS, ROOT, requirements, shown, source_roots
from tools.wheelhouse import INTERPRETER, Variant, Wheelhouse

HOME = ROOT / ".venv"

# Environments by name -> the dependency groups in them.
GROUPS = {
    "build": ("build",),
    "test": ("test",),
    "run": ("demo",),
    "scrape": ("scraper",),
    "check": ("check", "test"),
    "docs": ("docs",),
    "tox": ("tox",),
    "bench": ("bench",),
    "bench-starlette": ("bench-starlette",),
    "bench-blacksheep": ("bench-blacksheep",),
    "bench-sanic": ("bench-sanic",),
    "bench-httpx": ("bench-httpx",),
    "bench-niquests": ("bench-niquests",),
    "release": ("build", "release"),
}

# Where `run` serves.
DEMO = "http://127.0.0.1:8080"

# What the benchmarks compare with, and what the interface of this tree started from.
PREDECESSOR = "aiohttp==3.14.5"

# What it is measured against, each in an environment of its own: they pin what they need.
SERVERS = ("starlette", "blacksheep", "sanic")
CLIENTS = ("httpx", "niquests")
RIVALS = (*SERVERS, *CLIENTS)

NO_PIP = """\
{python} cannot make an environment with pip in it: its module 'ensurepip' is missing.
On Debian and Ubuntu that is a package of its own: apt-get install python3-venv
Another interpreter can be named: make PYTHON=python3.12 ...
"""


class Environment:
    """One virtual environment, and its interpreter."""

    def __init__(self, name: str, variant: str = "") -> None:
        self.groups = GROUPS[name]
        self.path = HOME / f"{name}-{INTERPRETER}{variant}"
        self.python = self.path / ("Scripts" if os.name == "nt" else "bin") / "python"

    def make(self, *requirements: str) -> Environment:
        """Create the environment, unless one made of the same things is there."""
        stamp = self.path / "made-of"
        made_of = [dependency_groups(), sys.version, sys.base_prefix, *requirements]
        seed = hashlib.sha256("\n".join(made_of).encode())
        if stamp.is_file() and stamp.read_text("utf-8") == seed.hexdigest():
            return self
        if importlib.util.find_spec("ensurepip") is None:
            sys.exit(NO_PIP.format(python=sys.executable))
        print(f"making the environment {self.path.relative_to(ROOT)}", file=sys.stderr)
        shutil.rmtree(self.path, ignore_errors=True)
        venv.create(self.path, with_pip=True, symlinks=os.name != "nt")
        # Dependency groups (PEP 735) are read by pip since 25.1.
        self.pip("install", "--upgrade", "pip>=25.1")
        self.pip("install", *(w for g in self.groups for w in ("--group", g)), *requirements)
        stamp.write_text(seed.hexdigest(), "utf-8")
        return self

    def install_wheels(self, wheels: Sequence[Path]) -> Environment:
        """Install exactly these wheels; whatever of ours was there before goes."""
        stamp = self.path / "wheels"
        digests = "".join(hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels)
        if stamp.is_file() and stamp.read_text("utf-8") == digests:
            return self
        # A wheel of a release that is installed already would be left alone by pip.
        if stamp.is_file():
            stamp.unlink()
            self.pip("uninstall", "--yes", *DISTRIBUTIONS)
        self.pip("install", *map(str, wheels))
        stamp.write_text(digests, "utf-8")
        return self

    def add_sources(self) -> Environment:
        """Put the source roots on the path, as editable installs do."""
        ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
        command = [str(self.python), "-c", ask]
        purelib = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        lines = "".join(f"{path}\n" for path in source_roots())
        (Path(purelib.strip()) / "aiohttp-sources.pth").write_text(lines, "utf-8")
        return self

    def pip(self, command: str, *arguments: str) -> None:
        if status := self.run("-m", "pip", command, "--quiet", *arguments):
            sys.exit(status)

    def run(self, *arguments: str, cwd: Path = ROOT, **environ: str) -> int:
        """Run this environment's Python; return its exit status."""
        command = [str(self.python), *arguments]
        return subprocess.run(command, cwd=cwd, env={**os.environ, **environ}).returncode


def dependency_groups() -> str:
    """Return the text of the groups: a bare Python 3.10 cannot read TOML."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    _, _, rest = text.partition("\n[dependency-groups]\n")
    return rest.partition("\n[")[0]


def build_wheels(variant: Variant = Variant.COMPILED) -> Wheelhouse:
    """Build the wheels for this interpreter in an environment of their own."""
    return wheelhouse.build(Environment("build").make().python, variant)


def variant_of(arguments: Sequence[str]) -> tuple[Variant, list[str]]:
    """Take ``--pure`` from among the arguments."""
    pure = "--pure" in arguments
    rest = [a for a in arguments if a != "--pure"]
    return (Variant.PURE if pure else Variant.COMPILED), rest


def test(*arguments: str) -> int:
    """Run the tests against installed wheels, from a folder in which no source is near."""
    variant, rest = variant_of(arguments)
    environment = Environment("test", variant.value).make()
    environment.install_wheels(build_wheels(variant).wheels)
    return run_pytest(environment.python, rest, variant.environ)


def asan(*arguments: str) -> int:
    """Run the tests of the wire on extensions that notice every wrong access to memory."""
    variant = Variant.SANITIZED
    environment = Environment("test", variant.value).make()
    environment.install_wheels(build_wheels(variant).wheels)
    library = subprocess.check_output(["cc", "-print-file-name=libasan.so"], text=True).strip()
    environ = {
        "LD_PRELOAD": library,
        "ASAN_OPTIONS": "detect_leaks=0",  # CPython keeps much until the end
        "PYTHONMALLOC": "malloc",  # its arenas would hide what happens inside them
    }
    places = arguments or ("packages/aiohttp-http/tests",)
    return run_pytest(environment.python, places, environ)


def fuzz(*arguments: str) -> int:
    """Look for differences between the compiled and the pure parser."""
    environment = Environment("test").make().install_wheels(build_wheels().wheels)
    return environment.run("-m", "tools.fuzz", *arguments)


def pytest(*arguments: str) -> int:
    """Run tests with the Python that runs this, against whatever is installed there."""
    return run_pytest(Path(sys.executable), arguments, {})


def run_pytest(python: Path, arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run all tests, or those that ``arguments`` name, from a folder without sources."""
    command = [str(python), *pytest_command(*arguments)]
    with tempfile.TemporaryDirectory() as elsewhere:
        return subprocess.run(command, cwd=elsewhere, env={**os.environ, **environ}).returncode


def pytest_command(*arguments: str) -> list[str]:
    """Return the command; paths among its arguments are meant from the top of the repository."""
    named = [a for a in arguments if (ROOT / a.partition("::")[0]).exists()]
    places = [str(ROOT / a) for a in named] or [str(path) for path in test_folders()]
    options = [a for a in arguments if a not in named]
    configuration = ["-c", str(ROOT / "pyproject.toml"), f"--rootdir={ROOT}"]
    return ["-m", "pytest", *configuration, *options, *places]


def test_folders() -> list[Path]:
    patterns = ("packages/*/tests", "docs/tests", "docs/examples/*/tests", "tools/tests")
    return [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]


def run(*arguments: str) -> int:
    """Serve the demo until it is interrupted."""
    environment = Environment("run").make().install_wheels(build_wheels().wheels)
    try:
        return environment.run("-m", "polls", *arguments, cwd=ROOT / "docs/examples/polls")
    except KeyboardInterrupt:
        return 0


def scrape(*arguments: str) -> int:
    """Crawl a site, the demo unless another is named, where nothing of ours is but the client."""
    needed = ("aiohttp_http-", "aiohttp_client-")
    wheels = [wheel for wheel in build_wheels().wheels if wheel.name.startswith(needed)]
    environment = Environment("scrape").make().install_wheels(wheels)
    program = ROOT / "docs" / "examples" / "scraper" / "scraper.py"
    return environment.run(str(program), *(arguments or (DEMO,)))


def check(*arguments: str) -> int:
    """Run a module or a program of the environment that has the sources and the checkers."""
    environment = Environment("check").make(*requirements()).add_sources()
    return environment.run("-m", *arguments)


def bench(*arguments: str) -> int:
    """Measure the wheels against the predecessor, each in an environment of its own."""
    theirs = Environment("bench", "-predecessor").make(PREDECESSOR)
    ours = Environment("bench").make().install_wheels(build_wheels().wheels)
    command = ["-m", "tools.bench.compare", str(ours.python), str(theirs.python)]
    return ours.run(*command, *rival_interpreters(), *arguments)


def rival_interpreters() -> Iterator[str]:
    """Yield the arguments that name the libraries of others; one that cannot be had is left out."""
    for library in RIVALS:
        try:
            python = Environment(f"bench-{library}").make().python
        except SystemExit as end:
            print(f"{library} cannot be installed: pip ended with {end.code}", file=sys.stderr)
        else:
            yield f"--rival={library}={python}"


def docs(*arguments: str) -> int:
    """Build the pages; whatever Sphinx warns of is an error."""
    target = ROOT / "docs" / "_build"
    options = ["-W", "--keep-going", "-q", *arguments]
    status = Environment("docs").make().run("-m", "sphinx", *options, "docs", str(target))
    if not status:
        print(f"{shown(target)}/index.html")
    return status


def tox(*arguments: str) -> int:
    """Run tox, of which there is no need to install any first."""
    return Environment("tox").make().run("-m", "tox", *arguments)


def wheels(*arguments: str) -> int:
    """Build the wheels and say where they are."""
    print(*map(shown, build_wheels(variant_of(arguments)[0]).wheels), sep="\n")
    return 0


def install(*arguments: str) -> int:
    """Install distributions of ours, and no other of ours, into the environment that runs this."""
    variant, names = variant_of(arguments)
    wheelhouse.install(build_wheels(variant), names)
    return 0


COMMANDS: dict[str, Callable[..., int]] = {
    "test": test,
    "asan": asan,
    "fuzz": fuzz,
    "pytest": pytest,
    "tox": tox,
    "docs": docs,
    "bench": bench,
    "run": run,
    "scrape": scrape,
    "check": check,
    "wheels": wheels,
    "install": install,
}


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    return COMMANDS[sys.argv[1]](*sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
