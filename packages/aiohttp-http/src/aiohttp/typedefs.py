"""Names of the types that callers hand in: annotations only, nothing here runs.

Imports of the roles' classes are for the type checker alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, Union

from multidict import CIMultiDict, CIMultiDictProxy, istr
from yarl import URL
from yarl import Query as _Query

if TYPE_CHECKING:
    from http.cookies import BaseCookie as BaseCookie
    from http.cookies import Morsel as Morsel

    from aiohttp.web_request import Request as Request
    from aiohttp.web_response import StreamResponse as StreamResponse

Byteish = bytes | bytearray | memoryview

JSONEncoder = Callable[[Any], str]
JSONBytesEncoder = Callable[[Any], bytes]
JSONDecoder = Callable[[str], Any]
DEFAULT_JSON_ENCODER: JSONEncoder = json.dumps
DEFAULT_JSON_DECODER: JSONDecoder = json.loads

StrOrURL = str | URL
Query = _Query
PathLike = Union[str, "os.PathLike[str]"]

# (name, value) as they stood on the wire, in order.
RawHeaders = tuple[tuple[bytes, bytes], ...]

LooseHeaders = Union[
    Mapping[str, str],
    Mapping[istr, str],
    "CIMultiDict[str]",
    "CIMultiDictProxy[str]",
    Iterable[tuple[str | istr, str]],
]

LooseCookiesMappings = Mapping[str, Union[str, "BaseCookie[str]", "Morsel[Any]"]]
LooseCookiesIterables = Iterable[tuple[str, Union[str, "BaseCookie[str]", "Morsel[Any]"]]]
LooseCookies = Union[LooseCookiesMappings, LooseCookiesIterables, "BaseCookie[str]"]

Handler = Callable[["Request"], Awaitable["StreamResponse"]]


class Middleware(Protocol):
    """A server middleware: it gets the request and the handler that it wraps."""

    def __call__(self, request: Request, handler: Handler) -> Awaitable[StreamResponse]: ...
