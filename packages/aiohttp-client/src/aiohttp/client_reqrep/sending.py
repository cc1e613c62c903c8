"""How a request goes over a connection: at once with its body, or followed by it.

It knows what the request is only as far as it has to be said.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from multidict import CIMultiDict
from yarl import URL

from aiohttp import hdrs, payload
from aiohttp._client import request_head
from aiohttp._client.body_writer import write_body
from aiohttp._client.upload import UploadTracker
from aiohttp._futures import set_result
from aiohttp._h1.messages import HttpVersion
from aiohttp._h1.serialize import request_head as serialize_request_head
from aiohttp._h1.serialize import request_line
from aiohttp._timers import BaseTimerContext
from aiohttp.client_exceptions import ClientConnectionError, ClientConnectionResetError
from aiohttp.client_reqrep.response import ClientResponse
from aiohttp.client_reqrep.values import RequestInfo
from aiohttp.http_writer import StreamWriter

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.client import ClientSession
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

# Bodies up to this many bytes leave with their head in one write, without a task: what asyncio
# buffers before it asks to pause.
_MAX_BODY_IN_ONE_WRITE = 64 * 1024


class Sending:
    """The half of a request that sends it; the other half is `ClientRequest`."""

    POST_METHODS: ClassVar[set[str]]

    # What is to be sent, and over what kind of way.
    method: str
    url: URL
    original_url: URL
    version: HttpVersion
    headers: CIMultiDict[str]
    proxy: URL | None
    chunked: bool | None
    compress: str | bool | None
    _body: payload.Payload | None
    _skip_auto_headers: CIMultiDict[None] | None
    # Resolved by the server's word on the body; None: it is not waited for.
    _continue: asyncio.Future[bool] | None = None

    # Who sends, who watches, and what comes of it.
    loop: asyncio.AbstractEventLoop
    response_class: type[ClientResponse]
    response: ClientResponse | None = None
    upload_tracker: UploadTracker | None = None
    _session: ClientSession | None
    _timer: BaseTimerContext
    _traces: Sequence[Trace]
    # The task that sends the body, while it runs.
    _writer: asyncio.Task[None] | None = None

    if TYPE_CHECKING:

        def is_ssl(self) -> bool: ...

        @property
        def request_info(self) -> RequestInfo: ...

    async def send(self, conn: Connection) -> ClientResponse:
        """Send over ``conn``; return the response, whose head is still to come (`start`).

        A body that is not in memory, or that must wait, is sent by a task meanwhile.
        """
        protocol = conn.protocol
        if protocol is None:
            raise ClientConnectionError("Connection is closed")
        self._complete_head(keep_alive=not conn.force_close)
        if request_head.says_close(self.headers):
            protocol.force_close()
        target = self._target()
        body = self._body_at_hand()
        if body is not None:
            head = serialize_request_head(self.method, target, self.version, self.headers)
            response = self._make_response(None, None)
            response._output_size = self._write_at_once(protocol, head, body)
        else:
            stream_writer = await self._open_writer(protocol, target)
            response = self._make_response(self._start_writing(stream_writer, conn), stream_writer)
        protocol.timing.request_sent = self.loop.time()
        self.response = response
        return response

    def at_hand(self) -> bytes | None:
        """Return the request as it goes over a kept connection, if it is here whole."""
        self._complete_head(keep_alive=True)
        body = self._body_at_hand()
        if body is None or request_head.says_close(self.headers):
            return None
        return (
            serialize_request_head(self.method, self._target(), self.version, self.headers) + body
        )

    def _target(self) -> str:
        if self.proxy is None and self.method != hdrs.METH_CONNECT:
            return self.url.raw_path_qs
        return request_head.request_target(
            self.method, self.url, absolute=self.proxy is not None and not self.is_ssl()
        )

    def _make_response(
        self, writer: asyncio.Task[None] | None, stream_writer: AbstractStreamWriter | None
    ) -> ClientResponse:
        response_class = self.response_class
        # Our own response makes the value when it is asked for it.
        is_plain = response_class.__init__ is ClientResponse.__init__
        response = response_class(
            self.method,
            self.original_url,
            writer=writer,
            continue100=self._continue,
            timer=self._timer,
            request_info=None if is_plain else self.request_info,  # type: ignore[arg-type]
            traces=self._traces,  # type: ignore[arg-type]
            loop=self.loop,
            session=self._session,  # type: ignore[arg-type]
            stream_writer=stream_writer,
        )
        if is_plain:
            response._request_parts = (self.url, self.method, self.headers, self.original_url)
        return response

    def _complete_head(self, *, keep_alive: bool) -> None:
        """Add the fields that depend on the connection or come last."""
        headers = self.headers
        if (
            self.method in self.POST_METHODS
            and hdrs.CONTENT_TYPE not in headers
            and (
                self._skip_auto_headers is None or hdrs.CONTENT_TYPE not in self._skip_auto_headers
            )
        ):
            headers[hdrs.CONTENT_TYPE] = "application/octet-stream"
        if hdrs.CONNECTION not in headers:
            option = request_head.connection_option(self.version, keep_alive=keep_alive)
            if option is not None:
                headers[hdrs.CONNECTION] = option

    def _body_at_hand(self) -> bytes | None:
        """Return the body when it can leave with the head, ``b""`` for none; else ``None``."""
        if self._continue is not None or self._traces or self.chunked or self.compress:
            return None
        body = self._body
        if body is None:
            return b""
        if not isinstance(body, payload.BytesPayload):
            return None
        value = body.at_hand
        if value is None or len(value) > _MAX_BODY_IN_ONE_WRITE:
            return None
        # Another length than the body has is the writer's to deal with.
        return value if self.headers.get(hdrs.CONTENT_LENGTH) == str(len(value)) else None

    def _write_at_once(self, protocol: ResponseHandler, head: bytes, body: bytes) -> int:
        """Write the whole request; return its size in bytes."""
        transport = protocol.transport
        if transport is None or transport.is_closing():
            raise ClientConnectionResetError("Cannot write to closing transport")
        transport.write(head + body if body else head)
        protocol.start_timeout()
        tracker = self.upload_tracker
        if tracker is not None:
            tracker.add(len(body))
            tracker.attempt_finished()
        return len(head) + len(body)

    async def _open_writer(self, protocol: ResponseHandler, target: str) -> StreamWriter:
        """Return a writer that has the head of the request, not yet sent."""
        writer = StreamWriter(
            protocol,
            self.loop,
            on_chunk_sent=self._on_chunk_request_sent if self._traces else None,
            on_headers_sent=self._on_headers_request_sent if self._traces else None,
        )
        if self.compress:
            writer.enable_compression(str(self.compress))
        headers = self.headers
        if self.chunked:
            headers = request_head.ending_in_chunked(headers)
            writer.enable_chunking()
        await writer.write_headers(request_line(self.method, target, self.version), headers)
        return writer

    def _start_writing(self, writer: StreamWriter, conn: Connection) -> asyncio.Task[None] | None:
        """Send the body by a task; return it, or ``None`` when it is through already."""
        tracker = self.upload_tracker
        if tracker is not None:
            if conn.transport is not None:
                tracker.writing(conn.transport.get_write_buffer_size)
            writer.on_body_write = tracker.add
        if self._continue is not None and conn.protocol is not None:
            conn.protocol.on_continue = self._on_continue
        # Before there is a task, which nobody awaits: a bad length is the caller's mistake.
        coro = self._write_all(writer, conn, self._get_content_length())
        if sys.version_info >= (3, 12):
            task = asyncio.Task(coro, loop=self.loop, eager_start=True)
        else:
            task = self.loop.create_task(coro)
        if task.done():
            return None
        self._writer = task
        task.add_done_callback(self._forget_writer)
        return task

    def _on_continue(self, wanted: bool) -> None:
        if self._continue is not None:
            set_result(self._continue, wanted)

    def _forget_writer(self, task: asyncio.Task[None]) -> None:
        self._writer = None

    async def _write_all(
        self, writer: StreamWriter, conn: Connection, content_length: int | None
    ) -> None:
        tracker = self.upload_tracker
        try:
            error = await self.write_bytes(writer, conn, content_length)
        except asyncio.CancelledError:
            if tracker is not None:
                tracker.attempt_failed(None)
            raise
        if tracker is None:
            return
        if error is None:
            tracker.attempt_finished()
        else:
            tracker.attempt_failed(error)

    def _get_content_length(self) -> int | None:
        """Return the bytes that Content-Length announces; ``ValueError`` when it is no number."""
        value = self.headers.get(hdrs.CONTENT_LENGTH)
        if value is None:
            return None
        if not (value.isascii() and value.isdigit()):
            raise ValueError(f"Invalid Content-Length header: expected digits; got {value!r}")
        return int(value)

    async def write_bytes(
        self, writer: AbstractStreamWriter, conn: Connection, content_length: int | None = None
    ) -> BaseException | None:
        """Send the body, at most ``content_length`` bytes; return what stopped it, if anything.

        The failure was told to the protocol of ``conn`` then.
        """
        return await write_body(
            self._body,
            writer,
            url=self.url,
            conn=conn,
            decision=self._continue,
            content_length=content_length,
        )

    async def close(self) -> None:
        """Wait until the body is sent."""
        if self._writer is not None:
            await asyncio.wait({self._writer})

    def terminate(self) -> None:
        """Stop sending the body."""
        if self._writer is not None:
            if not self.loop.is_closed():
                self._writer.cancel()
            self._writer.remove_done_callback(self._forget_writer)
            self._writer = None

    async def _on_chunk_request_sent(self, chunk: Any) -> None:
        # A long body is written in views of it; tracers were always given bytes.
        sent = bytes(chunk) if isinstance(chunk, memoryview) else chunk
        for trace in self._traces:
            await trace.send_request_chunk_sent(self.method, self.url, sent)

    async def _on_headers_request_sent(self, headers: CIMultiDict[str]) -> None:
        for trace in self._traces:
            await trace.send_request_headers(self.method, self.url, headers)
