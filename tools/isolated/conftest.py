"""Tests of a distribution that stands alone: its wheel, what the wheel declares, and pytest.

Each module is run in an environment of its own (see tox.ini), never together with the others.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest


@pytest.fixture
def imported() -> Callable[[str], set[str]]:
    """Return a function: the modules that a fresh interpreter has loaded after some code."""

    def run(code: str) -> set[str]:
        code = f"{code}\nimport sys\nprint(*sys.modules, sep='\\n')"
        done = subprocess.run(
            [sys.executable, "-I", "-c", code], check=True, stdout=subprocess.PIPE, text=True
        )
        return set(done.stdout.split())

    return run
