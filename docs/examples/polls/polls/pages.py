"""The pages that people see."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

from aiohttp import BodyPartReader, web
from polls.keys import FEED, IMAGES, STORE, TEMPLATES
from polls.store import Question

routes = web.RouteTableDef()

# Bytes of an uploaded image: a photograph scaled for a screen has a few hundred KiB.
MAX_IMAGE = 2 * 2**20

# First bytes of the image formats that every browser shows -> file name suffix.
_SIGNATURES = {b"\x89PNG\r\n\x1a\n": ".png", b"\xff\xd8\xff": ".jpg", b"GIF8": ".gif"}


def render(request: web.Request, template: str, status: int = 200, **names: Any) -> web.Response:
    """Return a page made from a template."""
    page = request.config_dict[TEMPLATES].get_template(template)
    text = page.render(request=request, **names)
    return web.Response(text=text, content_type="text/html", status=status)


async def find_question(request: web.Request) -> Question:
    """Return the question that the URL names, or raise 404."""
    question = await request.config_dict[STORE].question(int(request.match_info["question"]))
    if question is None:
        raise web.HTTPNotFound(text="There is no such question.")
    return question


@routes.get("/", name="index")
async def index(request: web.Request) -> web.Response:
    """Show all questions."""
    return render(request, "index.html", questions=await request.app[STORE].questions())


@routes.post("/questions")
async def add(request: web.Request) -> web.Response:
    """Add a question and show it."""
    form = await request.post()
    title = str(form.get("title", "")).strip()
    lines = str(form.get("choices", "")).splitlines()
    labels = tuple(line.strip() for line in lines if line.strip())
    if not title or not 2 <= len(labels) <= 10:
        raise web.HTTPBadRequest(text="A question needs a title and two to ten choices.")
    number = await request.app[STORE].add(title[:200], tuple(label[:100] for label in labels))
    raise web.HTTPSeeOther(request.app.router["question"].url_for(question=str(number)))


@routes.get(r"/questions/{question:\d{1,9}}", name="question")
async def show(request: web.Request) -> web.Response:
    """Show one question with its results."""
    return render(request, "question.html", question=await find_question(request))


@routes.post(r"/questions/{question:\d{1,9}}/votes")
async def vote(request: web.Request) -> web.Response:
    """Count a vote sent by the form of a page."""
    form = await request.post()
    choice = str(form.get("choice", ""))
    await count_vote(request, int(choice) if choice.isascii() and choice.isdigit() else -1)
    raise web.HTTPSeeOther(request.rel_url.parent)


async def count_vote(request: web.Request, choice: int) -> Question:
    """Count a vote, tell all who watch, and return the new state."""
    question = await find_question(request)
    if not 0 <= choice < 2**63 or not await request.config_dict[STORE].vote(question.id, choice):
        raise web.HTTPBadRequest(text="This question has no such choice.")
    changed = await find_question(request)
    await request.config_dict[FEED].publish(changed)
    return changed


@routes.get(r"/questions/{question:\d{1,9}}/live")
async def live(request: web.Request) -> web.WebSocketResponse:
    """Send each change of the results over a WebSocket."""
    return await request.app[FEED].watch(request, await find_question(request))


@routes.post(r"/questions/{question:\d{1,9}}/image")
async def upload(request: web.Request) -> web.Response:
    """Store an image for a question; the upload is read part by part, never whole."""
    question = await find_question(request)
    async for part in await request.multipart():
        if isinstance(part, BodyPartReader) and part.name == "image":
            name = await _store_image(request, part)
            await request.app[STORE].set_image(question.id, name)
            await request.app[FEED].publish(await find_question(request))
            raise web.HTTPSeeOther(request.rel_url.parent)
    raise web.HTTPBadRequest(text="The form has no field named 'image'.")


async def _store_image(request: web.Request, part: BodyPartReader) -> str:
    content = bytearray()
    while chunk := await part.read_chunk(2**16):
        content += chunk
        if len(content) > MAX_IMAGE:
            raise web.HTTPRequestEntityTooLarge(
                max_size=MAX_IMAGE, actual_size=len(content), text="The image is over 2 MiB."
            )
    for signature, suffix in _SIGNATURES.items():
        if content.startswith(signature):
            name = secrets.token_hex(8) + suffix
            await asyncio.to_thread((request.app[IMAGES] / name).write_bytes, content)
            return name
    raise web.HTTPUnsupportedMediaType(text="Please choose a PNG, JPEG or GIF image.")
