"""Rooms of the server: what the doors ``aiohttp.web_*`` know how to do."""

from aiohttp._releases import require_one_release

__version__ = "3.15.0"

require_one_release("aiohttp-web", __version__)
