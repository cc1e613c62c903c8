"""What came back: the response to one request.

It needs no socket: it is fed by whatever has `read()` and `upgraded`, as
`client_proto.ResponseHandler` has.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from yarl import URL

from aiohttp import hdrs
from aiohttp._client.options import DEFAULT_READ_BUFSIZE
from aiohttp._deprecations import declare, marked
from aiohttp._fields.charset import known_charset
from aiohttp._futures import noop, set_exception, set_result
from aiohttp._late import late_pattern
from aiohttp._timers import BaseTimerContext, TimerNoop
from aiohttp.base_protocol import BaseProtocol
from aiohttp.client_exceptions import (
    ClientConnectionError,
    ClientResponseError,
    ContentTypeError,
)
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import StreamReader
from aiohttp.typedefs import (
    DEFAULT_JSON_DECODER,
    JSONDecoder,
)

if TYPE_CHECKING:
    from aiohttp._client.plain import PlainRequest
    from aiohttp._h1.messages import RawResponseMessage
    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.client import ClientSession
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

from aiohttp.client_reqrep.head import ResponseHead
from aiohttp.client_reqrep.values import RequestInfo

_UPLOAD_COMPLETE = declare(
    "ClientResponse.upload_complete", since="3.14", instead="aiohttp.UploadTracker"
)
_OUTPUT_SIZE = declare("ClientResponse.output_size", since="3.14", instead="aiohttp.UploadTracker")

# RFC 8259 §11 and the structured suffix of RFC 6839 §3.1.
_JSON_TYPE = late_pattern(r"application/(?:[\w.+-]+?\+)?json", re.IGNORECASE | re.ASCII)

# JSON texts that are UTF-8 by definition, whatever the bytes look like (RFC 8259 §8.1, RFC 9083).
_UTF8_TYPES = frozenset({"application/json", "application/rdap+json"})


class ClientResponse(ResponseHead):
    """The response to one request; an async context manager that releases it.

    After `start` the head is there; the body is read by `read`, `text`, `json` or, piece by piece,
    from ``content``.  The connection returns to its pool by itself when the body has ended.
    """

    # The body as it was read; as it came, if that was at once with the head and nobody has read
    # it; and the stream of it.
    _body: bytes | None = None
    _whole: bytes | None = None
    _content: StreamReader | None = None

    # The connection while it is ours.
    _connection: Connection | None = None
    _continue: asyncio.Future[bool] | None = None
    _source_traceback: traceback.StackSummary | None = None
    _session: ClientSession | None = None
    _timer: BaseTimerContext = TimerNoop()
    _traces: Sequence[Trace] = ()
    _loop: asyncio.AbstractEventLoop = None  # type: ignore[assignment]
    # A response that was never started has nothing to close.
    _closed = True
    _released = False
    _in_context = False
    _resolve_charset: Callable[[ClientResponse, bytes], str] = staticmethod(lambda *_: "utf-8")
    # The task that sends the body of the request, while it runs.
    _writer_task: asyncio.Task[None] | None = None
    _stream_writer: AbstractStreamWriter | None = None
    _output_size = 0
    _upload_complete: asyncio.Future[None] | None = None

    def __init__(
        self,
        method: str,
        url: URL,
        *,
        writer: asyncio.Task[None] | None,
        continue100: asyncio.Future[bool] | None,
        timer: BaseTimerContext | None,
        request_info: RequestInfo,
        traces: list[Trace],
        loop: asyncio.AbstractEventLoop,
        session: ClientSession,
        # aioresponses leaves it out: nothing was written for a response that is made by hand.
        stream_writer: AbstractStreamWriter | None = None,
    ) -> None:
        self.method = method
        self._real_url = url
        self._url = url.with_fragment(None) if url.raw_fragment else url
        self._cache: dict[str, Any] = {}
        self._request_info = request_info
        if timer is not None:
            self._timer = timer
        self._traces = traces
        self._loop = loop
        if session is not None:
            self._session = session
            self._resolve_charset = session._resolve_charset
        if writer is not None:
            self._watch_writer(writer)
        if continue100 is not None:
            self._continue = continue100
        if stream_writer is not None:
            self._stream_writer = stream_writer
        if loop is not None and loop.get_debug():
            self._source_traceback = traceback.extract_stack(sys._getframe(1))

    @classmethod
    def of_plain(
        cls,
        request: PlainRequest,
        message: RawResponseMessage,
        loop: asyncio.AbstractEventLoop,
        resolve_charset: Callable[[ClientResponse, bytes], str],
    ) -> ClientResponse:
        """Return the response to a request that had no particulars; its head is here."""
        response = cls.__new__(cls)
        response.method = request.method
        response._url = request.url
        response._real_url = request.real_url
        response._request_info = request.info
        response._cache = {}
        response._loop = loop
        response._resolve_charset = resolve_charset
        response._take_head(message)
        return response

    def take_whole(self, body: bytes) -> None:
        """Have ``body``: the connection is not needed any more."""
        self._whole = body

    def take_stream(self, body: StreamReader, connection: Connection) -> None:
        """Have the body that comes as a stream over ``connection``."""
        self._closed = False
        self._connection = connection
        self._content = body
        if self._loop.get_debug():
            self._source_traceback = traceback.extract_stack(sys._getframe(1))
        body.on_eof(self._response_eof)

    def _watch_writer(self, writer: asyncio.Task[None]) -> None:
        if writer.done():
            return
        self._writer_task = writer
        writer.add_done_callback(self._on_written)

    def _on_written(self, task: asyncio.Task[None]) -> None:
        self._writer_task = None
        if self._upload_complete is not None:
            set_result(self._upload_complete, None)

    # The upload…

    @property
    def _writer(self) -> asyncio.Task[None] | None:
        """The task that sends the body of the request; ``None`` when it is through."""
        return self._writer_task

    @_writer.setter
    def _writer(self, writer: asyncio.Task[None] | None) -> None:
        if self._writer_task is not None:
            self._writer_task.remove_done_callback(self._on_written)
            self._writer_task = None
        if writer is not None:
            self._watch_writer(writer)

    @property
    @marked("ClientResponse.output_size: use aiohttp.UploadTracker")
    def output_size(self) -> int:
        """Deprecated: bytes sent for the request, its head included."""
        _OUTPUT_SIZE.warn()
        stream_writer = self._stream_writer
        return self._output_size if stream_writer is None else stream_writer.output_size

    @property
    @marked("ClientResponse.upload_complete: use aiohttp.UploadTracker")
    def upload_complete(self) -> asyncio.Future[None]:
        """Deprecated: a future that is done when the body of the request is not being sent."""
        _UPLOAD_COMPLETE.warn()
        if self._upload_complete is None:
            self._upload_complete = self._loop.create_future()
            if self._writer_task is None:
                self._upload_complete.set_result(None)
        return self._upload_complete

    @property
    def upload_task(self) -> asyncio.Task[None] | None:
        """The task that sends the body of the request; ``None`` when it is through."""
        return self._writer_task

    def raise_for_status(self) -> None:
        """Raise `ClientResponseError` when the status is 400 or above."""
        if self.ok:
            return
        # Only who is inside `async with` has somebody else to release the connection.
        if not self._in_context:
            self.release()
        raise ClientResponseError(
            self.request_info,
            self.history,
            status=self.status,
            message=self.reason or "",
            headers=self.headers,
        )

    def __repr__(self) -> str:
        reason = self.reason.encode("ascii", "backslashreplace").decode() if self.reason else None
        return f"<ClientResponse({self._url}) [{self.status} {reason}]>\n{self.headers}\n"

    # From the connection and back…

    @property
    def connection(self) -> Connection | None:
        """The connection, as long as the body is coming."""
        return self._connection

    @property
    def closed(self) -> bool:
        """Whether the connection was given back."""
        return self._closed

    async def start(self, connection: Connection) -> ClientResponse:
        """Wait for the head; the body is readable then.

        Raises `ClientResponseError` when what came is not HTTP, and what broke the connection
        otherwise.  Runs inside the timer of the call.
        """
        self._closed = False
        self._connection = connection
        protocol = connection.protocol
        if protocol is None:
            raise ClientConnectionError("Connection is closed")
        try:
            message, body = await protocol.read()
        except HttpProcessingError as error:
            raise response_error(error, self.request_info, self.history) from error
        self._take_head(message)
        self._content = body
        body.on_eof(self._response_eof)
        return self

    def _response_eof(self) -> None:
        """Give the connection back: the body has ended."""
        if self._closed:
            return
        connection = self._connection
        if connection is not None:
            protocol = connection.protocol
            if protocol is not None and protocol.upgraded:
                return  # it belongs to another protocol now
            self._release_connection()
        self._closed = True
        self._stop_writer()

    def _release_connection(self) -> None:
        connection = self._connection
        if connection is None:
            return
        self._connection = None
        if self._writer_task is not None:
            # RFC 9112 §9.3: a request that stops half-way takes its connection with it.
            connection.close()
        else:
            connection.release()

    def _stop_writer(self) -> None:
        if self._writer_task is not None:
            self._writer_task.cancel()
        self._session = None

    def close(self) -> None:
        """Close the connection, whatever of the body is still to come."""
        if not self._released:
            self._fail_body()
        self._closed = True
        if self._loop is None or self._loop.is_closed():
            return
        self._stop_writer()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def release(self) -> noop:
        """Give the connection back; a body that was not read to its end closes it."""
        if not self._released:
            self._fail_body()
        self._closed = True
        if self._connection is not None:
            self._release_connection()
        self._stop_writer()
        return _NOOP

    def _fail_body(self) -> None:
        """Let whoever reads on learn that the connection is gone."""
        if self._whole == b"":
            self._released = True  # it was read, or there was nothing to read
            return
        content = self.content
        if content is not None and content.exception() is None and not content.at_eof():
            set_exception(content, ClientConnectionError("Connection closed"))
        self._released = True

    async def wait_for_close(self) -> None:
        """Wait until the body of the request is no longer being sent; then release."""
        if self._writer_task is not None:
            await asyncio.wait({self._writer_task})
        if not self._closed:
            self.release()

    def __del__(self, _warnings: Any = warnings) -> None:
        if self._closed or self._connection is None:
            return
        self._connection.release()
        if self._loop.get_debug():
            _warnings.warn(f"Unclosed response {self!r}", ResourceWarning, source=self)
            context = {"client_response": self, "message": "Unclosed response"}
            if self._source_traceback:
                context["source_traceback"] = self._source_traceback
            self._loop.call_exception_handler(context)

    # The body…

    @property
    def content(self) -> StreamReader:
        """The body as a stream; ``None`` before there is a head."""
        if self._content is None and self._whole is not None:
            whole, self._whole = self._whole, None
            self._content = _stream_of(whole, self._loop)
        return self._content  # type: ignore[return-value]

    @content.setter
    def content(self, content: StreamReader) -> None:
        self._content = content
        self._whole = None

    async def read(self) -> bytes:
        """Return the whole body; the second call returns it again.

        Raises `ClientPayloadError` when it is damaged or incomplete.
        """
        if self._body is None:
            if self._whole is not None:
                self._body, self._whole = self._whole, b""
                return self._body
            content = self.content
            try:
                # What has come already needs no waiting.
                self._body = (
                    content.read_nowait()
                    if content.is_eof() and content.exception() is None
                    else await content.read()
                )
                for trace in self._traces or ():
                    await trace.send_response_chunk_received(self.method, self.url, self._body)
            except BaseException:
                self.close()
                raise
        elif self._released and self._body is None:
            raise ClientConnectionError("Connection closed")
        return self._body

    def get_encoding(self) -> str:
        """Return the charset of the body: declared, or defined by its type, or resolved from it.

        Raises `RuntimeError` when it has to be resolved and the body was not read.
        """
        declared = self.charset
        if declared is not None:
            with contextlib.suppress(LookupError):
                return codecs.lookup(known_charset(declared)).name
        if self.content_type in _UTF8_TYPES:
            return "utf-8"
        if self._body is None:
            raise RuntimeError("Cannot compute fallback encoding of a not yet read body")
        return self._resolve_charset(self, self._body)

    async def text(self, encoding: str | None = None, errors: str = "strict") -> str:
        """Return the body as text; ``encoding`` defaults to `get_encoding`."""
        body = await self.read() if self._body is None else self._body
        return body.decode(self.get_encoding() if encoding is None else encoding, errors)

    async def json(
        self,
        *,
        encoding: str | None = None,
        loads: JSONDecoder = DEFAULT_JSON_DECODER,
        content_type: str | None = "application/json",
    ) -> Any:
        """Return the body parsed as JSON; ``None`` when it is empty.

        ``content_type``: what the response must be; ``application/json`` stands for every ``+json``
        type too, ``None`` for anything.  Raises `ContentTypeError` for another one.
        """
        body = await self.read() if self._body is None else self._body
        if content_type and not _is_expected_content_type(self.content_type, content_type):
            raise ContentTypeError(
                self.request_info,
                self.history,
                status=self.status,
                message=(
                    "Attempt to decode JSON with unexpected mimetype: "
                    f"{self.headers.get(hdrs.CONTENT_TYPE, '')}"
                ),
                headers=self.headers,
            )
        stripped = body.strip()
        if not stripped:
            return None
        return loads(stripped.decode(self.get_encoding() if encoding is None else encoding))

    async def __aenter__(self) -> ClientResponse:
        self._in_context = True
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        self._in_context = False
        self.release()
        if self._writer_task is not None:
            await self.wait_for_close()


def response_error(
    error: HttpProcessingError,
    request_info: RequestInfo,
    history: tuple[ClientResponse, ...] = (),
) -> ClientResponseError:
    """Return what the caller gets when the peer speaks no HTTP."""
    return ClientResponseError(
        request_info, history, status=error.code, message=error.message, headers=error.headers
    )


def _stream_of(body: bytes, loop: asyncio.AbstractEventLoop) -> StreamReader:
    """Return a stream that has all of ``body``, and no connection to stop."""
    stream = StreamReader(BaseProtocol(loop), DEFAULT_READ_BUFSIZE, loop=loop)
    stream.feed_data(body)
    stream.feed_eof()
    return stream


# What release() returns: awaiting it does nothing.
_NOOP = noop()


def _is_expected_content_type(got: str, expected: str) -> bool:
    if expected == "application/json":
        return _JSON_TYPE.fullmatch(got) is not None
    return expected in got
