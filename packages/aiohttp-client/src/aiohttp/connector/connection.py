"""A connection that a request has, until it is given back to its connector."""

from __future__ import annotations

import asyncio
import sys
import traceback
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aiohttp._deprecations import declare, marked
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey

if TYPE_CHECKING:
    from aiohttp.connector.pooled import BaseConnector


class Connection:
    """A connection in use by one request; `release` gives it back to its connector."""

    __slots__ = (
        "__weakref__",
        "_callbacks",
        "_connector",
        "_key",
        "_loop",
        "_protocol",
        "_source_traceback",
    )

    def __init__(
        self,
        connector: BaseConnector,
        key: ConnectionKey,
        protocol: ResponseHandler,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._key = key
        self._connector = connector
        self._loop = loop
        self._protocol: ResponseHandler | None = protocol
        self._callbacks: list[Callable[[], None]] | None = None
        self._source_traceback: traceback.StackSummary | None = None
        if loop.get_debug():
            self._source_traceback = traceback.extract_stack(sys._getframe(1))

    def __repr__(self) -> str:
        return f"Connection<{self._key}>"

    def __bool__(self) -> bool:
        """A connection is true, whatever its state."""
        return True

    @property
    @marked("Connection.loop: use asyncio.get_running_loop()")
    def loop(self) -> asyncio.AbstractEventLoop:
        """Deprecated: the loop."""
        _LOOP.warn()
        return self._loop

    @property
    def force_close(self) -> bool:
        """Whether the connector closes its connections after each request."""
        return self._connector.force_close

    @property
    def transport(self) -> asyncio.Transport | None:
        """The transport; ``None`` once released."""
        return None if self._protocol is None else self._protocol.transport

    @property
    def protocol(self) -> ResponseHandler | None:
        """The protocol; ``None`` once released."""
        return self._protocol

    @property
    def closed(self) -> bool:
        """Whether it was released, or the transport has gone."""
        return self._protocol is None or not self._protocol.is_connected()

    def add_callback(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` when the connection is given back or closed."""
        if self._callbacks is None:
            self._callbacks = [callback]
        else:
            self._callbacks.append(callback)

    def _notify_release(self) -> None:
        callbacks, self._callbacks = self._callbacks, None
        for callback in callbacks or ():
            # One failing callback must not keep the connection, nor the others from being called.
            try:
                callback()
            except Exception as error:
                self._loop.call_exception_handler(
                    {"message": "callback of a released connection failed", "exception": error}
                )

    def close(self) -> None:
        """Give it back to be closed."""
        self._leave(should_close=True)

    def release(self) -> None:
        """Give it back for the next request, if it is fit for one."""
        self._leave(should_close=False)

    def _leave(self, *, should_close: bool) -> None:
        if self._callbacks is not None:
            self._notify_release()
        protocol, self._protocol = self._protocol, None
        if protocol is not None:
            self._connector._release(
                self._key, protocol, should_close=should_close or protocol.should_close
            )

    def __del__(self, _warnings: Any = warnings) -> None:
        if self._protocol is None:
            return
        _warnings.warn(f"Unclosed connection {self!r}", ResourceWarning, source=self)
        if self._loop.is_closed():
            return
        self._connector._release(self._key, self._protocol, should_close=True)
        context = {"client_connection": self, "message": "Unclosed connection"}
        if self._source_traceback is not None:
            context["source_traceback"] = self._source_traceback
        self._loop.call_exception_handler(context)


_LOOP = declare("Connection.loop", since="3.5", instead="asyncio.get_running_loop()")


class TunnelConnection(Connection):
    """The connection to a proxy while the tunnel is asked for: it never enters the pool."""

    __slots__ = ()

    def release(self) -> None:
        """Keep it: the tunnel goes on over it."""

    def _leave(self, *, should_close: bool) -> None:
        protocol, self._protocol = self._protocol, None
        if should_close and protocol is not None:
            protocol.close()

    def detach(self) -> None:
        """Leave the transport to TLS."""
        self._protocol = None
