"""The JSON API."""

from __future__ import annotations

import json

from aiohttp import web
from polls.keys import STORE
from polls.pages import count_vote, find_question

routes = web.RouteTableDef()


@routes.get("/api/questions")
async def questions(request: web.Request) -> web.Response:
    """Return all questions."""
    found = await request.app[STORE].questions()
    return web.json_response([question.as_json() for question in found])


@routes.get(r"/api/questions/{question:\d{1,9}}")
async def question(request: web.Request) -> web.Response:
    """Return one question."""
    return web.json_response((await find_question(request)).as_json())


@routes.post(r"/api/questions/{question:\d{1,9}}/votes")
async def vote(request: web.Request) -> web.Response:
    """Count a vote: ``{"choice": 3}``."""
    try:
        choice = (await request.json())["choice"]
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError):
        choice = None
    if type(choice) is not int:
        raise web.HTTPBadRequest(text='Expected a JSON object such as {"choice": 3}.')
    return web.json_response((await count_vote(request, choice)).as_json(), status=201)
