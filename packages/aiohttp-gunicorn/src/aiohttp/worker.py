"""Gunicorn workers that serve ``aiohttp.web`` applications.

``gunicorn --worker-class aiohttp.GunicornWebWorker module:app``, where ``app`` is an application,
or a function or coroutine function that returns an application or an ``AppRunner``.  Knows gunicorn
and the server; the protocol itself is the server's business.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import os
import re
import signal
import socket
import ssl
import sys
import traceback
from types import FrameType
from typing import Any

from gunicorn.arbiter import Arbiter
from gunicorn.config import AccessLogFormat
from gunicorn.sock import ssl_context as make_ssl_context
from gunicorn.workers import base

from aiohttp import web
from aiohttp.web_log import AccessLogger

__all__ = ("GunicornUVLoopWebWorker", "GunicornWebWorker")

# Seconds between two signs of life to the master, which kills a worker silent for `timeout`.
_HEARTBEAT = 1.0

# Share of gunicorn's `graceful_timeout` that handlers get to finish: what comes after them
# (cancelling, cleaning up) has to fit in before the master kills the worker.
_GRACEFUL_SHARE = 0.95

# "%(h)s", as gunicorn writes its fields; aiohttp's are "%a", "%{X-Header}i".
_GUNICORN_ATOM = re.compile(r"%\([^)]+\)")


class GunicornWebWorker(base.Worker):
    """A gunicorn worker that runs an aiohttp application on asyncio's event loop."""

    DEFAULT_AIOHTTP_LOG_FORMAT = AccessLogger.LOG_FORMAT
    DEFAULT_GUNICORN_LOG_FORMAT = AccessLogFormat.default

    # An application or what makes one: nothing that speaks WSGI, whatever the base class says.
    wsgi: Any

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        # What the process exits with: 0, or gunicorn's code for "could not boot".
        self.exit_code = 0
        self._stopping: asyncio.Event | None = None

    # The life of the process

    def init_process(self) -> None:
        """Make the event loop of this process, then boot; gunicorn calls this after the fork."""
        self.loop = self._new_event_loop()
        asyncio.set_event_loop(self.loop)
        super().init_process()

    def _new_event_loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.new_event_loop()

    def run(self) -> None:
        """Serve until told to stop; ends in ``SystemExit``."""
        try:
            self.loop.run_until_complete(self._serve())
        except Exception:
            self.log.exception("Exception in gunicorn worker")
        finally:
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()
        sys.exit(self.exit_code)

    async def _serve(self) -> None:
        # Handlers of signals run as steps of the loop: none can come before this one.
        self._stopping = asyncio.Event()
        runner = await self._boot()
        heartbeat = asyncio.ensure_future(self._beat(runner))
        try:
            await self._stopping.wait()
        finally:
            # The heart beats on: draining may take longer than the master's patience.
            try:
                await runner.cleanup()
            finally:
                heartbeat.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await heartbeat

    async def _boot(self) -> web.AppRunner:
        """Return a runner that accepts connections; a failure stops the master too.

        Without that exit code the master would start workers that fail for ever.
        """
        self.exit_code = Arbiter.WORKER_BOOT_ERROR
        runner = await self._make_runner()
        try:
            await runner.setup()
            context = self._create_ssl_context(self.cfg) if self.cfg.is_ssl else None
            for listener in self.sockets:
                # What gunicorn hands over is a wrapper, whatever its type says.
                sock: socket.socket = getattr(listener, "sock", listener)
                await web.SockSite(runner, sock, ssl_context=context).start()
        except BaseException:
            await runner.cleanup()
            raise
        self.exit_code = 0
        return runner

    async def _beat(self, runner: web.AppRunner) -> None:
        """Tell the master that this worker lives, and see whether it should go on."""
        while True:
            self.notify()
            self._consider_stopping(runner)
            await asyncio.sleep(_HEARTBEAT)

    def _consider_stopping(self, runner: web.AppRunner) -> None:
        server = runner.server
        if self._stopping is None or self._stopping.is_set() or server is None:
            return
        if not self.alive:
            # gunicorn says so from another thread: `--reload` saw that a file has changed.
            self._stop()
        elif self.ppid != os.getppid():
            self.log.info("Parent changed, shutting down: %s", self)
            self._stop()
        elif self.max_requests and server.requests_count > self.max_requests:
            self.log.info("Max requests, shutting down: %s", self)
            self._stop()

    def _stop(self) -> None:
        self.alive = False
        if self._stopping is not None:
            self._stopping.set()

    # The application

    def load_wsgi(self) -> None:
        """Import the application.

        With ``--reload``, a module that is not Python yet is waited for: until it is saved anew,
        a page tells what is wrong with it.  gunicorn's own page is made for WSGI.
        """
        try:
            self.wsgi = self.app.wsgi()
        except SyntaxError as error:
            if not self.cfg.reload:
                raise
            self.log.exception("The application cannot be imported")
            if self.reloader is not None and error.filename is not None:
                self.reloader.add_extra_file(error.filename)
            self.wsgi = _application_that_shows(error)

    async def _make_runner(self) -> web.AppRunner:
        """Return the runner for what the command line names."""
        given = self.wsgi
        if callable(given) and not isinstance(given, web.Application):
            given = given()
            if inspect.isawaitable(given):
                given = await given
        if isinstance(given, web.AppRunner):
            return given
        if not isinstance(given, web.Application):
            raise RuntimeError(
                "gunicorn's application must be a web.Application, or a function or coroutine "
                f"function that returns a web.Application or a web.AppRunner; got {given!r}"
            )
        access_log = self.log.access_log if self.cfg.accesslog else None
        return web.AppRunner(
            given,
            logger=self.log,
            keepalive_timeout=self.cfg.keepalive,
            access_log=access_log,
            access_log_format=self._get_valid_log_format(self.cfg.access_log_format),
            shutdown_timeout=self.cfg.graceful_timeout * _GRACEFUL_SHARE,
        )

    def _get_valid_log_format(self, source_format: str) -> str:
        """Return the access log format to use.

        Raises:
            ValueError: the format is written in gunicorn's style.
        """
        if source_format == self.DEFAULT_GUNICORN_LOG_FORMAT:
            return self.DEFAULT_AIOHTTP_LOG_FORMAT
        if _GUNICORN_ATOM.search(source_format):
            raise ValueError(
                "--access-logformat is in gunicorn's style, which an aiohttp worker cannot write; "
                f"got {source_format!r}; expected aiohttp's atoms, such as "
                f"{self.DEFAULT_AIOHTTP_LOG_FORMAT!r} "
                "(see the section on access logs of aiohttp's documentation on logging)"
            )
        return source_format

    @staticmethod
    def _create_ssl_context(cfg: Any) -> ssl.SSLContext:
        """Return the TLS context that gunicorn's settings describe (and its hook may change)."""
        context: ssl.SSLContext = make_ssl_context(cfg)
        return context

    # Signals

    def init_signals(self) -> None:
        """Handle the signals by which the master and operators steer a worker."""
        for number in self.SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        on = self.loop.add_signal_handler
        on(signal.SIGQUIT, self.handle_quit, signal.SIGQUIT, None)
        on(signal.SIGINT, self.handle_quit, signal.SIGINT, None)
        on(signal.SIGTERM, self.handle_exit, signal.SIGTERM, None)
        on(signal.SIGUSR1, self.handle_usr1, signal.SIGUSR1, None)
        on(signal.SIGWINCH, self.handle_winch, signal.SIGWINCH, None)
        # The master sends ABRT to a worker that hangs: then the loop does not run.
        signal.signal(signal.SIGABRT, self.handle_abort)
        # Children of the application must not inherit half of a handler.
        signal.siginterrupt(signal.SIGTERM, False)
        signal.siginterrupt(signal.SIGUSR1, False)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """TERM: stop accepting, let handlers finish, exit."""
        self._stop()

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """QUIT, INT: like TERM, and call gunicorn's ``worker_int`` hook."""
        self.cfg.worker_int(self)
        self._stop()

    def handle_abort(self, sig: int, frame: FrameType | None) -> None:
        """ABRT: the master gave this worker up."""
        self.alive = False
        self.exit_code = 1
        self.cfg.worker_abort(self)
        sys.exit(1)


def _application_that_shows(error: SyntaxError) -> web.Application:
    text = "".join(traceback.format_exception(error))

    async def show(request: web.Request) -> web.Response:
        return web.Response(status=500, text=text)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", show)
    return app


class GunicornUVLoopWebWorker(GunicornWebWorker):
    """The same on uvloop's event loop."""

    def _new_event_loop(self) -> asyncio.AbstractEventLoop:
        import uvloop

        return uvloop.new_event_loop()
