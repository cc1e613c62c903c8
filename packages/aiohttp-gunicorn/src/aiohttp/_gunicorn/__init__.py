"""The room of aiohttp-gunicorn."""

from aiohttp._releases import require_one_release

__version__ = "3.15.0"

require_one_release("aiohttp-gunicorn", __version__)
