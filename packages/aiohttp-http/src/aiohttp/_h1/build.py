"""Which build of the wire is used: compiled, or plain Python."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Final

__all__ = ("COMPILED", "NO_EXTENSIONS")

# Whether the environment asks for the Python build.
NO_EXTENSIONS: Final = bool(os.environ.get("AIOHTTP_NO_EXTENSIONS"))


def _is_compiled() -> bool:
    return not NO_EXTENSIONS and find_spec("aiohttp._h1.parser_c") is not None


COMPILED: Final = _is_compiled()
