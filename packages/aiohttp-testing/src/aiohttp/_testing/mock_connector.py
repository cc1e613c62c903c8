"""A connector that answers what a test has told it to, without a network.

The answers go through the true writer and parser, so the client's responses are real ones: cookies,
redirects, compression and streaming work as ever.
"""

from __future__ import annotations

import json as json_module
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import attr
from multidict import CIMultiDictProxy
from yarl import URL

from aiohttp import hdrs
from aiohttp._testing.app_connector import secured
from aiohttp._testing.memory import connect
from aiohttp.client_exceptions import ClientConnectorError
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import BaseConnector
from aiohttp.typedefs import LooseHeaders, StrOrURL
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response, StreamResponse
from aiohttp.web_server import Server

if TYPE_CHECKING:
    from aiohttp.client import ClientTimeout
    from aiohttp.client_reqrep import ClientRequest
    from aiohttp.tracing import Trace

MockCallback = Callable[[BaseRequest], Awaitable[StreamResponse]]

# "{name}" in a template stands for one segment of the path.
_VARIABLE = re.compile(r"\{[^{}/]+\}")


@attr.s(auto_attribs=True, frozen=True, slots=True)
class MockCall:
    """A request that a `MockConnector` was asked to carry."""

    # The request's method, as sent.
    method: str
    # Its URL, without the fragment.
    url: URL
    # Its fields.
    headers: CIMultiDictProxy[str]
    # Its body; None when the answer was an exception, before a body could be sent.
    body: bytes | None

    @property
    def json(self) -> Any:
        """The body, parsed as JSON."""
        return json_module.loads(self.body or b"")


class UnexpectedRequestError(ClientConnectorError):
    """A request that no mock answers."""

    def __init__(self, request: ClientRequest, known: list[str]) -> None:
        self._asked = f"{request.method} {request.url}"
        self._known = known
        super().__init__(request.connection_key, OSError(str(self)))

    def __str__(self) -> str:
        known = "; ".join(self._known) or "nothing"
        return f"no mock answers {self._asked}; mocked: {known}"


class _Mock:
    """One answer: to which requests, how often, and what."""

    def __init__(
        self, method: str, url: URL, answer: MockCallback | BaseException, times: int | None
    ) -> None:
        self.method = method
        self.url = url
        self.answer = answer
        self.left = times
        parts = _VARIABLE.split(url.path)
        self._path = re.compile("[^/]+".join(map(re.escape, parts)))

    def __str__(self) -> str:
        spent = " (used up)" if self.left == 0 else ""
        return f"{self.method} {self.url.human_repr()}{spent}"

    def matches(self, method: str, url: URL) -> bool:
        """Whether this answers; a query is compared only where the template has one."""
        return (
            self.left != 0
            and self.method in (hdrs.METH_ANY, method)
            and self.url.origin() == url.origin()
            and self._path.fullmatch(url.path) is not None
            and (not self.url.query_string or self.url.query == url.query)
        )


class MockConnector(BaseConnector):
    """Answers requests as told; use it as ``ClientSession(connector=mock)``.

        mock = MockConnector()
        mock.get("http://api.test/users/{id}", json={"name": "Ann"})
        async with ClientSession(connector=mock) as session: ...
        assert mock.calls[0].url.path == "/users/1"

    The first mock that fits and is not used up answers.  A request that none fits raises
    `UnexpectedRequestError`, a `ClientConnectorError` that names the request and the mocks.
    """

    def __init__(self) -> None:
        # Each connection serves one request, so that each is matched.
        super().__init__(force_close=True, limit=0)
        self._mocks: list[_Mock] = []
        # What was asked, in order.
        self.calls: list[MockCall] = []

    def add(
        self,
        method: str,
        url: StrOrURL,
        *,
        status: int = 200,
        body: bytes | str | None = None,
        json: Any = None,
        headers: LooseHeaders | None = None,
        content_type: str | None = None,
        callback: MockCallback | None = None,
        exc: BaseException | type[BaseException] | None = None,
        times: int | None = None,
    ) -> None:
        """Answer requests for a URL.

        Args:
            method: the method to answer; ``"*"`` answers all.
            url: absolute; ``{name}`` stands for one segment of the path.
            status: of the answer.
            body: of the answer, bytes or text.
            json: of the answer, instead of ``body``.
            headers: further fields of the answer.
            content_type: of the answer; by default it follows from ``json`` or ``body``.
            callback: ``async def callback(request) -> web.Response``, instead of all these.
            exc: what to raise instead of an answer.
            times: how many requests to answer; None: any number.

        Raises:
            ValueError: the URL is not absolute, or there is more than one kind of answer.
        """
        template = URL(url)
        if not template.absolute:
            raise ValueError(f"a mock needs an absolute URL; got {str(url)!r}")
        kinds = {"body": body, "json": json, "callback": callback, "exc": exc}
        given = [name for name, value in kinds.items() if value is not None]
        if len(given) > 1:
            raise ValueError(f"expected one kind of answer; got {' and '.join(given)}")
        answer: MockCallback | BaseException
        if exc is not None:
            answer = exc() if isinstance(exc, type) else exc
        elif callback is not None:
            answer = callback
        else:
            answer = _answer_with(status, body, json, headers, content_type)
        self._mocks.append(_Mock(method.upper(), template, answer, times))

    def get(self, url: StrOrURL, **answer: Any) -> None:
        """Answer GET; arguments as of `add`."""
        self.add(hdrs.METH_GET, url, **answer)

    def post(self, url: StrOrURL, **answer: Any) -> None:
        """Answer POST; arguments as of `add`."""
        self.add(hdrs.METH_POST, url, **answer)

    def put(self, url: StrOrURL, **answer: Any) -> None:
        """Answer PUT; arguments as of `add`."""
        self.add(hdrs.METH_PUT, url, **answer)

    def patch(self, url: StrOrURL, **answer: Any) -> None:
        """Answer PATCH; arguments as of `add`."""
        self.add(hdrs.METH_PATCH, url, **answer)

    def delete(self, url: StrOrURL, **answer: Any) -> None:
        """Answer DELETE; arguments as of `add`."""
        self.add(hdrs.METH_DELETE, url, **answer)

    def head(self, url: StrOrURL, **answer: Any) -> None:
        """Answer HEAD; arguments as of `add`."""
        self.add(hdrs.METH_HEAD, url, **answer)

    def options(self, url: StrOrURL, **answer: Any) -> None:
        """Answer OPTIONS; arguments as of `add`."""
        self.add(hdrs.METH_OPTIONS, url, **answer)

    async def _create_connection(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> ResponseHandler:
        url = req.url.with_fragment(None)
        mock = next((m for m in self._mocks if m.matches(req.method, url)), None)
        if mock is None:
            raise UnexpectedRequestError(req, [str(m) for m in self._mocks])
        if mock.left is not None:
            mock.left -= 1
        if isinstance(mock.answer, BaseException):
            headers = CIMultiDictProxy(req.headers.copy())
            self.calls.append(MockCall(req.method, url, headers, None))
            raise mock.answer
        return self._answered_by(mock.answer, url, secure=req.is_ssl())

    def _answered_by(self, answer: MockCallback, url: URL, *, secure: bool) -> ResponseHandler:
        async def handler(request: BaseRequest) -> StreamResponse:
            body = await request.read()
            self.calls.append(MockCall(request.method, url, request.headers, body))
            return await answer(request)

        protocol: ResponseHandler = self._factory()
        server = Server(handler, debug=True, access_log=None)
        connect(self._loop, protocol, server(), secured() if secure else None)
        return protocol


def _answer_with(
    status: int,
    body: bytes | str | None,
    json: Any,
    headers: LooseHeaders | None,
    content_type: str | None,
) -> MockCallback:
    if json is not None:
        body, content_type = json_module.dumps(json), content_type or "application/json"

    async def answer(request: BaseRequest) -> Response:
        if isinstance(body, str):
            return Response(text=body, status=status, headers=headers, content_type=content_type)
        return Response(body=body, status=status, headers=headers, content_type=content_type)

    return answer
