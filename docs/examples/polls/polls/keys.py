"""What the application shares with its handlers."""

from pathlib import Path

import jinja2

from aiohttp import web
from polls.live import Feed
from polls.store import Store

STORE = web.AppKey("STORE", Store)
FEED = web.AppKey("FEED", Feed)
IMAGES = web.AppKey("IMAGES", Path)
TEMPLATES = web.AppKey("TEMPLATES", jinja2.Environment)
