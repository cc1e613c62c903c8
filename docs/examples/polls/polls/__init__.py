"""A live poll: pages, an API, uploads and WebSockets, served by ``aiohttp.web``."""

from polls.app import make_app

__all__ = ("make_app",)
