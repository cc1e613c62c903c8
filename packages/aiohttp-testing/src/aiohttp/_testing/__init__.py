"""Rooms of aiohttp-testing."""

__version__ = "3.15.0"
