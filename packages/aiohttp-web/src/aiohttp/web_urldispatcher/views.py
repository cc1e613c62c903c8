"""Views: handlers that are classes, with one method for each request method."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, NoReturn

from aiohttp import hdrs
from aiohttp.abc import AbstractView
from aiohttp.web_exceptions import HTTPMethodNotAllowed

if TYPE_CHECKING:
    from aiohttp.web_response import StreamResponse


class View(AbstractView):
    """A handler with a coroutine method for each request method: ``get``, ``post``, …

    A method that is missing answers 405 with the others in ``Allow`` (RFC 9110 §15.5.6).
    """

    async def _iter(self) -> StreamResponse:
        if self.request.method not in hdrs.METH_ALL:
            self._raise_allowed_methods()
        method = getattr(self, self.request.method.lower(), None)
        if method is None:
            self._raise_allowed_methods()
        response: StreamResponse = await method()
        return response

    def __await__(self) -> Generator[Any, None, StreamResponse]:
        return self._iter().__await__()

    def _raise_allowed_methods(self) -> NoReturn:
        allowed = {method for method in hdrs.METH_ALL if hasattr(self, method.lower())}
        raise HTTPMethodNotAllowed(self.request.method, allowed)
