"""Rooms of the server: what the doors ``aiohttp.web_*`` know how to do."""

__version__ = "3.15.0"
