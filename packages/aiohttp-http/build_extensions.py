#!/usr/bin/env python3
"""Compile the extensions of the wire; poetry-core runs this when it builds a wheel.

    python build_extensions.py             compile into src/, as poetry-core asks for it
    python build_extensions.py --inplace   the same by hand, for work in a clone
    python build_extensions.py --list      names of the extensions and their sources

Environment:

    AIOHTTP_NO_EXTENSIONS=1        compile nothing; the wheel is pure Python
    AIOHTTP_REQUIRE_EXTENSIONS=1   a failure ends the build; otherwise the wheel is pure, with a
                                   warning
    AIOHTTP_EXTENSION_CFLAGS       more options for the C compiler and the linker; AddressSanitizer:
                                   "-fsanitize=address -fno-omit-frame-pointer -O1 -g"

The generated C goes to a directory that is removed afterwards: only the modules stay.
"""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import shutil
import sys
import tempfile
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE / "src"

# Faster than setuptools' default where it matters: loops over bytes.  No debug information: it
# names the temporary folders of a build, so that no two builds would be the same.
_OPTIMIZE = ["-O3", "-g0"] if os.name == "posix" else ["/O2"]


class ExtensionSource(NamedTuple):
    """One compiled module.

    A source in .py is a module that is built twice: it is imported as it stands where nothing is
    compiled, and the .pxd that has the name of the compiled module gives that one its C types.
    """

    module: str
    source: str


# The one list of what is compiled.
EXTENSIONS = (
    ExtensionSource("aiohttp._h1._head", "aiohttp/_h1/_head.pyx"),
    ExtensionSource("aiohttp._h1._serialize", "aiohttp/_h1/_serialize.pyx"),
    ExtensionSource("aiohttp._h1.messages_c", "aiohttp/_h1/messages.py"),
    ExtensionSource("aiohttp._h1.framing_c", "aiohttp/_h1/framing.py"),
    ExtensionSource("aiohttp._h1.body_c", "aiohttp/_h1/body.py"),
    ExtensionSource("aiohttp._h1.parser_c", "aiohttp/_h1/parser.py"),
    ExtensionSource("aiohttp._websocket._masking", "aiohttp/_websocket/_masking.pyx"),
    ExtensionSource("aiohttp._websocket._models", "aiohttp/_websocket/_models.pyx"),
    ExtensionSource("aiohttp._websocket.frames_c", "aiohttp/_websocket/frames.py"),
    ExtensionSource("aiohttp._websocket.message_queue_c", "aiohttp/_websocket/message_queue.py"),
    ExtensionSource("aiohttp._websocket.receive_buffer_c", "aiohttp/_websocket/receive_buffer.py"),
    ExtensionSource("aiohttp._websocket.frame_writer_c", "aiohttp/_websocket/frame_writer.py"),
)

DIRECTIVES = {
    "language_level": "3",
    "freethreading_compatible": True,
    # Annotations are for readers and mypy; C types come from the .pxd alone.  Otherwise a
    # subclass of str would be refused by the compiled build only.
    "annotation_typing": False,
    "embedsignature": True,
}


class BuildFailed(Exception):
    """The extensions could not be compiled."""


def is_set(variable: str) -> bool:
    return os.environ.get(variable, "") not in ("", "0")


def compile_extensions(build_dir: Path) -> list[Path]:
    """Compile everything; returns the modules, still in `build_dir`.

    Raises:
        BuildFailed: no Cython, no C compiler, or one of them refused.
    """
    try:
        # Without types, and not there when a checker looks.
        cythonize: Any = import_module("Cython.Build").cythonize
        setuptools: Any = import_module("setuptools")
        build_ext: Any = import_module("setuptools.command.build_ext").build_ext
    except ImportError as error:
        raise BuildFailed(f"a build needs Cython and setuptools: {error}") from error

    options = shlex.split(os.environ.get("AIOHTTP_EXTENSION_CFLAGS", ""))
    # Cython reads relative names, and writes C under the same ones.
    os.chdir(ROOT)
    extensions = [
        setuptools.Extension(
            module,
            [source],
            extra_compile_args=[*_OPTIMIZE, *options],
            extra_link_args=options,
        )
        for module, source in EXTENSIONS
    ]
    try:
        compiled = cythonize(
            extensions,
            build_dir=str(build_dir / "c"),
            compiler_directives=DIRECTIVES,
            include_path=[str(ROOT)],
            quiet=True,
        )
        command = build_ext(
            setuptools.Distribution({"name": "aiohttp-http", "ext_modules": compiled})
        )
        command.build_lib = str(build_dir / "lib")
        command.build_temp = str(build_dir / "temp")
        command.force = True
        command.parallel = os.cpu_count()
        command.ensure_finalized()
        command.run()
    # A compiler may fail in any way that it likes, also by SystemExit.
    except (Exception, SystemExit) as error:
        raise BuildFailed(f"{type(error).__name__}: {error}") from error
    return [Path(name) for name in command.get_outputs()]


def install(built: list[Path], lib: Path) -> None:
    """Put the modules beside their sources, replacing those of an earlier build."""
    for path in built:
        target = ROOT / path.relative_to(lib)
        # Not in place: a running interpreter may have the old one mapped.
        target.unlink(missing_ok=True)
        shutil.copy2(path, target)


def remove_old() -> None:
    """Remove what an earlier build left, so that a pure wheel is pure."""
    for module, _ in EXTENSIONS:
        stem = ROOT.joinpath(*module.split("."))
        for path in stem.parent.glob(f"{stem.name}.*"):
            if path.suffix in (".so", ".pyd", ".dylib"):
                path.unlink()


def build() -> None:
    """What poetry-core calls: compile, or say why not."""
    if is_set("AIOHTTP_NO_EXTENSIONS") or platform.python_implementation() != "CPython":
        remove_old()
        return
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="aiohttp-build-") as name:
        build_dir = Path(name)
        try:
            built = compile_extensions(build_dir)
        except BuildFailed as error:
            if is_set("AIOHTTP_REQUIRE_EXTENSIONS"):
                raise
            remove_old()
            warnings.warn(
                f"aiohttp-http is built without its compiled modules, and will be slower: {error}",
                stacklevel=1,
            )
            return
        finally:
            os.chdir(before)
        install(built, build_dir / "lib")


def main() -> int:
    parser = argparse.ArgumentParser(description="Compile the extensions of aiohttp-http.")
    parser.add_argument("--inplace", action="store_true", help="compile beside the sources")
    parser.add_argument("--list", action="store_true", help="show what is compiled")
    arguments = parser.parse_args()
    if arguments.list:
        for module, source in EXTENSIONS:
            sys.stdout.write(f"{module}\t{source}\n")
        return 0
    if arguments.inplace:
        # By hand, a failure is what one wants to see.
        os.environ.setdefault("AIOHTTP_REQUIRE_EXTENSIONS", "1")
    build()
    return 0


if __name__ == "__main__":
    sys.exit(main())
