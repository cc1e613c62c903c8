"""How Sphinx builds these pages: make docs."""

from __future__ import annotations

from pathlib import Path

project = "aiohttp"
author = "The aiohttp developers"
release = (Path(__file__).parent.parent / "VERSION").read_text("utf-8").strip()

extensions = ["myst_parser"]
exclude_patterns = ["_build", "examples/*/README.md"]
myst_heading_anchors = 3
# Links that lead out of this folder are for readers of the repository.
suppress_warnings = ["myst.xref_missing"]

html_theme = "alabaster"
html_theme_options = {"description": "Asyncio HTTP/1.1 and WebSocket client and server"}
