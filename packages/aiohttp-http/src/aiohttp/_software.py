"""How this software names itself to its peers, and the standard reason phrases."""

from __future__ import annotations

import sys
from http import HTTPStatus
from types import MappingProxyType

from aiohttp import __version__

SERVER_SOFTWARE = f"Python/{sys.version_info[0]}.{sys.version_info[1]} aiohttp/{__version__}"

# Status code -> (reason phrase, a sentence about it).
RESPONSES = MappingProxyType({int(s): (s.phrase, s.description) for s in HTTPStatus})
