"""The private rooms of the client."""

from aiohttp._releases import require_one_release

__version__ = "3.15.0"

require_one_release("aiohttp-client", __version__)
