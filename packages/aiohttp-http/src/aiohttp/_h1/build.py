"""Which build of the wire is used: compiled, or plain Python."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from aiohttp._switches import NO_EXTENSIONS

__all__ = ("COMPILED",)

COMPILED: Final = not NO_EXTENSIONS and find_spec("aiohttp._h1.parser_c") is not None
