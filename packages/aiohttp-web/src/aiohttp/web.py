"""The server's front door: every public name, and two ways to run an application.

Nothing is made here; the names live in the modules beside this one.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from argparse import ArgumentParser
from collections.abc import Awaitable, Callable, Iterable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

from aiohttp._keys import AppKey, RequestKey, ResponseKey
from aiohttp._web.running import Places, run_until_told, serve_forever
from aiohttp._websocket.models import WSMsgType
from aiohttp.abc import AbstractAccessLogger
from aiohttp.log import access_logger
from aiohttp.web_app import Application, CleanupError
from aiohttp.web_exceptions import *  # noqa: F403
from aiohttp.web_exceptions import NotAppKeyWarning
from aiohttp.web_exceptions import __all__ as _exceptions
from aiohttp.web_fileresponse import FileResponse
from aiohttp.web_log import AccessLogger
from aiohttp.web_middlewares import middleware, normalize_path_middleware
from aiohttp.web_protocol import PayloadAccessError, RequestHandler, RequestPayloadError
from aiohttp.web_request import BaseRequest, FileField, Request
from aiohttp.web_response import (
    ContentCoding,
    Response,
    StreamResponse,
    json_bytes_response,
    json_response,
)
from aiohttp.web_routedef import (
    AbstractRouteDef,
    RouteDef,
    RouteTableDef,
    StaticDef,
    delete,
    get,
    head,
    options,
    patch,
    post,
    put,
    route,
    static,
    view,
)
from aiohttp.web_runner import (
    AppRunner,
    BaseRunner,
    BaseSite,
    GracefulExit,
    NamedPipeSite,
    ServerRunner,
    SockSite,
    TCPSite,
    UnixSite,
)
from aiohttp.web_server import Server
from aiohttp.web_urldispatcher import (
    AbstractResource,
    AbstractRoute,
    DynamicResource,
    PlainResource,
    PrefixedSubAppResource,
    Resource,
    ResourceRoute,
    StaticResource,
    UrlDispatcher,
    UrlMappingMatchInfo,
    View,
)
from aiohttp.web_ws import WebSocketReady, WebSocketResponse

if TYPE_CHECKING:
    from ssl import SSLContext

__all__ = (
    *_exceptions,
    "AbstractResource",
    "AbstractRoute",
    "AbstractRouteDef",
    "AppKey",
    "AppRunner",
    "Application",
    "BaseRequest",
    "BaseRunner",
    "BaseSite",
    "CleanupError",
    "ContentCoding",
    "DynamicResource",
    "FileField",
    "FileResponse",
    "GracefulExit",
    "NamedPipeSite",
    "NotAppKeyWarning",
    "PayloadAccessError",
    "PlainResource",
    "PrefixedSubAppResource",
    "Request",
    "RequestHandler",
    "RequestKey",
    "RequestPayloadError",
    "Resource",
    "ResourceRoute",
    "Response",
    "ResponseKey",
    "RouteDef",
    "RouteTableDef",
    "Server",
    "ServerRunner",
    "SockSite",
    "StaticDef",
    "StaticResource",
    "StreamResponse",
    "TCPSite",
    "UnixSite",
    "UrlDispatcher",
    "UrlMappingMatchInfo",
    "View",
    "WSMsgType",
    "WebSocketReady",
    "WebSocketResponse",
    "delete",
    "get",
    "head",
    "json_bytes_response",
    "json_response",
    "middleware",
    "normalize_path_middleware",
    "options",
    "patch",
    "post",
    "put",
    "route",
    "run_app",
    "static",
    "view",
)

_HostSequence = Iterable[str]
_Path = str | os.PathLike[str]


def _sites(runner: BaseRunner, places: Places) -> Iterator[BaseSite]:
    """Make the sites of a runner, the ports before the sockets."""
    common: dict[str, Any] = {"ssl_context": places.ssl_context, "backlog": places.backlog}
    for host in places.hosts:
        yield TCPSite(
            runner,
            host,
            places.port,
            reuse_address=places.reuse_address,
            reuse_port=places.reuse_port,
            **common,
        )
    for path in places.paths:
        yield UnixSite(runner, path, **common)
    for sock in places.sockets:
        yield SockSite(runner, sock, **common)


async def _run_app(
    app: Application | Awaitable[Application],
    *,
    host: str | _HostSequence | None = None,
    port: int | None = None,
    path: _Path | Iterable[_Path] | None = None,
    sock: socket.socket | Iterable[socket.socket] | None = None,
    ssl_context: SSLContext | None = None,
    print: Callable[..., None] | None = print,
    backlog: int = 128,
    reuse_address: bool | None = None,
    reuse_port: bool | None = None,
    **kwargs: Any,
) -> None:
    """Run an application in the running loop until cancelled; see `run_app()`."""
    places = Places.chosen(
        host,
        port,
        path,
        sock,
        ssl_context=ssl_context,
        backlog=backlog,
        reuse_address=reuse_address,
        reuse_port=reuse_port,
    )
    if not isinstance(app, Application):
        app = await app
    runner = AppRunner(app, **kwargs)
    await serve_forever(runner, lambda runner: _sites(runner, places), print)


def run_app(
    app: Application | Awaitable[Application],
    *,
    host: str | _HostSequence | None = None,
    port: int | None = None,
    path: _Path | Iterable[_Path] | None = None,
    sock: socket.socket | Iterable[socket.socket] | None = None,
    shutdown_timeout: float = 60.0,
    keepalive_timeout: float = 75.0,
    ssl_context: SSLContext | None = None,
    print: Callable[..., None] | None = print,
    backlog: int = 128,
    access_log_class: type[AbstractAccessLogger] = AccessLogger,
    access_log_format: str = AccessLogger.LOG_FORMAT,
    access_log: logging.Logger | None = access_logger,
    handle_signals: bool = True,
    reuse_address: bool | None = None,
    reuse_port: bool | None = None,
    handler_cancellation: bool = False,
    loop: asyncio.AbstractEventLoop | None = None,
    **kwargs: Any,
) -> None:
    """Run an application until SIGINT or SIGTERM, then shut down gracefully.

    Args:
        app: the application, or a coroutine that returns it and is run in the server's loop.
        host: name or address to listen on, or several. Default: all interfaces, unless *path* or
            *sock* is given.
        port: TCP port, 0 for any. Default 8080, with TLS 8443.
        path: Unix socket to listen on, or several.
        sock: bound socket to listen on, or several.
        shutdown_timeout: seconds that handlers at work have when the server shuts down.
        keepalive_timeout: seconds that a connection may wait for its next request.
        ssl_context: serve TLS.
        print: called with the text that says where the application runs; None for silence.
        backlog: connections that the kernel may queue until they are accepted.
        access_log_class: writes the access log.
        access_log_format: see `AccessLogger`.
        access_log: logger of the access log; None for none.
        handle_signals: stop at SIGINT and SIGTERM.
        reuse_address: allow a port that a closed connection still lingers on.
        reuse_port: allow several processes to listen on the port.
        handler_cancellation: cancel a handler whose peer has gone.
        loop: the loop to run in; it is closed at the end. Default: a new one.
        kwargs: further settings of the server: those of `RequestHandler`, `head_timeout`,
            `body_timeout`, `shutdown_grace` (all in seconds) and `max_connections`.

    Raises:
        OSError: a place to listen on is taken or not allowed.
    """
    if loop is None:
        loop = asyncio.new_event_loop()
    if loop.get_debug() and access_log is not None and access_log.name == access_logger.name:
        _show(access_log)
    main = _run_app(
        app,
        host=host,
        port=port,
        path=path,
        sock=sock,
        shutdown_timeout=shutdown_timeout,
        keepalive_timeout=keepalive_timeout,
        ssl_context=ssl_context,
        print=print,
        backlog=backlog,
        access_log_class=access_log_class,
        access_log_format=access_log_format,
        access_log=access_log,
        handle_signals=handle_signals,
        reuse_address=reuse_address,
        reuse_port=reuse_port,
        handler_cancellation=handler_cancellation,
        **kwargs,
    )
    run_until_told(loop, main, (GracefulExit, KeyboardInterrupt))


def _show(logger: logging.Logger) -> None:
    """Let a logger that nobody has configured write to standard error."""
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.DEBUG)
    if not logger.hasHandlers():
        logger.addHandler(logging.StreamHandler())


def main(argv: list[str]) -> None:
    """Run the application that the command line names; see `python -m aiohttp.web --help`."""
    arg_parser = ArgumentParser(description="aiohttp.web Application server", prog="aiohttp.web")
    arg_parser.add_argument(
        "entry_func",
        help=(
            "Callable returning the `aiohttp.web.Application` instance to run. Should be "
            "specified in the 'module:function' syntax."
        ),
        metavar="entry-func",
    )
    arg_parser.add_argument(
        "-H",
        "--hostname",
        help="TCP/IP hostname to serve on (default: localhost)",
        default=None,
    )
    arg_parser.add_argument(
        "-P", "--port", help="TCP/IP port to serve on (default: 8080)", type=int, default=8080
    )
    arg_parser.add_argument(
        "-U",
        "--path",
        help=(
            "Unix file system path to serve on. Can be combined with hostname to serve on both "
            "Unix and TCP."
        ),
    )
    args, extra_argv = arg_parser.parse_known_args(argv)
    function = _entry_function(args.entry_func, arg_parser)
    host, port = args.hostname, args.port
    if args.path is None:
        host = host or "localhost"
    elif host is None:
        port = None
    # Compatible with what `logging` shows by default: everything, on standard error.
    logging.basicConfig(level=logging.DEBUG)
    run_app(function(extra_argv), host=host, port=port, path=args.path)
    arg_parser.exit(message="Stopped\n")


def _entry_function(name: str, arg_parser: ArgumentParser) -> Callable[[list[str]], Application]:
    """Import the function that `module:function` names, or leave with the reason."""
    module_name, _, function_name = name.partition(":")
    if not module_name or not function_name:
        arg_parser.error("'entry-func' not in 'module:function' syntax")
    if module_name.startswith("."):
        arg_parser.error("relative module names not supported")
    try:
        module = import_module(module_name)
    except ImportError as error:
        arg_parser.error(f"unable to import {module_name}: {error}")
    try:
        function: Callable[[list[str]], Application] = getattr(module, function_name)
    except AttributeError:
        arg_parser.error(f"module {module_name!r} has no attribute {function_name!r}")
    return function


if __name__ == "__main__":
    # Importing the application by name must find modules beside which the command was called.
    sys.path.insert(0, "")
    main(sys.argv[1:])
