"""Rooms of the server: what the doors ``aiohttp.web_*`` know how to do."""
