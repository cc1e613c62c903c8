"""The server that is measured: it runs on whatever aiohttp its interpreter has.

    server.py LOOP [APPLICATION]      "whole", "routes", "middlewares" or "tls"; until SIGTERM

Prints ``{"port": …}`` when it listens, and its CPU time at the end.  Only public interface of 3.14
is used.
"""

from __future__ import annotations

import gc
import resource
import ssl
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler
from tools.bench.telling import run, serve_until_stopped

HELLO = b"Hello, World!"
LARGE = b"x" * 100_000
# Sizes of the static files by name, in bytes.
FILES = {"1KB": 1000, "10MB": 10_000_000}
# The largest body that an upload may have, in bytes.
UPLOAD = 200_000_000

# --- Requests -------------------------------------------------------------------------------------


async def plaintext(request: web.Request) -> web.Response:
    return web.Response(body=HELLO, content_type="text/plain")


async def as_json(request: web.Request) -> web.Response:
    return web.json_response({"message": "Hello, World!", "numbers": [1, 2, 3]})


async def user(request: web.Request) -> web.Response:
    return web.Response(text=request.match_info["name"])


async def large(request: web.Request) -> web.Response:
    return web.Response(body=LARGE)


async def sum_of_json(request: web.Request) -> web.Response:
    order = await request.json()
    return web.json_response({"id": order["id"], "sum": sum(order["numbers"])})


async def upload(request: web.Request) -> web.Response:
    """Take a form with a file, which goes to the disk; answer how large it is."""
    file = (await request.post())["file"]
    if not isinstance(file, web.FileField):
        raise web.HTTPBadRequest
    return web.json_response(file.file.seek(0, 2))


async def upload_in_parts(request: web.Request) -> web.Response:
    """Read the same form piece by piece, and keep nothing."""
    size = 0
    async for part in await request.multipart():
        if not isinstance(part, aiohttp.BodyPartReader):
            raise web.HTTPBadRequest
        while piece := await part.read_chunk(2**16):
            size += len(piece)
    return web.json_response(size)


def resident() -> int:
    """Return the resident memory of this process in bytes."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


async def memory(request: web.Request) -> web.Response:
    return web.json_response(resident())


# --- WebSockets -----------------------------------------------------------------------------------


async def echo(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    async for message in socket:
        await socket.send_str(message.data)
    return socket


async def opened(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(compress=False, max_msg_size=0)
    await socket.prepare(request)
    return socket


async def echo_bytes(request: web.Request) -> web.WebSocketResponse:
    socket = await opened(request)
    async for message in socket:
        await socket.send_bytes(message.data)
    return socket


async def take(request: web.Request) -> web.WebSocketResponse:
    """Receive, and answer a text: it stands behind many messages."""
    socket = await opened(request)
    async for message in socket:
        if message.type is aiohttp.WSMsgType.TEXT:
            await socket.send_str(message.data)
    return socket


async def give(request: web.Request) -> web.WebSocketResponse:
    """Send as many messages of such a size as a text asks for."""
    socket = await opened(request)
    async for message in socket:
        count, size = map(int, message.data.split())
        payload = b"x" * size
        for _ in range(count):
            await socket.send_bytes(payload)
    return socket


# --- Applications ---------------------------------------------------------------------------------


def whole() -> web.Application:
    """Return the application that most rows ask."""
    app = web.Application(client_max_size=UPLOAD)
    app.router.add_get("/plaintext", plaintext)
    app.router.add_get("/json", as_json)
    app.router.add_get("/user/{name}", user)
    app.router.add_get("/100KB", large)
    app.router.add_post("/orders", sum_of_json)
    app.router.add_post("/upload", upload)
    app.router.add_post("/upload-in-parts", upload_in_parts)
    app.router.add_static("/files", made_files())
    app.router.add_get("/echo", echo)
    app.router.add_get("/websocket/echo", echo_bytes)
    app.router.add_get("/websocket/up", take)
    app.router.add_get("/websocket/down", give)
    app.router.add_get("/memory", memory)
    # A router of an application has more than a few routes.
    for number in range(40):
        app.router.add_get(f"/static{number}", plaintext)
        app.router.add_get(f"/things{number}/{{name}}", user)
    return app


def made_files() -> Path:
    """Return a folder with the static files; it stays until the machine tidies up."""
    folder = Path(tempfile.gettempdir()) / "aiohttp-bench-files"
    folder.mkdir(exist_ok=True)
    for name, size in FILES.items():
        if not (folder / name).is_file() or (folder / name).stat().st_size != size:
            (folder / name).write_bytes(b"x" * size)
    return folder


def routes() -> web.Application:
    """Return an application of 1,000 routes, a half of them with a variable."""
    app = web.Application()
    for number in range(500):
        app.router.add_get(f"/api/v1/kind{number}", plaintext)
        app.router.add_get(f"/api/v1/kind{number}/{{name}}", user)
    return app


def middlewares() -> web.Application:
    """Return an application of five middlewares, which only pass on."""

    def passing() -> Callable[[web.Request, Handler], object]:
        @web.middleware
        async def passes_on(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await handler(request)

        return passes_on

    app = web.Application(middlewares=[passing() for _ in range(5)])  # type: ignore[misc,unused-ignore]
    app.router.add_get("/plaintext", plaintext)
    return app


def certified() -> ssl.SSLContext:
    """Return the context of a server with a certificate that was made for this run."""
    import trustme

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


APPLICATIONS = {"whole": whole, "tls": whole, "routes": routes, "middlewares": middlewares}


async def serve(name: str) -> None:
    # The access log is off, as in production behind a proxy that keeps one.
    runner = web.AppRunner(APPLICATIONS[name](), access_log=None, keepalive_timeout=600)
    await runner.setup()
    context = certified() if name == "tls" else None
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=4096, ssl_context=context)
    await site.start()
    await serve_until_stopped(runner.addresses[0][1])


def main() -> None:
    loop, name = (*sys.argv[1:], "whole")[:2]
    run(loop, serve(name))


if __name__ == "__main__":
    main()
