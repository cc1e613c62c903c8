"""HTTP servers of other libraries, each with /plaintext and /json of ``server.py`` and no more.

    http_rivals.py starlette     on uvicorn, with httptools
    http_rivals.py blacksheep    on granian
    http_rivals.py sanic

Each as its authors would run it on one core: one worker, uvloop, no access log.  Prints the port
before the server listens there; runs until it is killed.
"""

from __future__ import annotations

import socket
import sys
from typing import Any

from tools.bench.telling import tell

HELLO = b"Hello, World!"
DOCUMENT = {"message": "Hello, World!", "numbers": [1, 2, 3]}


def listener() -> socket.socket:
    """Return a socket on a free port, and tell which."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", 0))
    tell(port=bound.getsockname()[1])
    return bound


# --- uvicorn + Starlette --------------------------------------------------------------------------


def serve_starlette() -> None:
    import uvicorn  # type: ignore[import-not-found,unused-ignore]
    from starlette.applications import Starlette  # type: ignore[import-not-found,unused-ignore]
    from starlette.responses import (  # type: ignore[import-not-found,unused-ignore]
        JSONResponse,
        Response,
    )
    from starlette.routing import Route  # type: ignore[import-not-found,unused-ignore]

    async def plaintext(request: Any) -> Any:
        return Response(HELLO, media_type="text/plain")

    async def as_json(request: Any) -> Any:
        return JSONResponse(DOCUMENT)

    app = Starlette(routes=[Route("/plaintext", plaintext), Route("/json", as_json)])
    config = uvicorn.Config(
        app, loop="uvloop", http="httptools", access_log=False, log_level="warning", backlog=4096
    )
    uvicorn.Server(config).run(sockets=[listener()])


# --- granian + BlackSheep -------------------------------------------------------------------------


def blacksheep_application() -> Any:
    """Return the application; granian calls this in its worker."""
    from blacksheep import (  # type: ignore[import-not-found,unused-ignore]
        Application,
        Content,
        Response,
        json,
    )

    app = Application()

    async def plaintext(request: Any) -> Any:
        return Response(200, content=Content(b"text/plain", HELLO))

    async def as_json(request: Any) -> Any:
        return json(DOCUMENT)

    app.router.add_get("/plaintext", plaintext)
    app.router.add_get("/json", as_json)
    return app


def serve_blacksheep() -> None:
    from granian import Granian  # type: ignore[import-not-found,unused-ignore]
    from granian.constants import (  # type: ignore[import-not-found,unused-ignore]
        Interfaces,
        Loops,
    )

    # It takes no socket; nobody else is given the port meanwhile, as ports are given in turn.
    with listener() as bound:
        port = bound.getsockname()[1]
    Granian(
        f"{__spec__.name}:blacksheep_application",
        factory=True,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        workers=1,
        backlog=4096,
        log_access=False,
        log_enabled=False,
    ).serve()


# --- Sanic ----------------------------------------------------------------------------------------


def serve_sanic() -> None:
    from sanic import Sanic  # type: ignore[import-not-found,unused-ignore]
    from sanic.response import json, raw  # type: ignore[import-not-found,unused-ignore]

    app = Sanic("bench", configure_logging=False)

    async def plaintext(request: Any) -> Any:
        return raw(HELLO, content_type="text/plain")

    async def as_json(request: Any) -> Any:
        return json(DOCUMENT)

    app.add_route(plaintext, "/plaintext")
    app.add_route(as_json, "/json")
    app.run(sock=listener(), single_process=True, access_log=False, motd=False, debug=False)


SERVERS = {"starlette": serve_starlette, "blacksheep": serve_blacksheep, "sanic": serve_sanic}


if __name__ == "__main__":
    SERVERS[sys.argv[1]]()
