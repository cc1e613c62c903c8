"""The room of aiohttp-gunicorn."""

__version__ = "3.15.0"
