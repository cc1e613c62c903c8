"""The server that the client's pages talk to: ``http://site.test``, and ``https://site.test``.

What a path answers is what the pages say it does.  Nothing here is slow: what the pages call slow
waits for ever, and a timeout ends it.
"""

from __future__ import annotations

import asyncio
import base64

from aiohttp import web

routes = web.RouteTableDef()
PASSWORD = "Basic " + base64.b64encode(b"user:secret").decode()


@routes.get("/")
async def hello(request: web.Request) -> web.Response:
    return web.Response(text="Hello, world")


@routes.route("*", "/echo")
async def echo(request: web.Request) -> web.Response:
    """Tell what came, as JSON."""
    files = {}
    form: dict[str, str] = {}
    body = ""
    if request.content_type in ("multipart/form-data", "application/x-www-form-urlencoded"):
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                files[name] = {"filename": value.filename, "type": value.content_type}
            else:
                form[name] = str(value)
    else:
        body = await request.text()
    answer = {
        "method": request.method,
        "path": request.path,
        "query": list(map(list, request.query.items())),
        "headers": dict(request.headers),
        "cookies": dict(request.cookies),
        "form": form,
        "files": files,
        "body": body,
    }
    return web.json_response(answer)


@routes.get("/users/{name}")
async def user(request: web.Request) -> web.Response:
    return web.json_response({"name": request.match_info["name"]})


@routes.get("/data.bin")
async def data(request: web.Request) -> web.Response:
    return web.Response(body=bytes(range(256)) * 1024)


@routes.get("/redirect")
async def redirect(request: web.Request) -> web.Response:
    raise web.HTTPFound("/")


@routes.get("/around")
async def around(request: web.Request) -> web.Response:
    raise web.HTTPFound("/around")


@routes.get("/login")
async def login(request: web.Request) -> web.Response:
    response = web.Response(text="welcome")
    response.set_cookie("visitor", "ann")
    return response


@routes.get("/private")
async def private(request: web.Request) -> web.Response:
    if request.headers.get("Authorization") not in (PASSWORD, "Bearer token"):
        raise web.HTTPUnauthorized(headers={"WWW-Authenticate": 'Basic realm="site"'})
    return web.Response(text="only for you")


@routes.get("/slow")
async def slow(request: web.Request) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError("never reached")


@routes.get("/status/{code}")
async def status(request: web.Request) -> web.Response:
    return web.Response(status=int(request.match_info["code"]), text="as you like")


@routes.get("/broken")
async def broken(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b"half a")
    assert request.transport is not None
    request.transport.close()
    return response


@routes.get("/lines")
async def lines(request: web.Request) -> web.Response:
    return web.Response(text="".join(f"line {n}\n" for n in range(3)))


@routes.get("/ws")
async def ws(request: web.Request) -> web.WebSocketResponse:
    websocket = web.WebSocketResponse(protocols=("chat",))
    await websocket.prepare(request)
    async for message in websocket:
        if message.data == "bye":
            await websocket.close()
        elif message.type is web.WSMsgType.TEXT:
            await websocket.send_str(f"you said {message.data}")
        else:
            await websocket.send_bytes(message.data)
    return websocket


def make_site() -> web.Application:
    """Return the site."""
    app = web.Application()
    app.add_routes(routes)
    return app


async def proxied(request: web.BaseRequest) -> web.Response:
    """Answer as a forward proxy would that knows all answers."""
    return web.Response(text=f"{request.url} by way of a proxy")
