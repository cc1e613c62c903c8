"""Requests without particulars, in the bytes in which they leave; equal ones are made once.

Most calls of a program differ in nothing from calls that it made before, but for their time.  Pure:
knows values only; the session sends them.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from aiohttp import hdrs
from aiohttp._client.options import ClientTimeout

# What a call may be given and still be plain, if `asks_plainly` has nothing against the values.
PLAIN_OPTIONS = frozenset(
    {
        "allow_redirects",
        "data",
        "headers",
        "json",
        "max_redirects",
        "params",
        "raise_for_status",
        "ssl",
        "timeout",
    }
)

# Those among them that leave the request as it is.
BARE_OPTIONS = frozenset({"allow_redirects", "max_redirects", "raise_for_status", "timeout"})

# Those with which the request differs in its body at most.
JSON_OPTIONS = BARE_OPTIONS | {"data", "json"}

# Bytes of a body that is sent so: asyncio's buffer takes them without asking for a pause.
MAX_PLAIN_BODY = 64 * 1024

# Requests that a session remembers.  Each takes about 2 KiB, most of it for the URL and the fields.
MAX_REMEMBERED = 256


def asks_plainly(options: dict[str, Any]) -> bool:
    """Return whether a call asks for nothing that most do not."""
    if len(options) == 1 and "allow_redirects" in options:
        return True  # most GETs: their verb gives it
    if not options.keys() <= PLAIN_OPTIONS:
        return False
    data = options.get("data")
    if data is not None and (
        type(data) not in (bytes, str) or len(data) > MAX_PLAIN_BODY or "json" in options
    ):
        return False
    timeout = options.get("timeout")
    if timeout is not None and not isinstance(timeout, ClientTimeout):
        return False
    check = options.get("raise_for_status")
    return check is None or isinstance(check, bool)


_LENGTH = b"\r\nContent-Length: %d\r\n"


class PlainRequest:
    """A request, whole; one without a body of its own is shared by all calls that are equal.

    Those that differ in their bodies only are made from one another (`with_body`).
    """

    __slots__ = ("_around", "info", "key", "made_of", "method", "real_url", "url", "wire")

    def __init__(self, info: Any, key: Any, wire: bytes, made_of: Hashable = None) -> None:
        # What responses have as their request_info.
        self.info = info
        self.method: str = info.method
        self.url: URL = info.url
        self.real_url: URL = info.real_url
        # What a connection must be like to carry it.
        self.key = key
        # The whole request; of a pattern, nothing.
        self.wire = wire
        # What it stands and falls with: the states of the session's fields and of its cookies.
        self.made_of = made_of
        # What stands before and after the length of the body, in the head.
        self._around: tuple[bytes, bytes] | None = None

    def pattern(self) -> PlainRequest | None:
        """Return what `with_body` can be called of, if the head has the length of the body.

        It has no body: what a call carries is remembered for no other.
        """
        head, end, body = self.wire.partition(b"\r\n\r\n")
        length = _LENGTH % len(body)
        before, found, after = (head + end).partition(length)
        if found != length:
            return None
        pattern = PlainRequest(self.info, self.key, b"", self.made_of)
        pattern._around = before + _LENGTH[:-4], b"\r\n" + after
        return pattern

    def with_body(self, body: bytes) -> PlainRequest:
        """Return the same request with another body."""
        if self._around is None:
            raise AssertionError("with_body() was called on what pattern() did not return")
        before, after = self._around
        length = str(len(body))
        headers = CIMultiDict(self.info.headers)
        headers[hdrs.CONTENT_LENGTH] = length
        info = self.info._replace(headers=CIMultiDictProxy(headers))
        return PlainRequest(info, self.key, before + length.encode() + after + body)


class PlainRequests:
    """Those that were made for one session, by what was asked for."""

    __slots__ = ("_by_question",)

    def __init__(self) -> None:
        self._by_question: dict[Hashable, PlainRequest] = {}

    def find(self, question: Hashable, made_of: Hashable) -> PlainRequest | None:
        """Return the request made for ``question``, if it is made of what it would be made of."""
        request = self._by_question.get(question)
        if request is None or request.made_of != made_of:
            return None
        return request

    def remember(self, question: Hashable, request: PlainRequest) -> None:
        """Keep ``request``; when there are too many, forget the oldest: it may come back."""
        if len(self._by_question) >= MAX_REMEMBERED:
            del self._by_question[next(iter(self._by_question))]
        self._by_question[question] = request
