"""What the environment switches on or off, read once at import."""

from __future__ import annotations

import os
import platform
import sys

# AIOHTTP_NO_EXTENSIONS: any value but the empty one makes the family use pure Python only.
NO_EXTENSIONS = bool(os.environ.get("AIOHTTP_NO_EXTENSIONS"))

# `python -X dev`, or asyncio's own switch: strict parsing of responses, pages with tracebacks.
DEBUG = sys.flags.dev_mode or (
    not sys.flags.ignore_environment and bool(os.environ.get("PYTHONASYNCIODEBUG"))
)

IS_MACOS = platform.system() == "Darwin"
IS_WINDOWS = platform.system() == "Windows"
